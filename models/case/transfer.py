"""Transfer (移交): responsibility moves, on acceptance only: to a mentor, a department or HRSS [18]."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.case.kernel import (
    STAFF,
    SUPERVISORS,
    Actor,
    Command,
    Context,
    Deadline,
    Event,
    MentorAnswer,
    Party,
    Ref,
    Refused,
    ReserveMentor,
    Role,
    Rule,
    Stamp,
    department,
    staff,
)
from models.case.pairing import eligible, reservation, taken_over

if TYPE_CHECKING:
    from models.case.state import CaseState

Kind = Literal["mentor", "department", "hrss"]


class Transfer(Model):
    """A request to take over. `to` is a staff id, a department id, or the receiving HRSS office."""

    id: str
    kind: Kind
    to: str
    requested_by: str
    requested_at: datetime
    status: Literal["requested", "accepted", "declined"] = "requested"
    answered_at: datetime | None = None


class RequestTransfer(Command):
    type: Literal["request_transfer"] = "request_transfer"
    kind: Kind
    to: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=1000)


class AcceptTransfer(Command):
    type: Literal["accept_transfer"] = "accept_transfer"
    transfer_id: Ref
    reason: str | None = Field(default=None, max_length=1000)


class DeclineTransfer(Command):
    type: Literal["decline_transfer"] = "decline_transfer"
    transfer_id: Ref
    reason: str | None = Field(default=None, max_length=1000)


class TransferRequested(Event):
    type: Literal["transfer_requested"] = "transfer_requested"
    transfer_id: str
    kind: Kind
    to: str
    reason: str


class TransferAccepted(Event):
    type: Literal["transfer_accepted"] = "transfer_accepted"
    transfer_id: str
    kind: Kind
    to: str
    previous_mentor: str | None


class TransferDeclined(Event):
    type: Literal["transfer_declined"] = "transfer_declined"
    transfer_id: str
    kind: Kind
    to: str
    reason: str | None = None


TransferEvent = TransferRequested | TransferAccepted | TransferDeclined


def evolve(state: CaseState, event: TransferEvent, stamp: Stamp) -> CaseState:
    match event:
        case TransferRequested():
            transfer = Transfer(
                id=event.transfer_id,
                kind=event.kind,
                to=event.to,
                requested_by=stamp.actor_id,
                requested_at=stamp.at,
            )
            return state.but(transfers={**state.transfers, transfer.id: transfer})
        case TransferDeclined():
            return _answered(state, event.transfer_id, "declined", stamp)
        case TransferAccepted():
            return _moved(_answered(state, event.transfer_id, "accepted", stamp), event, stamp)


def _answered(state: CaseState, transfer_id: str, status: str, stamp: Stamp) -> CaseState:
    changed = state.transfers[transfer_id].model_copy(update={"status": status, "answered_at": stamp.at})
    return state.but(transfers={**state.transfers, transfer_id: changed})


def _moved(state: CaseState, event: TransferAccepted, stamp: Stamp) -> CaseState:
    pairing = state.pairing
    match event.kind:
        case "hrss":
            return state
        case "mentor":
            changes = taken_over(pairing, event.to, stamp.at)
            return state.but(pairing=pairing.model_copy(update=changes))
        case "department":
            # The new department looks for a mentor of its own, its clock from now.
            changes = taken_over(pairing, None, stamp.at) | {"exhausted_at": stamp.at}
            return state.but(department_id=event.to, pairing=pairing.model_copy(update=changes))


def open_transfer(state: CaseState) -> Transfer | None:
    """The one transfer that waits for an answer."""
    return next((item for item in state.transfers.values() if item.status == "requested"), None)


def handed_over(state: CaseState) -> bool:
    """True once HRSS has accepted the case; a handover from before a reopening no longer counts."""
    return any(
        item.kind == "hrss"
        and item.status == "accepted"
        and item.answered_at is not None
        and item.answered_at >= state.waiting_since
        for item in state.transfers.values()
    )


def deadlines(state: CaseState) -> list[Deadline]:
    transfer = open_transfer(state)
    if transfer is None:
        return []
    owner = department(transfer.to) if transfer.kind == "department" else staff(transfer.to)
    return [state.clock("answer_transfer", transfer.id, transfer.requested_at, owner)]


def receives(state: CaseState, actor: Actor) -> bool:
    """True for the side that is asked to take the case over."""
    transfer = open_transfer(state)
    if transfer is None:
        return False
    if transfer.kind == "department":
        return actor.department_id == transfer.to and actor.role == Role.DEPARTMENT_SUPERVISOR
    return actor.id == transfer.to


def _none_open(state: CaseState, _context: Context) -> None:
    transfer = open_transfer(state)
    if transfer is not None:
        raise Refused("transfer_open", transfer_id=transfer.id)


def _request(state: CaseState, command: RequestTransfer, context: Context) -> list[Event]:
    if command.kind == "mentor":
        eligible(state, context)
    current = {"mentor": state.pairing.mentor_id, "department": state.department_id, "hrss": None}
    if command.to == current[command.kind]:
        raise Refused("already_there", to=command.to)
    return [
        TransferRequested(
            transfer_id=f"x{len(state.transfers) + 1}",
            kind=command.kind,
            to=command.to,
            reason=command.reason,
        )
    ]


def _open(state: CaseState, _context: Context) -> None:
    if open_transfer(state) is None:
        raise Refused("no_transfer_open", transfer_id="-")


def _waiting(state: CaseState, transfer_id: str) -> Transfer:
    transfer = open_transfer(state)
    if transfer is None or transfer.id != transfer_id:
        raise Refused("no_transfer_open", transfer_id=transfer_id)
    return transfer


def _mine(state: CaseState, transfer_id: str, actor: Actor) -> Transfer:
    transfer = _waiting(state, transfer_id)
    # HRSS often answers on paper: then a supervisor records the answer on its behalf.
    on_behalf = transfer.kind == "hrss" and bool(state.parties(actor) & SUPERVISORS)
    if not receives(state, actor) and not on_behalf:
        raise Refused("not_the_receiver", to=transfer.to)
    return transfer


def _accept_need(state: CaseState, command: AcceptTransfer, context: Context) -> ReserveMentor | None:
    transfer = _mine(state, command.transfer_id, context.actor)
    return reservation(state, transfer.to, by_supervisor=True) if transfer.kind == "mentor" else None


def _accept(state: CaseState, command: AcceptTransfer, context: Context) -> list[Event]:
    transfer = _mine(state, command.transfer_id, context.actor)
    if isinstance(context.fact, MentorAnswer) and context.fact.mentor_id is None:
        raise Refused(context.fact.problem or "no_capacity")
    previous = state.pairing.mentor_id if transfer.kind != "hrss" else None
    return [
        TransferAccepted(
            transfer_id=transfer.id, kind=transfer.kind, to=transfer.to, previous_mentor=previous
        )
    ]


def _decline(state: CaseState, command: DeclineTransfer, context: Context) -> list[Event]:
    transfer, actor = _waiting(state, command.transfer_id), context.actor
    # The other side may be unable to answer, and an open transfer keeps the case from closing and from moving.
    taken_back = actor.did(transfer.requested_by) or state.parties(actor) & SUPERVISORS
    if not receives(state, actor) and not taken_back:
        raise Refused("not_the_receiver", to=transfer.to)
    return [
        TransferDeclined(transfer_id=transfer.id, kind=transfer.kind, to=transfer.to, reason=command.reason)
    ]


_ANSWERING = STAFF | {Party.RECEIVER, Party.FORMER_MENTOR, Party.PROPOSED_MENTOR, Party.COLLEAGUE}

RULES: tuple[Rule[Any], ...] = (
    Rule(RequestTransfer, SUPERVISORS | {Party.MENTOR}, _request, _none_open),
    Rule(AcceptTransfer, _ANSWERING, _accept, _open, _accept_need),
    Rule(DeclineTransfer, _ANSWERING, _decline, _open),
)
