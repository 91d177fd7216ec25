"""Closure (销号) and reopening: the reason apart from the outcome, approved by another person (domain notes §4)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.case.destination import PENDING, verified_destination, with_status
from models.case.kernel import (
    SUPERVISORS,
    WORKERS,
    Command,
    Context,
    Deadline,
    Event,
    Party,
    Refused,
    Rule,
    Stamp,
    department,
)
from models.case.training import OPEN_STATUSES
from models.case.transfer import handed_over, open_transfer

if TYPE_CHECKING:
    from models.case.state import CaseState

Reason = Literal["destination_verified", "waived", "handed_over", "withdrawn", "deceased"]
ReopenReason = Literal["contract_dissolved", "verification_failed", "asked", "mistake"]


class Closure(Model):
    """A request to close; closed once `closed_at` is set."""

    reason: Reason
    outcome: str
    requested_by: str
    requested_at: datetime
    on_behalf_of: str | None = None
    closed_at: datetime | None = None


class RequestClosure(Command):
    """Ask for closure. `outcome` says how the graduate stands; `proof` names the signed paper."""

    type: Literal["request_closure"] = "request_closure"
    reason: Reason
    outcome: str = Field(min_length=1, max_length=1000)
    proof: str | None = Field(default=None, max_length=500)


class ApproveClosure(Command):
    type: Literal["approve_closure"] = "approve_closure"
    reason: str | None = Field(default=None, max_length=1000)


class RejectClosure(Command):
    type: Literal["reject_closure"] = "reject_closure"
    reason: str | None = Field(default=None, max_length=1000)


class Reopen(Command):
    type: Literal["reopen"] = "reopen"
    reason: ReopenReason
    note: str | None = Field(default=None, max_length=1000)


class ClosureRequested(Event):
    type: Literal["closure_requested"] = "closure_requested"
    reason: Reason
    outcome: str
    proof: str | None = None
    on_behalf_of: str | None = None


class CaseClosed(Event):
    type: Literal["case_closed"] = "case_closed"
    reason: Reason
    outcome: str
    remark: str | None = None


class ClosureRejected(Event):
    type: Literal["closure_rejected"] = "closure_rejected"
    reason: str


class CaseReopened(Event):
    type: Literal["case_reopened"] = "case_reopened"
    reason: ReopenReason
    note: str | None = None


ClosureEvent = ClosureRequested | CaseClosed | ClosureRejected | CaseReopened


def evolve(state: CaseState, event: ClosureEvent, stamp: Stamp) -> CaseState:
    match event:
        case ClosureRequested():
            closure = Closure(
                reason=event.reason,
                outcome=event.outcome,
                requested_by=stamp.actor_id,
                requested_at=stamp.at,
                on_behalf_of=event.on_behalf_of,
            )
            return state.but(closure=closure)
        case CaseClosed():
            assert state.closure is not None  # noqa: S101  (only a request is approved)
            closed = state.closure.model_copy(update={"closed_at": stamp.at})
            return state.but(closure=closed, hold=None)
        case ClosureRejected():
            return state.but(closure=None)
        case CaseReopened():
            return _reopened(state, event, stamp)


def _reopened(state: CaseState, event: CaseReopened, stamp: Stamp) -> CaseState:
    placed = verified_destination(state)
    if placed is not None and event.reason in ("contract_dissolved", "verification_failed"):
        status = "dissolved" if event.reason == "contract_dissolved" else "rejected"
        state = with_status(state, placed.id, status, stamp.at)
    return state.but(
        closure=None,
        # What is needed again is not to be erased.
        erasure=None,
        waiting_since=stamp.at,
        reopened=state.reopened + 1,
        stability_checks=0,
    )


def deadlines(state: CaseState) -> list[Deadline]:
    closure = state.closure
    if closure is None or closure.closed_at is not None:
        return []
    owner = department(state.department_id)
    return [state.clock("approve_closure", closure.requested_at.isoformat(), closure.requested_at, owner)]


def open_items(state: CaseState) -> list[str]:
    """What is still open and must end before the case can close, as ids with their state."""
    items = [f"referral {item.id} ({item.status})" for item in state.referrals.values() if item.open]
    items += [
        f"training {item.id} ({item.status})"
        for item in state.trainings.values()
        if item.status in OPEN_STATUSES
    ]
    items += [
        f"destination {item.id} ({item.status})"
        for item in state.destinations.values()
        if item.status in PENDING
    ]
    transfer = open_transfer(state)
    if transfer is not None:
        items.append(f"transfer {transfer.id} ({transfer.status})")
    return items


def _none_requested(state: CaseState, _context: Context) -> None:
    if state.closure is not None:
        raise Refused("closure_requested_already")


def _check_closable(state: CaseState, reason: Reason) -> None:
    placed = verified_destination(state)
    borne_out = {
        "destination_verified": placed is not None and placed.settled,
        "handed_over": handed_over(state),
    }.get(reason, True)
    if not borne_out:
        raise Refused("closure_not_supported", reason=reason)
    items = [] if reason == "deceased" else open_items(state)
    if items:
        raise Refused("open_items", items=", ".join(items))


def _request(state: CaseState, command: RequestClosure, context: Context) -> list[Event]:
    needs_proof = command.reason in state.policy.closure_proof_required
    if needs_proof and not (command.proof or "").strip():
        raise Refused("closure_not_supported", reason=command.reason)
    _check_closable(state, command.reason)
    return [
        ClosureRequested(
            reason=command.reason,
            outcome=command.outcome,
            proof=command.proof,
            on_behalf_of=state.covered_by(context.actor),
        )
    ]


def _requested(state: CaseState, context: Context) -> Closure:
    if state.closure is None:
        raise Refused("no_closure_requested")
    if context.actor.did(state.closure.requested_by, state.closure.on_behalf_of):
        raise Refused("self_approval")
    return state.closure


def _judgeable(state: CaseState, context: Context) -> None:
    _requested(state, context)


def _approve(state: CaseState, command: ApproveClosure, context: Context) -> list[Event]:
    closure = _requested(state, context)
    _check_closable(state, closure.reason)
    return [CaseClosed(reason=closure.reason, outcome=closure.outcome, remark=command.reason)]


def _reject(state: CaseState, command: RejectClosure, context: Context) -> list[Event]:
    _requested(state, context)
    reason = (command.reason or "").strip()
    if not reason:
        raise Refused("reason_required")
    return [ClosureRejected(reason=reason)]


def _closed(state: CaseState, _context: Context) -> None:
    if not state.closed:
        raise Refused("not_closed")


def _reopen(_state: CaseState, command: Reopen, _context: Context) -> list[Event]:
    return [CaseReopened(reason=command.reason, note=command.note)]


RULES: tuple[Rule[Any], ...] = (
    Rule(RequestClosure, WORKERS, _request, _none_requested),
    Rule(ApproveClosure, SUPERVISORS, _approve, _judgeable),
    Rule(RejectClosure, SUPERVISORS, _reject, _judgeable),
    Rule(Reopen, SUPERVISORS | {Party.SYSTEM}, _reopen, _closed, on_closed=True),
)
