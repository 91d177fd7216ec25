"""After leaving school (离校未就业跟踪帮扶 [18]): unbroken service, and stability checks after placement."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.calendar import Due
from models.case.kernel import (
    SUPERVISORS,
    WORKERS,
    Command,
    Context,
    Day,
    Deadline,
    Event,
    Party,
    Refused,
    Rule,
    Stamp,
    staff,
)

if TYPE_CHECKING:
    from models.case.state import CaseState

Situation = Literal["employed", "seeking", "studying", "not_seeking", "unreachable"]


class MarkLeftSchool(Command):
    """The graduate has left school, today or `on` a date."""

    type: Literal["mark_left_school"] = "mark_left_school"
    on: Day | None = None


class RecordFollowUp(Command):
    """A follow-up talk; `next_on` brings the next one forward or back."""

    type: Literal["record_follow_up"] = "record_follow_up"
    situation: Situation
    content: str = Field(min_length=1, max_length=4000)
    next_on: Day | None = None


class RecordStabilityCheck(Command):
    """Whether a placed graduate still holds the destination, asked after closure."""

    type: Literal["record_stability_check"] = "record_stability_check"
    stable: bool
    content: str = Field(min_length=1, max_length=4000)


class LeftSchool(Event):
    type: Literal["left_school"] = "left_school"
    on: date


class FollowUpRecorded(Event):
    type: Literal["follow_up_recorded"] = "follow_up_recorded"
    situation: Situation
    content: str
    next_on: date | None = None


class StabilityChecked(Event):
    type: Literal["stability_checked"] = "stability_checked"
    number: int
    stable: bool
    content: str


FollowUpEvent = LeftSchool | FollowUpRecorded | StabilityChecked


def evolve(state: CaseState, event: FollowUpEvent, stamp: Stamp) -> CaseState:
    match event:
        case LeftSchool():
            return state.but(left_on=event.on, left_at=stamp.at)
        case FollowUpRecorded():
            return state.contacted(stamp.at).but(next_follow_up_on=event.next_on)
        case StabilityChecked():
            return state.but(stability_checks=event.number)


def follow_up_ends_on(state: CaseState) -> date | None:
    """The last date of follow-up, by the policy, in the year of leaving."""
    if state.left_on is None:
        return None
    until = state.policy.follow_up.until
    return date(state.left_on.year + until.years, until.month, until.day)


def deadlines(state: CaseState) -> list[Deadline]:
    """The next follow-up of an open case that has left school."""
    mentor_id = state.pairing.mentor_id
    if mentor_id is None or state.left_on is None or state.left_at is None:
        return []
    since = max(state.left_at, state.last_contact_at or state.left_at, state.waiting_since)
    calendar = state.policy.calendar
    if state.next_follow_up_on is not None:
        day = state.next_follow_up_on
        due = Due(on=day, at=calendar.midnight(day + timedelta(days=1)))
    else:
        due = calendar.due(since, state.policy.follow_up.every, state.pauses)
    ends_on = follow_up_ends_on(state)
    if ends_on is not None and calendar.date_of(due.at - timedelta(seconds=1)) > ends_on:
        return []
    key = f"follow_up:{(state.next_follow_up_on or since.astimezone(UTC)).isoformat()}"
    return [Deadline(key=key, clock="follow_up", subject="", since=since, due=due, owner=staff(mentor_id))]


def stability_deadlines(state: CaseState) -> list[Deadline]:
    """The next check of a case that was closed on a verified destination, counted from its closure."""
    closure, mentor_id = state.closure, state.pairing.mentor_id
    if closure is None or closure.closed_at is None or closure.reason != "destination_verified":
        return []
    number = state.stability_checks + 1
    if mentor_id is None or number > len(state.policy.stability_checks):
        return []
    since = closure.closed_at
    return [
        Deadline(
            key=f"stability_check:{number}.{state.reopened}",
            clock="stability_check",
            subject=str(number),
            since=since,
            due=state.policy.calendar.due(since, state.policy.stability_checks[number - 1], state.pauses),
            owner=staff(mentor_id),
        )
    ]


def _staying(state: CaseState, _context: Context) -> None:
    if state.left_on is not None:
        raise Refused("already_left", on=state.left_on.isoformat())


def _left(state: CaseState, command: MarkLeftSchool, context: Context) -> list[Event]:
    today = state.policy.calendar.date_of(context.now)
    on = command.on or today
    if on > today:
        raise Refused("in_the_future", field="on")
    return [LeftSchool(on=on)]


def _gone(state: CaseState, _context: Context) -> None:
    if state.left_on is None:
        raise Refused("not_left_school")


def _follow(state: CaseState, command: RecordFollowUp, context: Context) -> list[Event]:
    if command.next_on and command.next_on < state.policy.calendar.date_of(context.now):
        raise Refused("due_date_past", title="next_on", due_on=command.next_on.isoformat())
    return [FollowUpRecorded(situation=command.situation, content=command.content, next_on=command.next_on)]


def _placed(state: CaseState, _context: Context) -> None:
    if not state.closed or not stability_deadlines(state):
        raise Refused("no_stability_check")


def _check(state: CaseState, command: RecordStabilityCheck, _context: Context) -> list[Event]:
    number = state.stability_checks + 1
    return [StabilityChecked(number=number, stable=command.stable, content=command.content)]


RULES: tuple[Rule[Any], ...] = (
    Rule(MarkLeftSchool, SUPERVISORS | {Party.COUNSELOR, Party.SYSTEM}, _left, _staying),
    Rule(RecordFollowUp, WORKERS, _follow, _gone),
    Rule(RecordStabilityCheck, WORKERS, _check, _placed, on_closed=True),
)


def expected_leaving(state: CaseState) -> date | None:
    """The date of graduation, whose end itself marks the case as left."""
    return state.profile.graduates_on if state.left_on is None else None
