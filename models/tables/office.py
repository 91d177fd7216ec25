"""The office's own data: schools, departments, staff, policy versions, reservations of mentors."""

from datetime import date, datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from models.tables.types import Instant, Table


class School(Table, table=True):
    """`id` is the five-digit school code."""

    id: str = Field(primary_key=True)
    name: str
    province: str = "*"


class Department(Table, table=True):
    """A college of a school (院系), or its career centre."""

    __table_args__ = (UniqueConstraint("school_id", "name"),)

    id: str = Field(primary_key=True)
    school_id: str = Field(index=True)
    name: str
    created_at: datetime = Field(sa_type=Instant)


class Staff(Table, table=True):
    """A member of staff, or a partner. `capacity` is the most open cases as mentor; `experienced` mentors
    (leaders, career advisers) take the cases of the highest risk; absent from and until are inclusive.
    `uncovered_told_on`: since when supervisors know that this person is away and nobody stands in."""

    __table_args__ = (Index("ix_staff_department", "school_id", "department_id", "role"),)

    id: str = Field(primary_key=True)
    school_id: str
    department_id: str | None = None
    name: str
    role: str
    capacity: int = 0
    experienced: bool = False
    absent_from: date | None = None
    absent_until: date | None = None
    departed_on: date | None = None
    uncovered_told_on: date | None = None
    email: str | None = None
    notify_url: str | None = None
    created_at: datetime = Field(sa_type=Instant)


class Reservation(Table, table=True):
    """A mentor's place that an open case takes, as mentor or as proposed mentor."""

    case_id: str = Field(primary_key=True)
    mentor_id: str = Field(index=True)


class PolicyVersion(Table, table=True):
    """A version of the service standards that some case follows. `document` is the compiled policy; one `ref`
    has several digests where the statutory holidays of a year were announced meanwhile."""

    digest: str = Field(primary_key=True)
    ref: str = Field(index=True)
    document: str = Field(sa_type=Text)
    published_at: datetime = Field(sa_type=Instant)


class Offboarding(Table, table=True):
    """A leaver whose cases are being moved. `left_over` names cases that nobody could take, as JSON."""

    staff_id: str = Field(primary_key=True)
    school_id: str
    status: str
    started_by: str
    started_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    total: int = 0
    moved: int = 0
    left_over: str = Field(default="[]", sa_type=Text)
