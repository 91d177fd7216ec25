"""Retention, legal hold and erasure: how long a file is kept, what stops its end, and who may ask for it.

A file whose service has ended is kept for the time that the policy states and then erased by itself. Sooner only
when asked for (PIPL art. 47) and approved by another person; never while a legal hold stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import Field

from models.base import Model
from models.case.kernel import (
    Command,
    Context,
    Deadline,
    Event,
    Party,
    Refused,
    Role,
    Rule,
    Stamp,
    school,
)
from models.policy import Ending

if TYPE_CHECKING:
    from models.case.state import CaseState

Ground = Literal["graduate_asked", "school_asked", "retention_ended"]
"""Why a file is erased: the graduate asked, the school asked, or its time is over."""


class LegalHold(Model):
    """The file is needed as it is, for a dispute or an inquiry; `reference` is the number of that matter."""

    since: datetime
    reason: str
    reference: str | None
    placed_by: str


class Erasure(Model):
    """A request for erasure; once `decided_at` is set the file is being erased and takes no command."""

    ground: Ground
    requested_by: str
    requested_at: datetime
    approved_by: str | None = None
    decided_at: datetime | None = None


class PlaceLegalHold(Command):
    type: Literal["place_legal_hold"] = "place_legal_hold"
    reason: str = Field(min_length=1, max_length=1000)
    reference: str | None = Field(default=None, max_length=200)


class LiftLegalHold(Command):
    type: Literal["lift_legal_hold"] = "lift_legal_hold"
    reason: str = Field(min_length=1, max_length=1000)


class RequestErasure(Command):
    """Ask that the file be erased (PIPL art. 47)."""

    type: Literal["request_erasure"] = "request_erasure"
    reason: str = Field(min_length=1, max_length=1000)


class ApproveErasure(Command):
    """Erase the file, for good and at once."""

    type: Literal["approve_erasure"] = "approve_erasure"
    reason: str | None = Field(default=None, max_length=1000)


class RejectErasure(Command):
    """Keep the file. The reason is what the person who asked is told (PIPL art. 50)."""

    type: Literal["reject_erasure"] = "reject_erasure"
    reason: str | None = Field(default=None, max_length=1000)


class LegalHoldPlaced(Event):
    type: Literal["legal_hold_placed"] = "legal_hold_placed"
    reason: str
    reference: str | None = None


class LegalHoldLifted(Event):
    type: Literal["legal_hold_lifted"] = "legal_hold_lifted"
    reason: str


class ErasureRequested(Event):
    type: Literal["erasure_requested"] = "erasure_requested"
    ground: Ground
    reason: str


class ErasureRejected(Event):
    type: Literal["erasure_rejected"] = "erasure_rejected"
    asked_by: str
    reason: str


class RetentionNear(Event):
    """The file will soon have been kept for its time, which ends at `ends_at`."""

    type: Literal["retention_near"] = "retention_near"
    ends_at: datetime


class RetentionEnded(Event):
    """The file has been kept for its time. It is erased now, or when the legal hold is lifted."""

    type: Literal["retention_ended"] = "retention_ended"


class ErasureBegun(Event):
    """The last event of a file."""

    type: Literal["erasure_begun"] = "erasure_begun"
    ground: Ground
    remark: str | None = None


ErasureEvent = (
    LegalHoldPlaced
    | LegalHoldLifted
    | ErasureRequested
    | ErasureRejected
    | RetentionNear
    | RetentionEnded
    | ErasureBegun
)


def evolve(state: CaseState, event: ErasureEvent, stamp: Stamp) -> CaseState:
    match event:
        case LegalHoldPlaced():
            hold = LegalHold(
                since=stamp.at, reason=event.reason, reference=event.reference, placed_by=stamp.actor_id
            )
            return state.but(legal_hold=hold)
        case LegalHoldLifted():
            return state.but(legal_hold=None, legal_hold_lifted_at=stamp.at)
        case ErasureRequested():
            asked = Erasure(ground=event.ground, requested_by=stamp.actor_id, requested_at=stamp.at)
            return state.but(erasure=asked)
        case ErasureRejected():
            return state.but(erasure=None)
        case RetentionNear():
            return state.but(retention_warned_at=stamp.at)
        case RetentionEnded():
            return state.but(retention_ended_at=stamp.at)
        case ErasureBegun():
            return state.but(erasure=_begun(state, event, stamp))


def _begun(state: CaseState, event: ErasureBegun, stamp: Stamp) -> Erasure:
    asked = state.erasure
    if asked is None or event.ground == "retention_ended":
        # Nobody asked, or time was faster than the answer.
        asked = Erasure(ground=event.ground, requested_by=stamp.actor_id, requested_at=stamp.at)
    return asked.model_copy(update={"approved_by": stamp.actor_id, "decided_at": stamp.at})


def deadlines(state: CaseState) -> list[Deadline]:
    """A request waits for its answer (PIPL art. 50)."""
    asked = state.erasure
    if asked is None or asked.decided_at is not None:
        return []
    owner = school(state.school_id)
    return [state.clock("approve_erasure", asked.requested_at.isoformat(), asked.requested_at, owner)]


class Keeping(NamedTuple):
    """How long a file is kept: from `since`, when its service ended in that way, until `ends_at`."""

    ending: Ending
    since: datetime
    warn_at: datetime
    ends_at: datetime


def keeping(state: CaseState) -> Keeping | None:
    """The retention of a file; None while its service is still owed."""
    if state.closure is not None and state.closure.closed_at is not None:
        ending, since = state.closure.reason, state.closure.closed_at
    elif state.stage == "not_open" and state.eligibility is not None:
        ending, since = "not_open", state.eligibility.decided_at
    else:
        return None
    warn_at, ends_at = state.policy.retention_times(since, ending, state.spread)
    return Keeping(ending, since, max(warn_at, since), ends_at)


def erasure_due(state: CaseState) -> datetime | None:
    """When the file will be erased by itself as things stand; None while it is owed service or legally held."""
    kept = keeping(state)
    if kept is None or state.legal_hold is not None:
        return None
    lifted = state.legal_hold_lifted_at
    if lifted is None or lifted < kept.since:
        return kept.ends_at
    # A hold lifted by mistake can be placed again within the time of the notice.
    return max(kept.ends_at, state.policy.notice_after(lifted, state.spread))


def retention_ends_at(state: CaseState) -> datetime | None:
    """Until when the file is kept, whether or not a legal hold keeps it longer."""
    kept = keeping(state)
    return erasure_due(state) or (kept.ends_at if kept else None)


def timed(state: CaseState) -> Iterator[tuple[datetime, Event]]:
    """What time brings to a file that is only kept."""
    kept = keeping(state)
    if kept is None:
        return
    # What was recorded of an earlier closure says nothing of this one.
    warned, ended = state.retention_warned_at, state.retention_ended_at
    if warned is None or warned < kept.since:
        yield kept.warn_at, RetentionNear(ends_at=kept.ends_at)
    if ended is None or ended < kept.since:
        yield kept.ends_at, RetentionEnded()
        return
    due = erasure_due(state)
    if due is not None:
        yield due, ErasureBegun(ground="retention_ended")


def _not_held(state: CaseState, _context: Context) -> None:
    if state.legal_hold is not None:
        raise Refused("legal_hold_placed", since=state.legal_hold.since.isoformat())


def _place(_state: CaseState, command: PlaceLegalHold, _context: Context) -> list[Event]:
    return [LegalHoldPlaced(reason=command.reason, reference=command.reference)]


def _held(state: CaseState, _context: Context) -> None:
    if state.legal_hold is None:
        raise Refused("no_legal_hold")


def _lift(_state: CaseState, command: LiftLegalHold, _context: Context) -> list[Event]:
    return [LegalHoldLifted(reason=command.reason)]


def _erasable(state: CaseState) -> None:
    if keeping(state) is None:
        raise Refused("case_open")
    if state.legal_hold is not None:
        raise Refused("legal_hold")


def _none_asked(state: CaseState, _context: Context) -> None:
    if state.erasure is not None:
        raise Refused("erasure_open")
    _erasable(state)


def _request(_state: CaseState, command: RequestErasure, context: Context) -> list[Event]:
    ground: Ground = "graduate_asked" if context.actor.role == Role.GRADUATE else "school_asked"
    return [ErasureRequested(ground=ground, reason=command.reason)]


def _asked(state: CaseState, context: Context) -> Erasure:
    if state.erasure is None:
        raise Refused("no_erasure_requested")
    if context.actor.did(state.erasure.requested_by):
        raise Refused("self_approval")
    return state.erasure


def _approvable(state: CaseState, context: Context) -> None:
    _asked(state, context)
    _erasable(state)


def _approve(state: CaseState, command: ApproveErasure, context: Context) -> list[Event]:
    return [ErasureBegun(ground=_asked(state, context).ground, remark=command.reason)]


def _rejectable(state: CaseState, context: Context) -> None:
    _asked(state, context)


def _reject(state: CaseState, command: RejectErasure, context: Context) -> list[Event]:
    asked = _asked(state, context)
    reason = (command.reason or "").strip()
    if not reason:
        raise Refused("reason_required")
    return [ErasureRejected(asked_by=asked.requested_by, reason=reason)]


_CENTRE = frozenset({Party.SCHOOL_SUPERVISOR})

RULES: tuple[Rule[Any], ...] = (
    Rule(PlaceLegalHold, _CENTRE, _place, _not_held, on_closed=True),
    Rule(LiftLegalHold, _CENTRE, _lift, _held, on_closed=True),
    Rule(RequestErasure, _CENTRE | {Party.GRADUATE}, _request, _none_asked, on_closed=True),
    Rule(ApproveErasure, _CENTRE, _approve, _approvable, on_closed=True),
    Rule(RejectErasure, _CENTRE, _reject, _rejectable, on_closed=True),
)
