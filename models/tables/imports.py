"""Imports of rosters and the outcome of every row."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from models.tables.types import Instant, Table


class ImportJob(Table, table=True):
    """One uploaded roster. `status`: queued, reading, processing, done, refused. `header`, `options`
    and `error` (the refusal of the whole file) are JSON. `filename`, `header` and `error` are sealed with the import's
    key. `role` and `department_id` are the importer's."""

    __table_args__ = (Index("ix_import_created", "school_id", "created_at", "id"),)

    id: str = Field(primary_key=True)
    school_id: str
    filename: str = Field(sa_type=Text)
    size_bytes: int
    sha256: str
    dry_run: bool
    header: str = Field(sa_type=Text)
    options: str = Field(sa_type=Text)
    status: str
    error: str | None = Field(default=None, sa_type=Text)
    created_by: str
    role: str
    department_id: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    total: int = 0
    opened: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0


class ImportRow(Table, table=True):
    """One row of the file. `row` is its number in the file, from 1.

    `cells` is JSON under a key that is destroyed when the import ends. Only those of rejected rows, which go back to
    people, stay, under the import's key; so is `problems`, a JSON list of column, code and sentences.
    `case_id` is that of the person whom the row names, also where it was rejected, so that an erasure finds it.
    `id_number_key` is a keyed hash; it tells two rows of one file apart that claim the same ID number.
    """

    __table_args__ = (
        Index("ix_import_row_case", "case_id", "import_id"),
        Index("ix_import_row_id_number", "import_id", "id_number_key"),
        Index("ix_import_row_outcome", "import_id", "outcome", "row"),
    )

    import_id: str = Field(primary_key=True)
    row: int = Field(primary_key=True)
    cells: str | None = Field(default=None, sa_type=Text)
    outcome: str | None = None
    case_id: str | None = None
    id_number_key: str | None = None
    problems: str | None = Field(default=None, sa_type=Text)
