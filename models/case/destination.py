"""Destination (毕业去向): registration with evidence per code, verification by college, then school [21]."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.case.kernel import (
    SUPERVISORS,
    WORKERS,
    AttachmentsAnswer,
    Command,
    Context,
    Day,
    Deadline,
    Event,
    NameAttachments,
    Party,
    Ref,
    Refused,
    Rule,
    Stamp,
    department,
    school,
)
from models.codes import DestinationCode, destination, evidence_type, evidence_types

if TYPE_CHECKING:
    from models.case.state import CaseState

Level = Literal["department", "school"]
Status = Literal["registered", "department_verified", "verified", "rejected", "superseded", "dissolved"]
PENDING = frozenset[Status]({"registered", "department_verified"})


class Evidence(Model):
    """One piece of evidence. `type` takes an evidence type's id, name or alias, `file_id` an attachment of the case."""

    type: str
    file_id: str | None = Field(default=None, min_length=1, max_length=100)
    note: str | None = Field(default=None, max_length=500)


class EvidenceDraft(Evidence):
    """The same as people type it in."""

    type: Ref


class Destination(Model):
    id: str
    code: str
    settled: bool
    registered_by: str
    status: Status
    registered_at: datetime
    changed_at: datetime
    on_behalf_of: str | None = None
    evidence: tuple[Evidence, ...] = ()


class RegisterDestination(Command):
    """`monthly_pay` is in yuan per month; `credit_code` the employer's 统一社会信用代码."""

    type: Literal["register_destination"] = "register_destination"
    code: Ref
    employer: str | None = Field(default=None, max_length=200)
    credit_code: str | None = Field(default=None, max_length=18)
    monthly_pay: float | None = Field(default=None, ge=0, le=10_000_000)
    signed_on: Day | None = None
    evidence: list[EvidenceDraft] = Field(default_factory=list[EvidenceDraft], max_length=20)


class VerifyDestination(Command):
    type: Literal["verify_destination"] = "verify_destination"
    destination_id: Ref
    level: Level
    reason: str | None = Field(default=None, max_length=1000)


class RejectDestination(Command):
    type: Literal["reject_destination"] = "reject_destination"
    destination_id: Ref
    level: Level
    reason: str | None = Field(default=None, max_length=1000)


class DestinationRegistered(Event):
    type: Literal["destination_registered"] = "destination_registered"
    destination: Destination
    employer: str | None = None
    credit_code: str | None = None
    monthly_pay: float | None = None
    signed_on: date | None = None


class DestinationVerified(Event):
    type: Literal["destination_verified"] = "destination_verified"
    destination_id: str
    level: Level


class DestinationRejected(Event):
    type: Literal["destination_rejected"] = "destination_rejected"
    destination_id: str
    level: Level
    reason: str


DestinationEvent = DestinationRegistered | DestinationVerified | DestinationRejected


def evolve(state: CaseState, event: DestinationEvent, stamp: Stamp) -> CaseState:
    match event:
        case DestinationRegistered():
            held = {key: _superseded(item) for key, item in state.destinations.items()}
            return state.but(destinations={**held, event.destination.id: event.destination})
        case DestinationVerified():
            return _verified(state, event, stamp)
        case DestinationRejected():
            return with_status(state, event.destination_id, "rejected", stamp.at)


def _verified(state: CaseState, event: DestinationVerified, stamp: Stamp) -> CaseState:
    if event.level == "department":
        return with_status(state, event.destination_id, "department_verified", stamp.at)
    # A graduate has one verified destination: the new one takes the place of an older one.
    older = verified_destination(state)
    if older is not None:
        state = with_status(state, older.id, "superseded", stamp.at)
    return with_status(state, event.destination_id, "verified", stamp.at)


def _superseded(item: Destination) -> Destination:
    return item.model_copy(update={"status": "superseded"}) if item.status in PENDING else item


def with_status(state: CaseState, destination_id: str, status: Status, at: datetime) -> CaseState:
    """The state with that destination's status changed at `at`."""
    changed = state.destinations[destination_id].model_copy(update={"status": status, "changed_at": at})
    return state.but(destinations={**state.destinations, destination_id: changed})


def verified_destination(state: CaseState) -> Destination | None:
    """The destination that the school has verified."""
    return next((item for item in state.destinations.values() if item.status == "verified"), None)


def deadlines(state: CaseState) -> list[Deadline]:
    found: list[Deadline] = []
    for item in state.destinations.values():
        if item.status == "registered":
            owner, level = department(state.department_id), "department"
        elif item.status == "department_verified":
            owner, level = school(state.school_id), "school"
        else:
            continue
        found.append(state.clock("verify_destination", f"{item.id}.{level}", item.changed_at, owner))
    return found


