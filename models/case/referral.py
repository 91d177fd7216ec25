"""Referral (转介): another party serves, the mentor stays. The loop closes when the sender has seen the outcome.

`sent → accepted → completed | failed → acknowledged`, with declined, returned, cancelled and expired (domain
notes §5). Accept and cancel are decided here, in one order, so a race has one winner.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.calendar import Interval
from models.case.disclosure import Ground, grounds_of
from models.case.kernel import (
    STAFF,
    SUPERVISORS,
    Command,
    Context,
    Deadline,
    Event,
    Party,
    Ref,
    Refused,
    Rule,
    Stamp,
    staff,
)
from models.case.pairing import paired

if TYPE_CHECKING:
    from models.case.state import CaseState

Kind = Literal[
    "employer",
    "training_base",
    "psychological",
    "hrss",
    "disabled_federation",
    "civil_affairs",
    "legal_aid",
    "other",
]
Status = Literal["sent", "accepted", "declined", "returned", "expired", "cancelled", "completed", "failed"]
ANSWERABLE = frozenset[Status]({"sent"})
RUNNING = frozenset[Status]({"sent", "accepted"})
TO_BE_SEEN = frozenset[Status]({"declined", "returned", "expired", "completed", "failed"})


class Referral(Model):
    """One referral. It is open until the sender has acknowledged its end, replaced or cancelled it. `grounds`
    holds one ground for each field of `disclose`, in its order."""

    id: str
    kind: Kind
    to: str
    purpose: str
    disclose: tuple[str, ...]
    grounds: tuple[Ground, ...] = ()
    sender_id: str
    status: Status
    sent_at: datetime
    changed_at: datetime
    answered_at: datetime | None = None
    respond_within: Interval | None = None
    replaces: str | None = None
    acknowledged_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.acknowledged_at is None and self.status != "cancelled"

    @property
    def running(self) -> bool:
        """Whether the receiver is still to do something, and so sees what is disclosed."""
        return self.status in RUNNING

    @property
    def shown(self) -> tuple[str, ...]:
        """The fields that go out, without those whose ground was withdrawn."""
        gone = {ground.field for ground in self.grounds if ground.withdrawn_at is not None}
        return tuple(field for field in self.disclose if field not in gone)

    def without_consent(self, consent_id: str, at: datetime) -> Referral:
        """The same once a consent was withdrawn."""
        grounds = tuple(
            ground.model_copy(update={"withdrawn_at": at}) if ground.consent_id == consent_id else ground
            for ground in self.grounds
        )
        return self.model_copy(update={"grounds": grounds})


class SendReferral(Command):
    """Ask another party to serve. `disclose` names the profile fields that go out; `replaces` re-routes an
    earlier referral that was declined, returned or expired."""

    type: Literal["send_referral"] = "send_referral"
    kind: Kind
    to: str = Field(min_length=1, max_length=200)
    purpose: str = Field(min_length=1, max_length=1000)
    disclose: list[Ref] = Field(default_factory=list[Ref], max_length=40)
    respond_within: Interval | None = None
    replaces: Ref | None = None


class AnswerReferral(Command):
    type: Literal["answer_referral"] = "answer_referral"
    referral_id: Ref
    answer: Literal["accepted", "declined", "returned"]
    reason: str | None = Field(default=None, max_length=1000)
    note: str | None = Field(default=None, max_length=1000)


class ReportReferralOutcome(Command):
    type: Literal["report_referral_outcome"] = "report_referral_outcome"
    referral_id: Ref
    outcome: Literal["completed", "failed"]
    result: str = Field(min_length=1, max_length=4000)


class AcknowledgeReferral(Command):
    """The sender has seen how the referral ended."""

    type: Literal["acknowledge_referral"] = "acknowledge_referral"
    referral_id: Ref


class CancelReferral(Command):
    type: Literal["cancel_referral"] = "cancel_referral"
    referral_id: Ref
    reason: str = Field(min_length=1, max_length=1000)


class ReferralSent(Event):
    type: Literal["referral_sent"] = "referral_sent"
    referral: Referral


class ReferralAnswered(Event):
    type: Literal["referral_answered"] = "referral_answered"
    referral_id: str
    answer: Literal["accepted", "declined", "returned"]
    reason: str | None = None
    note: str | None = None
    on_behalf: bool = False


class ReferralExpired(Event):
    type: Literal["referral_expired"] = "referral_expired"
    referral_id: str


class ReferralOutcomeReported(Event):
    type: Literal["referral_outcome_reported"] = "referral_outcome_reported"
    referral_id: str
    outcome: Literal["completed", "failed"]
    result: str


class ReferralAcknowledged(Event):
    type: Literal["referral_acknowledged"] = "referral_acknowledged"
    referral_id: str


class ReferralCancelled(Event):
    type: Literal["referral_cancelled"] = "referral_cancelled"
    referral_id: str
    reason: str


ReferralEvent = (
    ReferralSent
    | ReferralAnswered
    | ReferralExpired
    | ReferralOutcomeReported
    | ReferralAcknowledged
    | ReferralCancelled
)


def evolve(state: CaseState, event: ReferralEvent, stamp: Stamp) -> CaseState:
    match event:
        case ReferralSent():
            referral = event.referral
            if referral.replaces is not None:
                state = _changed(state, referral.replaces, acknowledged_at=stamp.at)
            return state.but(referrals={**state.referrals, referral.id: referral})
        case ReferralAnswered():
            return _changed(
                state, event.referral_id, status=event.answer, changed_at=stamp.at, answered_at=stamp.at
            )
        case ReferralExpired():
            return _changed(state, event.referral_id, status="expired", changed_at=stamp.at)
        case ReferralOutcomeReported():
            return _changed(state, event.referral_id, status=event.outcome, changed_at=stamp.at)
        case ReferralAcknowledged():
            return _changed(state, event.referral_id, acknowledged_at=stamp.at)
        case ReferralCancelled():
            return _changed(state, event.referral_id, status="cancelled", changed_at=stamp.at)


def _changed(state: CaseState, referral_id: str, **changes: Any) -> CaseState:
    referral = state.referrals[referral_id].model_copy(update=changes)
    return state.but(referrals={**state.referrals, referral_id: referral})


def receivers(state: CaseState) -> frozenset[str]:
    """Those whom a referral was sent to. One whose referral has ended is still told why an answer comes late."""
    return frozenset(item.to for item in state.referrals.values())


def deadlines(state: CaseState) -> list[Deadline]:
    found: list[Deadline] = []
    for item in state.referrals.values():
        seen_by = staff(state.pairing.mentor_id or item.sender_id)
        if item.status == "sent":
            clock = state.clock(
                "answer_referral", item.id, item.sent_at, staff(item.to), within=item.respond_within
            )
            found.append(clock)
        elif item.status == "accepted":
            found.append(state.clock("report_referral_outcome", item.id, item.changed_at, staff(item.to)))
        elif item.open:
            found.append(state.clock("acknowledge_referral", item.id, item.changed_at, seen_by))
    return found


def _known(state: CaseState, referral_id: str) -> Referral:
    if referral_id not in state.referrals:
        raise Refused("unknown_referral", referral_id=referral_id, known=", ".join(state.referrals))
    return state.referrals[referral_id]


def _send(state: CaseState, command: SendReferral, context: Context) -> list[Event]:
    for item in state.referrals.values():
        if item.running and (item.kind, item.to) == (command.kind, command.to):
            raise Refused("already_sent", referral_id=item.id)
    disclose = tuple(dict.fromkeys(command.disclose))
    grounds = grounds_of(state, command.kind, disclose)
    if command.replaces is not None:
        old = _known(state, command.replaces)
        if not old.open or old.status not in TO_BE_SEEN:
            raise Refused("referral_not_open", referral_id=old.id, status=old.status)
    referral = Referral(
        id=f"r{len(state.referrals) + 1}",
        kind=command.kind,
        to=command.to,
        purpose=command.purpose,
        disclose=disclose,
        grounds=grounds,
        sender_id=context.actor.id,
        status="sent",
        sent_at=context.now,
        changed_at=context.now,
        respond_within=command.respond_within,
        replaces=command.replaces,
    )
    return [ReferralSent(referral=referral)]


def _answer(state: CaseState, command: AnswerReferral, context: Context) -> list[Event]:
    referral = _mine(state, command.referral_id, context)
    if referral.status not in ANSWERABLE:
        raise Refused("referral_not_open", referral_id=referral.id, status=referral.status)
    if command.answer != "accepted" and not (command.reason or "").strip():
        raise Refused("reason_required")
    return [
        ReferralAnswered(
            referral_id=referral.id,
            answer=command.answer,
            reason=command.reason,
            note=command.note,
            on_behalf=context.actor.id != referral.to,
        )
    ]


def _mine(state: CaseState, referral_id: str, context: Context) -> Referral:
    """The referral, for its receiver or for staff on the receiver's behalf. A receiver learns of no other."""
    referral = state.referrals.get(referral_id)
    on_behalf = bool(state.parties(context.actor) & STAFF)
    if not on_behalf and (referral is None or context.actor.id != referral.to):
        raise Refused("not_yours")
    return referral or _known(state, referral_id)


