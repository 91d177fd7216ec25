"""The audit: who did what, when and from where. Rows are only ever added."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from models.tables.types import Instant, Table


class AuditEntry(Table, table=True):
    """One entry at its place `seq` in the chain. It holds ids and codes only, so that it may outlive the file.

    `id` is the writer (one per process and start) with its own count, `<writer>-<n>`: a missing number is a missing
    entry. `mac` authenticates the content, `hash` the place: it covers the hash of the place before. `detail` is
    JSON.
    """

    __table_args__ = (
        Index("ix_audit_school", "school_id", "seq"),
        Index("ix_audit_case", "case_id", "seq"),
        Index("ix_audit_actor", "actor_id", "seq"),
        Index("ix_audit_at", "at"),
        # Read by Alembic's environment: the migration guards the table against changes.
        {"info": {"append_only": True}},
    )

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: str = Field(unique=True)
    at: datetime = Field(sa_type=Instant)
    school_id: str
    actor_id: str
    actor_role: str
    how: str
    address: str
    act: str
    case_id: str | None = None
    purpose: str | None = None
    outcome: str
    code: str | None = None
    request_id: str | None = None
    detail: str = Field(default="{}", sa_type=Text)
    mac: str
    hash: str
