"""Training classes as lists and their owners see them."""

from datetime import date, datetime

from models.base import Model
from models.training_class import RollStatus


class ClassLine(Model):
    """A class of the list."""

    id: str
    course: str
    owner_id: str
    places: int
    starts_on: date
    ends_on: date
    status: str
    enrolled: int
    waiting: int
    completed: int
    version: int
    updated_at: datetime


class RollLine(Model):
    """A graduate on the class list. `attendance` is the share (0 to 1) of the days held so far; `problem` the
    code with which the case refused what the class told it."""

    case_id: str
    display: str
    enrolment_id: str
    status: RollStatus
    attended: tuple[date, ...]
    attendance: float | None
    score_before: float | None
    score_after: float | None
    certificate: str | None
    problem: str | None


class ClassView(ClassLine):
    """A class with its list, as far as the reader may see it."""

    minimum_attendance: float | None
    days_held: tuple[date, ...]
    roll: list[RollLine]
