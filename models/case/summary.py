"""What the ledger shows of a case (帮扶台账): one flat row, derived from the state."""

from __future__ import annotations

from datetime import datetime

from models.base import Model
from models.case.destination import PENDING, verified_destination
from models.case.erasure import retention_ends_at
from models.case.kernel import Deadline
from models.case.ladder import deadlines, rungs
from models.case.service import package
from models.case.state import CaseState, Stage
from models.policy import RungName


class Summary(Model):
    """The columns of the ledger. `services_*` count the lines of the service package."""

    stage: Stage
    hardship_types: tuple[str, ...]
    primary_type: str | None
    mentor_id: str | None
    proposed_mentor_id: str | None
    risk_level: str | None
    held_until: datetime | None
    planned: bool
    left_school: bool
    services_due: int
    services_done: int
    services_confirmed: int
    destination_code: str | None
    destination_status: str | None
    settled: bool
    closure_reason: str | None
    closure_requested: bool
    closed_at: datetime | None
    waiting_since: datetime
    assigned_since: datetime | None
    legal_hold_since: datetime | None
    erasure_requested_at: datetime | None
    retention_ends_at: datetime | None
    erased_at: datetime | None
    next_due_at: datetime | None
    next_due_clock: str | None


class DeadlineLine(Model):
    """A deadline as the worklist shows it. `rung` is the last one reached."""

    deadline: Deadline
    rung: RungName | None


def summarize(state: CaseState, lines: list[DeadlineLine]) -> Summary:
    """The ledger row of a state, whose deadlines are given."""
    due = package(state)
    shown = verified_destination(state) or next(
        (item for item in state.destinations.values() if item.status in PENDING), None
    )
    first = min((line.deadline for line in lines), key=lambda deadline: deadline.due.at, default=None)
    held = state.hold is not None
    eligibility = state.eligibility
    hardship = eligibility.hardship if eligibility else state.declared
    proposal = state.pairing.proposal
    closure = state.closure
    return Summary(
        stage=state.stage,
        hardship_types=tuple(dict.fromkeys(item.type for item in hardship)),
        primary_type=_primary_type(state),
        mentor_id=state.pairing.mentor_id,
        proposed_mentor_id=proposal.mentor_id if proposal else None,
        risk_level=state.assessment.risk_level if state.assessment else None,
        held_until=state.hold.until if state.hold else None,
        planned=state.plan is not None,
        left_school=state.left_on is not None,
        services_due=sum(line.due for line in due),
        services_done=sum(line.done for line in due),
        services_confirmed=sum(line.confirmed for line in due),
        destination_code=shown.code if shown else None,
        destination_status=shown.status if shown else None,
        settled=shown is not None and shown.status == "verified" and shown.settled,
        closure_reason=closure.reason if closure else None,
        closure_requested=closure is not None and closure.closed_at is None,
        closed_at=closure.closed_at if closure else None,
        waiting_since=state.waiting_since,
        assigned_since=state.pairing.assigned_since,
        legal_hold_since=state.legal_hold.since if state.legal_hold else None,
        erasure_requested_at=state.erasure.requested_at if state.erasure else None,
        retention_ends_at=retention_ends_at(state),
        erased_at=state.erasure.decided_at if state.erasure else None,
        next_due_at=first.due.at if first and not held else None,
        next_due_clock=first.clock if first and not held else None,
    )


def _primary_type(state: CaseState) -> str | None:
    if state.eligibility is not None:
        return state.eligibility.primary_type
    order = state.policy.hardship_order
    known = [item.type for item in state.declared if item.type in order]
    return min(known, key=order.index, default=None)


def deadline_lines(state: CaseState) -> list[DeadlineLine]:
    """The deadlines of a case with the rung that each has reached."""
    lines: list[DeadlineLine] = []
    for deadline in deadlines(state):
        done = state.rungs.get(deadline.key, 0)
        reached = [item for item in rungs(state, deadline) if item.number <= done]
        lines.append(DeadlineLine(deadline=deadline, rung=reached[-1].rung.rung if reached else None))
    return lines
