"""Imports of rosters and the outcome of every row."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from models.tables.types import Instant, Table


class ImportJob(Table, table=True):
    """One uploaded roster. `status`: queued, reading, processing, done, refused. `options` is JSON."""

    id: str = Field(primary_key=True)
    school_id: str
    filename: str
    size_bytes: int
    sha256: str
    dry_run: bool
    options: str = Field(sa_type=Text)
    status: str
    error: str | None = Field(default=None, sa_type=Text)
    created_by: str
    created_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    total: int = 0
    opened: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0


class ImportRow(Table, table=True):
    """One row of the file. `row` is its number in the file, from 1. `cells` is JSON and emptied when judged;
    `problems` a JSON list of column, code and sentences."""

    import_id: str = Field(primary_key=True)
    row: int = Field(primary_key=True)
    cells: str = Field(default="{}", sa_type=Text)
    outcome: str | None = Field(default=None, index=True)
    case_id: str | None = None
    problems: str = Field(default="[]", sa_type=Text)
