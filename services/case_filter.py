"""Which cases a list holds, and in which order."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field
from sqlalchemy import ColumnElement, and_
from sqlmodel import col, select

from models.base import Model
from models.calendar import Calendar
from models.case.kernel import Moment
from models.case.state import Stage
from models.policy import RiskLevel
from models.tables import CaseHardship, CaseRow
from models.views.batch import CaseId
from services.keyset import after, cursor_of, read_cursor
from services.supervised import OPEN

Sort = Literal["due", "-due", "opened", "-opened", "updated", "-updated"]

# The place in cursors of cases without a deadline.
_NO_DEADLINE = datetime.fromisoformat("9999-01-01T00:00:00+00:00")
_SORTS: dict[str, Any] = {
    "due": col(CaseRow.next_due_at),
    "opened": col(CaseRow.opened_at),
    "updated": col(CaseRow.updated_at),
}
_ZONE = ZoneInfo(Calendar().timezone)


def _as_instant(value: object) -> object:
    """A plain date stands for its first moment in the school's time zone."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return value
    return value if day is None else datetime(day.year, day.month, day.day, tzinfo=_ZONE)


class CaseFilter(Model):
    """What to list. The words of the overview mean here what they mean there, so that each of its numbers has its
    list."""

    case_id: list[CaseId] | None = Field(default=None, max_length=200, description="These cases only.")
    stage: list[Stage] | None = None
    cohort: int | None = Field(default=None, ge=0, le=9999)
    department: str | None = Field(default=None, max_length=100)
    mentor: str | None = Field(default=None, max_length=100)
    hardship_type: str | None = Field(
        default=None, max_length=100, description="Among the types of the person."
    )
    primary_type: str | None = Field(default=None, max_length=100, description="The one that reports count.")
    risk_level: RiskLevel | None = None
    overdue: bool | None = None
    due_before: Annotated[Moment, BeforeValidator(_as_instant)] | None = Field(
        default=None, description="Exclusive; a time with its offset, or a date."
    )
    open: bool | None = Field(default=None, description="Being helped: neither closed nor not owed help.")
    unassigned: bool | None = Field(default=None, description="Open, without a mentor.")
    unserved: bool | None = Field(
        default=None, description="Open, owed services, none of them delivered yet."
    )
    package_complete: bool | None = Field(
        default=None, description="Open, all services of the package delivered."
    )
    left_school: bool | None = None
    settled: bool | None = Field(default=None, description="With a verified destination that counts.")
    destination_code: str | None = Field(default=None, max_length=10)
    destination_status: str | None = Field(default=None, max_length=40)
    q: str | None = Field(
        default=None,
        max_length=100,
        description="Exact: full name, student number, ID number, phone or case id.",
    )
    sort: Sort = "due"
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before.")
    limit: int = Field(default=50, ge=1, le=200)


_DUE, _DONE = col(CaseRow.services_due), col(CaseRow.services_done)
_EQUAL: dict[str, Any] = {
    "cohort": col(CaseRow.cohort),
    "department": col(CaseRow.department_id),
    "mentor": col(CaseRow.mentor_id),
    "risk_level": col(CaseRow.risk_level),
    "primary_type": col(CaseRow.primary_type),
    "destination_code": col(CaseRow.destination_code),
    "destination_status": col(CaseRow.destination_status),
}
_WHETHER: dict[str, ColumnElement[bool]] = {
    "open": OPEN,
    "unassigned": and_(OPEN, col(CaseRow.mentor_id).is_(None)),
    "unserved": and_(OPEN, _DUE > 0, _DONE == 0),
    "package_complete": and_(OPEN, _DUE > 0, _DONE >= _DUE),
    "left_school": col(CaseRow.left_school).is_(True),
    "settled": col(CaseRow.settled).is_(True),
}


def conditions(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    """The filter as conditions on the rows of the ledger."""
    found: list[ColumnElement[bool]] = [
        column == value for name, column in _EQUAL.items() if (value := getattr(wanted, name)) is not None
    ]
    whether = _WHETHER | {
        "overdue": and_(col(CaseRow.next_due_at).is_not(None), col(CaseRow.next_due_at) <= now)
    }
    for name, condition in whether.items():
        value: bool | None = getattr(wanted, name)
        if value is not None:
            found.append(condition if value else ~condition)
    if wanted.case_id is not None:
        found.append(col(CaseRow.case_id).in_(wanted.case_id))
    if wanted.stage:
        found.append(col(CaseRow.stage).in_(wanted.stage))
    if wanted.hardship_type is not None:
        typed = select(CaseHardship.case_id).where(CaseHardship.type == wanted.hardship_type)
        found.append(col(CaseRow.case_id).in_(typed))
    if wanted.due_before is not None:
        found.append(col(CaseRow.next_due_at) < wanted.due_before)
    return found


class Part(NamedTuple):
    """A stretch of a list, in an order that an index has."""

    where: list[ColumnElement[bool]]
    order: list[ColumnElement[Any]]


def parts(wanted: CaseFilter) -> list[Part]:
    """The list behind the cursor, in stretches that follow each other: cases without a deadline come after all
    others, or before them, and by their id. Raises BadCursor."""
    name, descending = _sort(wanted)
    key, case_id = _SORTS[name], col(CaseRow.case_id)
    place = None if wanted.cursor is None else read_cursor(wanted.sort, wanted.cursor, datetime, str)
    if name != "due":
        return [_part((key, case_id), place, descending=descending)]
    among_undated = place is not None and place[0] == _NO_DEADLINE
    dated = _part((key, case_id), None if among_undated else place, descending=descending)
    undated = _part((case_id,), place[1:] if place and among_undated else None, descending=descending)
    dated.where.append(key.is_not(None))
    undated.where.append(key.is_(None))
    in_order = [undated, dated] if descending else [dated, undated]
    # What lies before the cursor is over.
    begun = place is not None and among_undated != descending
    return in_order[1:] if begun else in_order


def cursor_after(wanted: CaseFilter, last: CaseRow) -> str:
    """The cursor of a page that ends with this row."""
    key = getattr(last, _SORTS[_sort(wanted)[0]].key)
    return cursor_of(wanted.sort, (_NO_DEADLINE if key is None else key, last.case_id))


def _sort(wanted: CaseFilter) -> tuple[str, bool]:
    return wanted.sort.removeprefix("-"), wanted.sort.startswith("-")


def _part(columns: Sequence[Any], place: Sequence[Any] | None, *, descending: bool) -> Part:
    where = [] if place is None else [after(columns, place, descending=descending)]
    return Part(where, [column.desc() if descending else column for column in columns])
