"""Who may read or act beyond their own rows, for a time: standing in for somebody, and break-glass."""

from datetime import date, datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from models.tables.types import Instant, Table


class Delegation(Table, table=True):
    """`to_id` stands in for `from_id` as mentor; both dates are inclusive."""

    __table_args__ = (
        Index("ix_delegation_to", "to_id", "until_on"),
        Index("ix_delegation_school", "school_id", "created_at", "id"),
    )

    id: str = Field(primary_key=True)
    school_id: str
    department_id: str | None = None
    from_id: str
    to_id: str
    from_on: date
    until_on: date
    reason: str
    created_by: str
    created_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_by: str | None = None


class BreakGlass(Table, table=True):
    """A case that somebody opened in an emergency, for reading until `until`. `reason` is sealed with the key of
    the case; `department_id` is that of the case."""

    __table_args__ = (
        Index("ix_break_glass_actor", "actor_id", "until"),
        Index("ix_break_glass_school", "school_id", "opened_at", "id"),
    )

    id: str = Field(primary_key=True)
    school_id: str
    department_id: str
    case_id: str = Field(index=True)
    actor_id: str
    purpose: str
    reason: str = Field(sa_type=Text)
    opened_at: datetime = Field(sa_type=Instant)
    until: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_by: str | None = None
