"""Attachments of cases: what there is; the files themselves are in the data folder."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from models.tables.types import Instant, Table


class Attachment(Table, table=True):
    """One file of a case. `kind` is what it proves (an evidence type), `filename` and `sha256` are sealed with the
    case's key, `blob` is the name of the sealed file in the case's folder.

    `named_at`: something in the case refers to it, so it stays. `removed_at`: it is on its way out, and only the
    deletion of its file may be missing.
    """

    __table_args__ = (Index("ix_attachment_case", "case_id", "uploaded_at", "id"),)

    id: str = Field(primary_key=True)
    case_id: str
    kind: str
    filename: str = Field(sa_type=Text)
    sha256: str = Field(sa_type=Text)
    blob: str
    media_type: str
    size_bytes: int
    uploaded_by: str
    uploaded_at: datetime = Field(sa_type=Instant)
    named_at: datetime | None = Field(default=None, sa_type=Instant)
    removed_at: datetime | None = Field(default=None, sa_type=Instant)
