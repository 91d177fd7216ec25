"""Certificates of erasure: that a file was erased, when, why and by whom. They outlive the file."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from models.tables.types import Instant, Table


class ErasureCertificate(Table, table=True):
    """The erasure of one case; it is under way until `completed_at` is set, and `mac` then seals all the rest.

    `case_id` is a keyed hash and the only thing that leads back to a person, for those who know the student number
    and have the key: without it nobody could be told what became of their file, nor be kept from being taken in
    again unawares. `mentor_id` says who could read the file. `ending`, `kept_since` and `retention_ends_at` are how,
    when and until when it was kept. `removed` counts what was deleted or emptied, as JSON.
    """

    __table_args__ = (Index("ix_erasure_school", "school_id", "decided_at", "number"),)

    number: str = Field(primary_key=True)
    case_id: str = Field(unique=True)
    school_id: str
    department_id: str
    mentor_id: str | None = None
    ground: str
    requested_by: str
    requested_at: datetime = Field(sa_type=Instant)
    approved_by: str
    decided_at: datetime = Field(sa_type=Instant)
    ending: str
    kept_since: datetime = Field(sa_type=Instant)
    retention_ends_at: datetime = Field(sa_type=Instant)
    policy_ref: str
    events: int
    key_id: str | None = None
    key_destroyed_at: datetime | None = Field(default=None, sa_type=Instant)
    removed: str = Field(default="{}", sa_type=Text)
    completed_at: datetime | None = Field(default=None, sa_type=Instant)
    backups_until: datetime | None = Field(default=None, sa_type=Instant)
    mac: str | None = None
