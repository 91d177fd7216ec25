"""A training class (技能培训, 宏志助航 [19]) as pure rules: places, waiting list, attendance, completion.

Each act answers the class after it; what the cases must be told is kept in the class until it was told.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from models.base import Model
from models.case.kernel import Day
from models.case.training import CompleteTraining, GiveTrainingPlace, WithdrawTraining

RollStatus = Literal["enrolled", "waiting", "completed", "withdrawn", "failed"]
ClassStatus = Literal["open", "finished", "cancelled"]
_REASONS: Mapping[str, str] = {
    "class_ended": "培训班已结束，未获得名额 · the class ended without a free place",
    "class_cancelled": "培训班取消 · the class was cancelled",
    "attendance_too_low": "出勤率未达到要求 · attendance below what is required",
}


class RollEntry(Model):
    """A graduate on the class list; without `case_id`, one whose file was erased. `attended` are days of the class;
    `problem` is the code with which the case refused what the class told it."""

    case_id: str
    enrolment_id: str
    status: RollStatus
    attended: tuple[date, ...] = ()
    score_before: float | None = None
    score_after: float | None = None
    certificate: str | None = None
    problem: str | None = None

    @property
    def open(self) -> bool:
        return self.status in ("enrolled", "waiting")


class Tell(Model):
    """A command that the class gives to a case. `key` makes it act once however often it is sent."""

    key: str
    case_id: str
    enrolment_id: str
    command: GiveTrainingPlace | CompleteTraining | WithdrawTraining = Field(discriminator="type")


class TrainingClassState(Model):
    """A class. Dates are inclusive; `minimum_attendance` (0 to 1) is the class's own rule, beside that of each
    case's service standards."""

    id: str
    school_id: str
    course: str
    owner_id: str
    places: int
    starts_on: date
    ends_on: date
    minimum_attendance: float | None = None
    status: ClassStatus = "open"
    waiting_closed: bool = False
    roll: tuple[RollEntry, ...] = ()
    days_held: tuple[date, ...] = ()
    tells: tuple[Tell, ...] = ()
    version: int = 1

    def but(self, **changes: Any) -> "TrainingClassState":
        """The class with some fields replaced, one version on."""
        return self.model_copy(update={"version": self.version + 1, **changes})

    def count(self, status: RollStatus) -> int:
        return sum(entry.status == status for entry in self.roll)

    def attendance(self, entry: RollEntry) -> float | None:
        """The share of the days held so far that a graduate attended; None before the first day."""
        return round(len(entry.attended) / len(self.days_held), 4) if self.days_held else None


class Result(Model):
    """How one graduate did. Scores are 0 to 100."""

    case_id: str
    score_before: float | None = Field(default=None, ge=0, le=100)
    score_after: float | None = Field(default=None, ge=0, le=100)
    certificate: str | None = Field(default=None, max_length=200)


class RecordAttendance(Model):
    """Who was there on a day; a second record of the same day replaces the first."""

    type: Literal["attendance"] = "attendance"
    date: Day
    present: list[str] = Field(max_length=2000)


class CompleteClass(Model):
    """The class is over: each enrolled graduate completes or fails it."""

    type: Literal["complete"] = "complete"
    results: list[Result] = Field(default_factory=list[Result], max_length=2000)


class CancelClass(Model):
    type: Literal["cancel"] = "cancel"
    reason: str = Field(min_length=1, max_length=500)


ClassCommand = Annotated[RecordAttendance | CompleteClass | CancelClass, Field(discriminator="type")]


@cache
def _texts() -> dict[str, dict[str, str]]:
    source = resources.files("models.data").joinpath("texts/class_refusals.yaml")
    return yaml.safe_load(source.read_text(encoding="utf-8"))


class ClassRefused(Exception):  # noqa: N818  (a refusal is an answer, not an error)
    """What the rules of a class refuse: a stable `code` and one sentence in each language."""

    def __init__(self, code: str, **details: Any) -> None:
        texts = _texts()[code]
        self.code = code
        self.zh = texts["zh"].format_map(details)
        self.en = texts["en"].format_map(details)
        super().__init__(f"{code}: {self.en}")