def _report(state: CaseState, command: ReportReferralOutcome, context: Context) -> list[Event]:
    referral = _mine(state, command.referral_id, context)
    if referral.status != "accepted":
        raise Refused("referral_not_accepted", referral_id=referral.id, status=referral.status)
    return [ReferralOutcomeReported(referral_id=referral.id, outcome=command.outcome, result=command.result)]


def _acknowledge(state: CaseState, command: AcknowledgeReferral, _context: Context) -> list[Event]:
    referral = _known(state, command.referral_id)
    if referral.status not in TO_BE_SEEN:
        raise Refused("no_outcome_yet", referral_id=referral.id, status=referral.status)
    if referral.acknowledged_at is not None:
        raise Refused("referral_not_open", referral_id=referral.id, status="acknowledged")
    return [ReferralAcknowledged(referral_id=referral.id)]


def _cancel(state: CaseState, command: CancelReferral, context: Context) -> list[Event]:
    referral = _known(state, command.referral_id)
    if not referral.running:
        raise Refused("referral_not_open", referral_id=referral.id, status=referral.status)
    if referral.status == "accepted" and context.expected_version is None:
        # An acceptance may have crossed this cancel: whoever cancels it must have seen it.
        raise Refused("referral_already_accepted", referral_id=referral.id, version=state.version)
    return [ReferralCancelled(referral_id=referral.id, reason=command.reason)]


def _any(state: CaseState, _context: Context) -> None:
    if not state.referrals:
        raise Refused("unknown_referral", referral_id="-", known="")


_RECEIVING = STAFF | {Party.RECEIVER}
_SENDING = SUPERVISORS | {Party.MENTOR}

RULES: tuple[Rule[Any], ...] = (
    Rule(SendReferral, frozenset({Party.MENTOR}), _send, paired),
    Rule(AnswerReferral, _RECEIVING, _answer, _any),
    Rule(ReportReferralOutcome, _RECEIVING, _report, _any),
    Rule(AcknowledgeReferral, frozenset({Party.MENTOR}), _acknowledge, _any),
    Rule(CancelReferral, _SENDING, _cancel, _any),
)
