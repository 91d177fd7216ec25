"""Time: the ladder of reminders of every deadline, and what happens by itself when time passes (催办, 督办)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from models.case import (
    assessment,
    closure,
    destination,
    erasure,
    follow_up,
    intake,
    objection,
    pairing,
    plan,
    referral,
)
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


class TimedRung(NamedTuple):
    """A rung with its place in the ladder, counted from 1, and the time at which it is reached."""

    number: int
    at: datetime
    rung: Rung


def evolve(state: CaseState, event: RungReached, _stamp: Stamp) -> CaseState:
    kept = state.rungs
    if event.key not in kept and len(kept) % _TIDY_EVERY == _TIDY_EVERY - 1:
        current = {deadline.key for deadline in deadlines(state)}
        kept = {key: number for key, number in kept.items() if key in current}
    return state.but(rungs=kept | {event.key: event.number})


# At each so many records those of ended deadlines are dropped. A deadline that lasts keeps its own for ever:
# without it every rung would be reached again.
_TIDY_EVERY = 50


def deadlines(state: CaseState) -> list[Deadline]:
    """Everything that somebody is due to do now. A closed case keeps its stability checks, a request for erasure
    and the answers that it owes to objections."""
    if state.erasing:
        return []
    if state.closed:
        kept = (erasure, objection)
        return [
            *follow_up.stability_deadlines(state),
            *(due for step in kept for due in step.deadlines(state)),
        ]
    begun = (referral, destination, transfer_step, closure, erasure, objection)
    steps = (intake, pairing, assessment, plan, service_step, follow_up, *begun)
    if state.stage == "not_open":
        # Where no help is owed, what was begun is still brought to its end.
        steps = begun
    return [found for step in steps for found in step.deadlines(state)]


def no_deadline_reason(state: CaseState) -> str | None:
    """Why nothing is due: a code, or None where there is a next deadline."""
    if state.erasing:
        return "being_erased"
    if state.hold is not None:
        return "on_hold"
    if deadlines(state):
        return None
    if state.closed:
        return "closed"
    if state.stage == "not_open":
        return "not_open"
    if state.seeking_mentor:
        return "seeking_mentor"
    return "follow_up_period_over"


def rungs(state: CaseState, deadline: Deadline) -> list[TimedRung]:
    """The ladder of a deadline with its times, in order. A warning from before the clock started is left out."""
    timed: list[TimedRung] = []
    for number, rung in enumerate(state.policy.ladder(deadline.clock), start=1):
        at = state.policy.rung_time(deadline.due, rung.offset, state.spread, state.pauses)
        if timed:
            # Offsets in different units may change places over a holiday; the rungs never do.
            at = max(at, timed[-1].at)
        if rung.rung != "before_due" or at > deadline.since:
            timed.append(TimedRung(number, at, rung))
    return timed


def due_of(state: CaseState, event: RungReached) -> datetime | None:
    """When a rung that was reached was to be reached; None where its deadline has ended since."""
    reached = (
        item.at
        for deadline in deadlines(state)
        if deadline.key == event.key
        for item in rungs(state, deadline)
        if item.number == event.number
    )
    return next(reached, None)


class _Coming(NamedTuple):
    """Something that time will bring. `turns`: it changes what else is due, so what follows is looked up anew."""

    at: datetime
    event: Event
    turns: bool = False


def _coming(state: CaseState) -> Iterator[_Coming]:
    """Everything that time will bring to the state as it is. Nothing falls due while the case is held."""
    if state.erasing:
        return
    if state.hold is not None:
        yield _Coming(state.hold.until, HoldEnded(by_itself=True), turns=True)
        return
    leaving = follow_up.expected_leaving(state)
    if leaving is not None and not state.closed:
        over = state.policy.calendar.midnight(leaving + timedelta(days=1))
        yield _Coming(over, LeftSchool(on=leaving), turns=True)
    for at, event in erasure.timed(state):
        yield _Coming(at, event, turns=True)
    for deadline in deadlines(state):
        done = state.rungs.get(deadline.key, 0)
        for number, at, rung in rungs(state, deadline):
            if number > done:
                yield _Coming(at, _reached(state, deadline, number, rung))
        if deadline.lapses_at is not None:
            for event in _lapsed(state, deadline):
                yield _Coming(deadline.lapses_at, event, turns=True)


def tick(state: CaseState, now: datetime) -> list[Event]:
    """What the passing of time brings by `now`, once each, in the order of time."""
    events: list[Event] = []
    for item in sorted(_coming(state), key=lambda item: (item.at, item.turns)):
        if item.at > now:
            break
        events.append(item.event)
        if item.turns:
            break
    return events


def next_wake(state: CaseState) -> datetime | None:
    """When the case must look at the time again: the earliest moment at which `tick` has something."""
    return min((item.at for item in _coming(state)), default=None)


def _reached(state: CaseState, deadline: Deadline, number: int, rung: Rung) -> RungReached:
    return RungReached(
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
