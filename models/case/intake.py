"""Screening and intake (摸排, 建档): opening the file, hardship types with their proof, eligibility [18]."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.case.kernel import (
    SUPERVISORS,
    Command,
    Context,
    Day,
    Deadline,
    Event,
    Party,
    Ref,
    Refused,
    Rule,
    Stamp,
    department,
)
from models.case.profile import Profile

if TYPE_CHECKING:
    from models.case.state import CaseState

Decision = Literal["open", "short_service", "not_open"]


class Hardship(Model):
    """One hardship type of a person. `text` is the school's own wording for OTHER."""

    type: str
    text: str | None = None
    proof: str | None = None
    issuer: str | None = None
    valid_until: Day | None = None


class HardshipDraft(Hardship):
    """The same as people type it in."""

    type: Ref
    text: str | None = Field(default=None, max_length=2000)
    proof: str | None = Field(default=None, max_length=2000)
    issuer: str | None = Field(default=None, max_length=300)


class Eligibility(Model):
    """Whether help is owed, on which proof; `primary_type` is the one that reports count."""

    decision: Decision
    hardship: tuple[Hardship, ...]
    primary_type: str | None
    decided_at: datetime
    decided_by: str


class Source(Model):
    """Where a file came from: an import and its row, or a person at the keyboard."""

    import_id: str | None = None
    row: int | None = None


class ConfirmEligibility(Command):
    """Decide on proof whether the graduate is owed help."""

    type: Literal["confirm_eligibility"] = "confirm_eligibility"
    hardship_types: list[HardshipDraft] = Field(max_length=20)
    primary_type: Ref | None = None
    decision: Decision
    reason: str | None = Field(default=None, max_length=1000)


class UpdateFromRoster(Command):
    """A later import brings the same person with other data; given by the system only."""

    type: Literal["update_from_roster"] = "update_from_roster"
    profile: Profile
    declared: tuple[Hardship, ...]
    roster_digest: str
    source: Source


class CaseOpened(Event):
    """The file exists. `declared` is what the roster says of hardship, before any proof."""

    type: Literal["case_opened"] = "case_opened"
    profile: Profile
    declared: tuple[Hardship, ...]
    cohort: int
    roster_digest: str
    source: Source
    policy_ref: str


class EligibilityConfirmed(Event):
    type: Literal["eligibility_confirmed"] = "eligibility_confirmed"
    decision: Decision
    hardship: tuple[Hardship, ...]
    primary_type: str | None
    reason: str | None = None


class RosterUpdated(Event):
    type: Literal["roster_updated"] = "roster_updated"
    profile: Profile
    declared: tuple[Hardship, ...]
    roster_digest: str
    source: Source


IntakeEvent = CaseOpened | EligibilityConfirmed | RosterUpdated


def evolve(state: CaseState, event: IntakeEvent, stamp: Stamp) -> CaseState:
    match event:
        case CaseOpened():
            return state  # the opening event describes the initial state itself
        case RosterUpdated():
            return state.but(
                profile=event.profile, declared=event.declared, roster_digest=event.roster_digest
            )
        case EligibilityConfirmed():
            # Where no help is owed, nobody is asked to be the mentor any more.
            unasked = {"proposal": None, "seeking": False, "exhausted_at": None, "round_proposals": 0}
            changes = unasked if event.decision == "not_open" else {}
            return state.but(
                pairing=state.pairing.model_copy(update=changes),
                eligibility=Eligibility(
                    decision=event.decision,
                    hardship=event.hardship,
                    primary_type=event.primary_type,
                    decided_at=stamp.at,
                    decided_by=stamp.actor_id,
                ),
            )


def deadlines(state: CaseState) -> list[Deadline]:
    if state.eligibility is not None:
        return []
    return [state.clock("confirm_eligibility", "", state.opened_at, department(state.department_id))]


def _confirm(state: CaseState, command: ConfirmEligibility, context: Context) -> list[Event]:
    policy = state.policy
    types = [hardship.type for hardship in command.hardship_types]
    unknown = [kind for kind in types if kind not in policy.hardship_order]
    if unknown:
        raise Refused(
            "unknown_hardship_type", types=", ".join(unknown), known=", ".join(policy.hardship_order)
        )
    if command.decision == "not_open":
        if not (command.reason or "").strip():
            raise Refused("reason_required")
    elif not types:
        raise Refused("hardship_missing")
    else:
        _check_proofs(state, command, context)
    if command.primary_type is not None and command.primary_type not in types:
        raise Refused("primary_not_among_types", primary_type=command.primary_type)
    ordered = sorted(types, key=policy.hardship_order.index)
    return [
        EligibilityConfirmed(
            decision=command.decision,
            hardship=tuple(Hardship(**dict(item)) for item in command.hardship_types),
            primary_type=command.primary_type or next(iter(ordered), None),
            reason=command.reason,
        )
    ]


def _check_proofs(state: CaseState, command: ConfirmEligibility, context: Context) -> None:
    policy = state.policy
    today = policy.calendar.date_of(context.now)
    for item in command.hardship_types:
        if item.type in policy.proof_required and not (item.proof or "").strip():
            raise Refused("proof_missing", type=item.type)
        if item.valid_until is not None and item.valid_until < today:
            raise Refused("proof_expired", type=item.type, valid_until=item.valid_until.isoformat())


def _update(state: CaseState, command: UpdateFromRoster, _context: Context) -> list[Event]:
    if command.roster_digest == state.roster_digest:
        return []
    return [
        RosterUpdated(
            profile=command.profile,
            declared=command.declared,
            roster_digest=command.roster_digest,
            source=command.source,
        )
    ]


RULES: tuple[Rule[Any], ...] = (
    Rule(ConfirmEligibility, SUPERVISORS | {Party.COUNSELOR}, _confirm),
    Rule(UpdateFromRoster, frozenset({Party.SYSTEM}), _update, on_closed=True),
)
