"""Batches: one command for many cases (批量办理), and what became of it in each."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from models.tables.types import Instant, Table


class Batch(Table, table=True):
    """A batch under way or ended. `command` is the command as JSON, sealed under a key that is destroyed when the batch
    ends; it is emptied then. `actor` is who asked, as JSON, with those for whom that one stood in; `request_digest` a
    keyed hash of what was asked."""

    __table_args__ = (Index("ix_batch_created", "created_by", "created_at", "id"),)

    id: str = Field(primary_key=True)
    school_id: str
    type: str
    command: str | None = Field(default=None, sa_type=Text)
    request_digest: str
    actor: str = Field(sa_type=Text)
    created_by: str
    created_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)


class BatchItem(Table, table=True):
    """One case of a batch, by its number in the request, from 1.

    `outcome`: done, refused, None while it is pending; `version` is that of the case after it. `refusal` is the
    sentences as JSON, sealed with the batch's key. `case_id` is None where the case has been erased.
    """

    __table_args__ = (
        Index("ix_batch_item_case", "case_id"),
        Index("ix_batch_item_outcome", "batch_id", "outcome", "number"),
    )

    batch_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    case_id: str | None = None
    outcome: str | None = None
    version: int | None = None
    code: str | None = None
    refusal: str | None = Field(default=None, sa_type=Text)
