"""The words in which every step of a case is written: actors, commands, events, refusals, rules, deadlines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

import yaml
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from models.base import Model
from models.calendar import Due
from models.policy import ClockName

if TYPE_CHECKING:
    from models.case.state import CaseState


_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


def _written_as_a_day(value: object) -> object:
    # Pydantic takes a number, and a text of digits, for the seconds since 1970.
    if isinstance(value, date) or (isinstance(value, str) and _DAY.match(value)):
        return value
    raise PydanticCustomError("date_parsing", "Must be a date such as 2027-06-30")


def _written_as_a_moment(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.match(value)):
        return value
    raise PydanticCustomError("datetime_parsing", "Must be a time such as 2027-06-30T09:00:00+08:00")


Day = Annotated[date, Field(ge=_FIRST, le=_LAST), BeforeValidator(_written_as_a_day)]
"""A date that a person may give, written YYYY-MM-DD. Near the calendar's end date arithmetic overflows."""


def _in_utc(moment: datetime) -> datetime:
    # In the calendar's first and last year the conversion itself may overflow.
    if MINYEAR < moment.year < MAXYEAR:
        moment = moment.astimezone(UTC)
    if not _FIRST.year <= moment.year <= _LAST.year:
        raise PydanticCustomError("out_of_range", "Must lie in the years 1900 to 2199")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc), BeforeValidator(_written_as_a_moment)]
"""An instant given with its offset from UTC, as RFC 3339 demands, and kept in UTC."""

Ref = Annotated[str, Field(max_length=100)]
"""An id, a code or a word that a person gives for something known. It stands in commands alone: what has happened,
and what is kept of it, still loads."""


class Role(StrEnum):
    """Who does what (domain notes §8). `SYSTEM` is the case itself: its timers and its class or import."""

    MENTOR = "mentor"
    COUNSELOR = "counselor"
    DEPARTMENT_SUPERVISOR = "department_supervisor"
    SCHOOL_SUPERVISOR = "school_supervisor"
    PROVINCIAL_OBSERVER = "provincial_observer"
    PARTNER = "partner"
    GRADUATE = "graduate"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


class Actor(Model):
    """Who acts. `case_id` is set for a graduate: the one file that is theirs.

    `covering` are the mentors for whom this person stands in today, in their cases; `reading` the cases that are
    open to this person for reading only, for some hours (break-glass).
    """

    id: str
    role: Role
    school_id: str
    department_id: str | None = None
    case_id: str | None = None
    covering: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()

    def mentors(self, mentor_id: str | None) -> bool:
        """Whether this person is that mentor, or stands in for that mentor."""
        return mentor_id is not None and mentor_id in (self.id, *self.covering)

    def did(self, author_id: str, on_behalf_of: str | None = None) -> bool:
        """Whether something is this person's own work: done by them, in their place, or by one for whom they
        stand in. Nobody approves their own work."""
        return self.mentors(author_id) or self.mentors(on_behalf_of)


class Party(StrEnum):
    """How an actor stands to one case."""

    MENTOR = "mentor"
    PROPOSED_MENTOR = "proposed_mentor"
    FORMER_MENTOR = "former_mentor"
    COLLEAGUE = "colleague"
    COUNSELOR = "counselor"
    DEPARTMENT_SUPERVISOR = "department_supervisor"
    SCHOOL_SUPERVISOR = "school_supervisor"
    RECEIVER = "receiver"
    GRADUATE = "graduate"
    SYSTEM = "system"


SUPERVISORS = frozenset({Party.DEPARTMENT_SUPERVISOR, Party.SCHOOL_SUPERVISOR})
STAFF = SUPERVISORS | {Party.MENTOR, Party.COUNSELOR}
WORKERS = frozenset({Party.MENTOR, Party.COUNSELOR})
MENTORS_ELSEWHERE = frozenset({Party.COLLEAGUE, Party.PROPOSED_MENTOR, Party.FORMER_MENTOR})
"""Mentors who may know of the case, which is another's or nobody's yet."""


class Command(Model):
    """What somebody asks of a case. Each subclass has a literal `type`."""


class Event(Model):
    """What happened. Each subclass has a literal `type`."""


class Stamp(Model):
    """The place of an event in its case: `seq` counts from 1 and is the case's version after it."""

    seq: int
    at: datetime
    actor_id: str
    actor_role: Role