def _checked(
    state: CaseState, command: RegisterDestination, context: Context
) -> tuple[DestinationCode, tuple[Evidence, ...]]:
    row = destination(command.code)
    if row is None:
        raise Refused("unknown_destination_code", code=command.code)
    evidence = _checked_evidence(command, row)
    _check_pay(state, command, row)
    if command.signed_on and command.signed_on > state.policy.calendar.date_of(context.now):
        raise Refused("in_the_future", field="signed_on")
    return row, evidence


def _files_need(state: CaseState, command: RegisterDestination, context: Context) -> NameAttachments | None:
    row, evidence = _checked(state, command, context)
    files = {item.file_id for item in evidence if item.file_id is not None}
    if not files:
        return None
    excluded = [kind.id for kind in evidence_types() if kind.traineeship and row.settled]
    return NameAttachments(
        case_id=state.case_id, attachment_ids=tuple(sorted(files)), excluded_kinds=tuple(excluded)
    )


def _register(state: CaseState, command: RegisterDestination, context: Context) -> list[Event]:
    row, evidence = _checked(state, command, context)
    if isinstance(context.fact, AttachmentsAnswer) and context.fact.problem is not None:
        raise Refused(context.fact.problem)
    registered = Destination(
        id=f"d{len(state.destinations) + 1}",
        code=row.code,
        settled=row.settled,
        registered_by=context.actor.id,
        on_behalf_of=state.covered_by(context.actor),
        status="registered",
        registered_at=context.now,
        changed_at=context.now,
        evidence=evidence,
    )
    return [
        DestinationRegistered(
            destination=registered,
            employer=command.employer,
            credit_code=command.credit_code,
            monthly_pay=command.monthly_pay,
            signed_on=command.signed_on,
        )
    ]


def _checked_evidence(command: RegisterDestination, row: DestinationCode) -> tuple[Evidence, ...]:
    given: list[Evidence] = []
    for item in command.evidence:
        kind = evidence_type(item.type)
        if kind is not None and kind.traineeship and row.settled:
            raise Refused("traineeship_is_not_employment")
        given.append(Evidence(type=kind.id if kind else item.type, file_id=item.file_id, note=item.note))
    missing = row.missing_evidence(frozenset(item.type for item in given))
    if missing:
        accepted = " + ".join(" / ".join(group) for group in missing)
        raise Refused("evidence_missing", code=row.code, name=row.zh, accepted=accepted)
    return tuple(given)


def _check_pay(state: CaseState, command: RegisterDestination, row: DestinationCode) -> None:
    minimum = state.policy.minimum_monthly_pay
    if row.minimum_pay and command.monthly_pay is None:
        raise Refused("pay_missing", code=row.code)
    if row.settled and command.monthly_pay is not None and command.monthly_pay < minimum:
        raise Refused("below_minimum_wage", pay=f"{command.monthly_pay:g}", minimum=minimum)


def _pending(state: CaseState, destination_id: str, level: Level, context: Context) -> Destination:
    item = state.destinations.get(destination_id)
    if item is None:
        known = ", ".join(state.destinations)
        raise Refused("unknown_destination", destination_id=destination_id, known=known)
    if item.status not in PENDING:
        raise Refused("destination_not_pending", destination_id=item.id, status=item.status)
    if context.actor.did(item.registered_by, item.on_behalf_of):
        raise Refused("self_approval")
    needed = Party.SCHOOL_SUPERVISOR if level == "school" else Party.DEPARTMENT_SUPERVISOR
    if needed not in state.parties(context.actor):
        raise Refused("wrong_level", level=level)
    if level == "school" and item.status == "registered":
        raise Refused("out_of_order")
    if level == "department" and item.status == "department_verified":
        raise Refused("destination_not_pending", destination_id=item.id, status=item.status)
    return item


def _verify(state: CaseState, command: VerifyDestination, context: Context) -> list[Event]:
    item = _pending(state, command.destination_id, command.level, context)
    return [DestinationVerified(destination_id=item.id, level=command.level)]


def _reject(state: CaseState, command: RejectDestination, context: Context) -> list[Event]:
    item = _pending(state, command.destination_id, command.level, context)
    reason = (command.reason or "").strip()
    if not reason:
        raise Refused("reason_required")
    return [DestinationRejected(destination_id=item.id, level=command.level, reason=reason)]


def _any_pending(state: CaseState, context: Context) -> None:
    pending = [item for item in state.destinations.values() if item.status in PENDING]
    if not pending:
        raise Refused("nothing_to_verify")
    if all(context.actor.did(item.registered_by, item.on_behalf_of) for item in pending):
        raise Refused("self_approval")


RULES: tuple[Rule[Any], ...] = (
    Rule(RegisterDestination, WORKERS | {Party.GRADUATE}, _register, need=_files_need),
    Rule(VerifyDestination, SUPERVISORS, _verify, _any_pending),
    Rule(RejectDestination, SUPERVISORS, _reject, _any_pending),
)