def reserve(
    state: TrainingClassState, case_id: str, enrolment_id: str, today: date
) -> tuple[TrainingClassState, RollEntry]:
    """A place, or one on the waiting list; a graduate who has one keeps it. Raises ClassRefused (`class_over`)."""
    if state.status != "open" or today > state.ends_on:
        raise ClassRefused("class_over")
    for entry in state.roll:
        if entry.case_id == case_id and entry.open:
            kept = entry.model_copy(update={"enrolment_id": enrolment_id})
            return (state if kept == entry else _replaced(state, kept)), kept
    free = state.places > state.count("enrolled")
    entry = RollEntry(case_id=case_id, enrolment_id=enrolment_id, status="enrolled" if free else "waiting")
    return state.but(roll=(*state.roll, entry)), entry


def leave(state: TrainingClassState, case_id: str, enrolment_id: str) -> TrainingClassState:
    """A graduate has withdrawn; the first in line gets a place that this frees."""
    entry = _entry(state, case_id, enrolment_id)
    if entry is None or not entry.open:
        return state
    state = _replaced(state, entry.model_copy(update={"status": "withdrawn"}))
    tells = tuple(
        tell for tell in state.tells if (tell.case_id, tell.enrolment_id) != (case_id, enrolment_id)
    )
    return _promoted(state.but(tells=tells))


def forget(state: TrainingClassState, case_id: str) -> TrainingClassState:
    """A graduate's file is erased: the place on the roll belongs to nobody any more, and what was achieved in it is
    gone; only how it ended still counts."""
    for entry in state.roll:
        if entry.case_id == case_id and entry.open:
            state = leave(state, case_id, entry.enrolment_id)
    if all(entry.case_id != case_id for entry in state.roll):
        return state
    roll = tuple(
        RollEntry(case_id="", enrolment_id=entry.enrolment_id, status=entry.status)
        if entry.case_id == case_id
        else entry
        for entry in state.roll
    )
    return state.but(roll=roll, tells=tuple(tell for tell in state.tells if tell.case_id != case_id))


def obey(state: TrainingClassState, command: ClassCommand, today: date) -> TrainingClassState:
    """What the owner commands. Raises ClassRefused (`class_over`, `class_not_begun`, `not_a_class_day`,
    `not_on_the_roll`)."""
    if state.status != "open":
        raise ClassRefused("class_over")
    match command:
        case RecordAttendance():
            return _attended(state, command, today)
        case CompleteClass():
            return _completed(state, command, today)
        case CancelClass():
            reason = f"{_REASONS['class_cancelled']}: {command.reason}"
            return _withdrawn(state, ("enrolled", "waiting"), reason).but(status="cancelled")


def close_waiting(state: TrainingClassState) -> TrainingClassState:
    """The last day is over: whoever still waits will get no place any more."""
    return _withdrawn(state, ("waiting",), _REASONS["class_ended"]).but(waiting_closed=True)


def told(state: TrainingClassState, tell: Tell, problem: str | None) -> TrainingClassState:
    """The case has taken what the class told it, or refused it with that code."""
    left = tuple(item for item in state.tells if item.key != tell.key)
    state = state.but(tells=left)
    entry = _entry(state, tell.case_id, tell.enrolment_id)
    if problem is None or entry is None:
        return state
    changes: dict[str, Any] = {"problem": problem}
    if isinstance(tell.command, CompleteTraining):
        changes["status"] = "failed" if problem == "attendance_too_low" else "withdrawn"
    elif entry.open:
        changes["status"] = "withdrawn"
    state = _replaced(state, entry.model_copy(update=changes))
    if problem == "attendance_too_low":
        return _with_tell(state, entry, _withdrawal(entry, _REASONS["attendance_too_low"]))
    return _promoted(state)


def _attended(state: TrainingClassState, command: RecordAttendance, today: date) -> TrainingClassState:
    day = command.date
    if not state.starts_on <= day <= min(state.ends_on, today):
        raise ClassRefused("not_a_class_day", day=day, starts_on=state.starts_on, ends_on=state.ends_on)
    _check_on_roll(state, command.present)
    roll: list[RollEntry] = []
    for entry in state.roll:
        days = set(entry.attended) - {day}
        if entry.status == "enrolled" and entry.case_id in command.present:
            days.add(day)
        roll.append(entry.model_copy(update={"attended": tuple(sorted(days))}))
    return state.but(roll=tuple(roll), days_held=tuple(sorted({*state.days_held, day})))