@cache
def _refusal_texts() -> dict[str, dict[str, str]]:
    source = resources.files("models.data").joinpath("texts/refusals.yaml")
    return yaml.safe_load(source.read_text(encoding="utf-8"))


class Refused(Exception):  # noqa: N818  (a refusal is an answer, not an error)
    """A command that the rules refuse: a stable `code`, one sentence in each language, and what is missing."""

    def __init__(self, code: str, /, **details: Any) -> None:
        texts = _refusal_texts()[code]
        self.code = code
        self.details = details
        self.zh = texts["zh"].format_map(details)
        self.en = texts["en"].format_map(details)
        super().__init__(f"{code}: {self.en}")


class NeedsFact(Exception):  # noqa: N818  (a question to the shell, not an error)
    """The rules need an answer from the world before they can decide the command at `index`."""

    def __init__(self, index: int, need: Need) -> None:
        self.index = index
        self.need = need
        super().__init__(need.__class__.__name__)


class ReserveMentor(Model):
    """Ask for a mentor with room: the given one, or the best by the rules of pairing.

    `excluded` are staff ids that declined, let the proposal lapse or were refused by the graduate.
    """

    case_id: str
    school_id: str
    department_id: str
    mentor_id: str | None
    excluded: tuple[str, ...]
    experienced: bool
    soft_load: int
    hard_cap: int


MentorProblem = Literal["no_capacity", "mentor_absent", "mentor_excluded", "mentor_unknown"]
PlaceProblem = Literal["class_over", "class_unknown"]
AttachmentProblem = Literal["attachment_unknown", "traineeship_is_not_employment"]


class MentorAnswer(Model):
    """`mentor_id` is None when nobody fits; `problem` then says why (a refusal code)."""

    mentor_id: str | None
    problem: MentorProblem | None = None


class ReservePlace(Model):
    """Ask a training class for a place."""

    class_id: str
    case_id: str
    enrolment_id: str


class PlaceAnswer(Model):
    """`place` is `enrolled` or `waiting`; `problem` is a refusal code where there is neither."""

    place: Literal["enrolled", "waiting"] | None
    course: str = ""
    problem: PlaceProblem | None = None


class NameAttachments(Model):
    """Ask for attachments of the case to be kept, because an event is going to name them. `excluded_kinds` are those
    that must not be named here."""

    case_id: str
    attachment_ids: tuple[str, ...]
    excluded_kinds: tuple[str, ...]


class AttachmentsAnswer(Model):
    """`problem` is a refusal code where they are not kept."""

    problem: AttachmentProblem | None = None


Need = ReserveMentor | ReservePlace | NameAttachments
Fact = MentorAnswer | PlaceAnswer | AttachmentsAnswer


@dataclass(frozen=True)
class Context:
    """What a decision may know besides the state. `expected_version` is the If-Match of the request."""

    actor: Actor
    now: datetime
    expected_version: int | None = None
    fact: Fact | None = None


C = TypeVar("C", bound=Command)


def always(_state: CaseState, _context: Context) -> None:
    """The guard of a command that no state forbids."""


@dataclass(frozen=True)
class Rule(Generic[C]):
    """How one command is judged.

    `guard` looks at state and actor only, so that it can also tell beforehand whether the command is possible
    now; `decide` judges the fields and answers the events; both raise `Refused`. `need` states the question
    that must be answered (as `Context.fact`) before `decide` is called.
    """

    command: type[C]
    who: frozenset[Party]
    decide: Callable[[CaseState, C, Context], list[Event]]
    guard: Callable[[CaseState, Context], None] = always
    need: Callable[[CaseState, C, Context], Need | None] | None = None
    on_closed: bool = False


class Deadline(Model):
    """Something a person is due to do.

    `key` is unique in the life of the case (a new cycle has a new key), `owner` is an audience such as
    `staff:<id>`, `since` the start of the clock, `lapses_at` when silence has an effect of its own.
    """

    key: str
    clock: ClockName
    subject: str
    since: datetime
    due: Due
    owner: str
    lapses_at: datetime | None = None


def staff(staff_id: str) -> str:
    """The audience that is one person."""
    return f"staff:{staff_id}"


def department(department_id: str) -> str:
    """The audience of a department's supervisors and counselors."""
    return f"department:{department_id}"


def school(school_id: str) -> str:
    """The audience of the career centre of a school."""
    return f"school:{school_id}"
