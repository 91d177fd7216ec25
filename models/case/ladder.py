"""Time: the ladder of reminders of every deadline, and what happens by itself when time passes (催办, 督办)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from models.case import assessment, closure, destination, follow_up, intake, pairing, plan, referral
from models.case import service as service_step
from models.case import transfer as transfer_step
from models.case.follow_up import LeftSchool
from models.case.hold import HoldEnded
from models.case.kernel import Deadline, Event, Stamp, department, school
from models.case.pairing import ProposalLapsed
from models.case.referral import ReferralExpired
from models.case.state import CaseState
from models.policy import ClockName, Rung, RungName


class RungReached(Event):
    """A rung of a deadline's ladder: who (`audience`) is told, of what. `number` counts rungs from 1."""

    type: Literal["rung_reached"] = "rung_reached"
    key: str
    clock: ClockName
    subject: str
    rung: RungName
    number: int
    audience: str
    due_at: datetime


def evolve(state: CaseState, event: RungReached, _stamp: Stamp) -> CaseState:
    kept = dict(list(state.rungs.items())[-_RUNG_RECORDS:])
    return state.but(rungs=kept | {event.key: event.number})


# Records of ended deadlines are dropped oldest first; a case never has this many deadlines at once.
_RUNG_RECORDS = 200


def deadlines(state: CaseState) -> list[Deadline]:
    """Everything that somebody is due to do now. A closed case keeps its stability checks only."""
    if state.closed:
        return follow_up.stability_deadlines(state)
    if state.stage == "not_open":
        return closure.deadlines(state)
    steps = (
        intake,
        pairing,
        assessment,
        plan,
        service_step,
        referral,
        destination,
        follow_up,
        transfer_step,
        closure,
    )
    return [found for step in steps for found in step.deadlines(state)]


def no_deadline_reason(state: CaseState) -> str | None:
    """Why nothing is due: a code, or None where there is a next deadline."""
    if state.hold is not None:
        return "on_hold"
    if deadlines(state):
        return None
    if state.closed:
        return "closed"
    if state.stage == "not_open":
        return "not_open"
    if state.pairing.seeking:
        return "seeking_mentor"
    return "follow_up_period_over"


def rungs(state: CaseState, deadline: Deadline) -> list[tuple[datetime, Rung]]:
    """The ladder of a deadline with its times. A rung before the clock even started is left out."""
    timed = [
        (state.policy.rung_time(deadline.due, rung.offset, state.spread), rung)
        for rung in state.policy.ladder(deadline.clock)
    ]
    return [(at, rung) for at, rung in timed if at > deadline.since or rung.rung != "before_due"]


def tick(state: CaseState, now: datetime) -> list[Event]:
    """What the passing of time brings by `now`, once each. Nothing falls due while the case is held."""
    if state.hold is not None:
        return [HoldEnded(by_itself=True)] if state.hold.until <= now else []
    events: list[Event] = []
    leaving = follow_up.expected_leaving(state)
    if leaving is not None and leaving <= now and not state.closed:
        events.append(LeftSchool(on=(leaving - timedelta(seconds=1)).astimezone(leaving.tzinfo).date()))
    for deadline in deadlines(state):
        events += _reached(state, deadline, now)
        if deadline.lapses_at is not None and deadline.lapses_at <= now:
            events += _lapsed(state, deadline)
    return events


def _reached(state: CaseState, deadline: Deadline, now: datetime) -> Iterator[Event]:
    done = state.rungs.get(deadline.key, 0)
    for number, (at, rung) in enumerate(rungs(state, deadline), start=1):
        if number > done and at <= now:
            yield RungReached(
                key=deadline.key,
                clock=deadline.clock,
                subject=deadline.subject,
                rung=rung.rung,
                number=number,
                audience=_audience(state, deadline, rung),
                due_at=deadline.due.at,
            )


def _audience(state: CaseState, deadline: Deadline, rung: Rung) -> str:
    match rung.notify:
        case "owner":
            return deadline.owner
        case "department":
            return department(state.department_id)
        case "school":
            return school(state.school_id)


def _lapsed(state: CaseState, deadline: Deadline) -> list[Event]:
    if deadline.clock == "answer_pairing" and state.pairing.proposal is not None:
        return [ProposalLapsed(mentor_id=state.pairing.proposal.mentor_id)]
    if deadline.clock == "answer_referral":
        return [ReferralExpired(referral_id=deadline.subject)]
    return []


def next_wake(state: CaseState) -> datetime | None:
    """When the case must look at the time again: the earliest of what `tick` waits for."""
    if state.hold is not None:
        return state.hold.until
    times: list[datetime] = []
    leaving = follow_up.expected_leaving(state)
    if leaving is not None and not state.closed:
        times.append(leaving)
    for deadline in deadlines(state):
        done = state.rungs.get(deadline.key, 0)
        times += [at for at, _ in rungs(state, deadline)[done:]]
        if deadline.lapses_at is not None:
            times.append(deadline.lapses_at)
    return min(times, default=None)
