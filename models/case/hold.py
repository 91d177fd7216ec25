"""Hold: a timed pause with reason and end. It stops the clocks and ends by itself (domain notes §5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.calendar import Span
from models.case.kernel import (
    SUPERVISORS,
    Command,
    Context,
    Day,
    Event,
    Moment,
    Party,
    Refused,
    Rule,
    Stamp,
)

if TYPE_CHECKING:
    from models.case.state import CaseState


class Hold(Model):
    since: datetime
    until: datetime
    reason: str
    placed_by: str


class PlaceHold(Command):
    """`until` is an instant, or a date: then to the end of that date."""

    type: Literal["place_hold"] = "place_hold"
    reason: str = Field(min_length=1, max_length=1000)
    until: Moment | Day


class ReleaseHold(Command):
    type: Literal["release_hold"] = "release_hold"


class HoldPlaced(Event):
    type: Literal["hold_placed"] = "hold_placed"
    reason: str
    until: datetime


class HoldEnded(Event):
    """Released by a person, or at its end by itself (`by_itself`)."""

    type: Literal["hold_ended"] = "hold_ended"
    by_itself: bool


HoldEvent = HoldPlaced | HoldEnded


def evolve(state: CaseState, event: HoldEvent, stamp: Stamp) -> CaseState:
    match event:
        case HoldPlaced():
            hold = Hold(since=stamp.at, until=event.until, reason=event.reason, placed_by=stamp.actor_id)
            return state.but(hold=hold)
        case HoldEnded():
            assert state.hold is not None  # noqa: S101  (only a hold ends)
            # A hold pauses until its end at most, however late its timer or its release was seen.
            end = min(state.hold.until, stamp.at)
            return state.but(hold=None, pauses=(*state.pauses, Span(start=state.hold.since, end=end)))


def _free(state: CaseState, _context: Context) -> None:
    if state.hold is not None:
        raise Refused("already_held", until=state.hold.until.isoformat())


def _place(state: CaseState, command: PlaceHold, context: Context) -> list[Event]:
    calendar = state.policy.calendar
    until = command.until
    if not isinstance(until, datetime):
        until = calendar.midnight(until + timedelta(days=1))
    if until <= context.now:
        raise Refused("end_in_the_past", until=until.isoformat())
    limit = calendar.due(context.now, state.policy.mentor_hold_limit).at
    if until > limit and not state.parties(context.actor) & SUPERVISORS:
        raise Refused("hold_too_long", limit=str(state.policy.mentor_hold_limit).replace("_", " "))
    return [HoldPlaced(reason=command.reason, until=until)]


def _held(state: CaseState, _context: Context) -> None:
    if state.hold is None:
        raise Refused("not_held")


def _release(_state: CaseState, _command: ReleaseHold, _context: Context) -> list[Event]:
    return [HoldEnded(by_itself=False)]


_HOLDERS = SUPERVISORS | {Party.MENTOR}

RULES: tuple[Rule[Any], ...] = (
    Rule(PlaceHold, _HOLDERS, _place, _free),
    Rule(ReleaseHold, _HOLDERS, _release, _held),
)