def _completed(state: TrainingClassState, command: CompleteClass, today: date) -> TrainingClassState:
    if today < state.starts_on:
        raise ClassRefused("class_not_begun", starts_on=state.starts_on)
    results = {result.case_id: result for result in command.results}
    _check_on_roll(state, list(results))
    state = _withdrawn(state, ("waiting",), _REASONS["class_ended"])
    for entry in [entry for entry in state.roll if entry.status == "enrolled"]:
        state = _ended(state, entry, results.get(entry.case_id, Result(case_id=entry.case_id)))
    return state.but(status="finished")


def _ended(state: TrainingClassState, entry: RollEntry, result: Result) -> TrainingClassState:
    share = state.attendance(entry)
    scores = {"score_before": result.score_before, "score_after": result.score_after}
    least = state.minimum_attendance
    if least is not None and share is not None and share < least:
        entry = entry.model_copy(update={"status": "failed", **scores})
        command = _withdrawal(entry, _REASONS["attendance_too_low"])
        return _with_tell(_replaced(state, entry), entry, command)
    graded: dict[str, Any] = {**scores, "certificate": result.certificate}
    entry = entry.model_copy(update={"status": "completed", **graded})
    complete = CompleteTraining(enrolment_id=entry.enrolment_id, attendance=share, **graded)
    return _with_tell(_replaced(state, entry), entry, complete)


def _withdrawn(
    state: TrainingClassState, statuses: tuple[RollStatus, ...], reason: str
) -> TrainingClassState:
    for entry in [entry for entry in state.roll if entry.status in statuses]:
        gone = entry.model_copy(update={"status": "withdrawn"})
        state = _with_tell(_replaced(state, gone), gone, _withdrawal(gone, reason))
    return state


def _promoted(state: TrainingClassState) -> TrainingClassState:
    """Free places go to those who wait, in order."""
    while state.status == "open" and state.places > state.count("enrolled"):
        first = next((entry for entry in state.roll if entry.status == "waiting"), None)
        if first is None:
            break
        given = first.model_copy(update={"status": "enrolled"})
        state = _with_tell(_replaced(state, given), given, GiveTrainingPlace(enrolment_id=given.enrolment_id))
    return state


def _withdrawal(entry: RollEntry, reason: str) -> WithdrawTraining:
    return WithdrawTraining(enrolment_id=entry.enrolment_id, reason=reason)


def _with_tell(
    state: TrainingClassState,
    entry: RollEntry,
    command: GiveTrainingPlace | CompleteTraining | WithdrawTraining,
) -> TrainingClassState:
    key = f"class:{state.id}:{entry.case_id}:{entry.enrolment_id}:{command.type}"
    tell = Tell(key=key, case_id=entry.case_id, enrolment_id=entry.enrolment_id, command=command)
    return state.but(tells=(*state.tells, tell))


def _check_on_roll(state: TrainingClassState, case_ids: list[str]) -> None:
    enrolled = {entry.case_id for entry in state.roll if entry.status == "enrolled"}
    unknown = sorted(set(case_ids) - enrolled)
    if unknown:
        raise ClassRefused("not_on_the_roll", cases=", ".join(unknown))


def _place(state: TrainingClassState, case_id: str, enrolment_id: str) -> int | None:
    """Where a graduate's enrolment stands on the roll: the open one, else the last of that id."""
    same = [index for index, entry in enumerate(state.roll) if entry.case_id == case_id]
    running = [index for index in same if state.roll[index].open]
    if running:
        return running[0]
    return next((index for index in reversed(same) if state.roll[index].enrolment_id == enrolment_id), None)


def _entry(state: TrainingClassState, case_id: str, enrolment_id: str) -> RollEntry | None:
    place = _place(state, case_id, enrolment_id)
    entry = None if place is None else state.roll[place]
    return entry if entry is not None and entry.enrolment_id == enrolment_id else None


def _replaced(state: TrainingClassState, changed: RollEntry) -> TrainingClassState:
    """The class with a graduate's entry changed."""
    place = _place(state, changed.case_id, changed.enrolment_id)
    assert place is not None  # noqa: S101  (whoever changes an entry has just read it)
    return state.but(roll=(*state.roll[:place], changed, *state.roll[place + 1 :]))
