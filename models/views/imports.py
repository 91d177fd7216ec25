"""An import as people see it, and the outcome of each of its rows."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from models.base import Model
from models.roster.problems import RowProblem

ImportStatus = Literal["queued", "reading", "processing", "done", "refused"]
Outcome = Literal["opened", "updated", "unchanged", "skipped", "rejected"]


class FileError(Model):
    """Why a whole file was refused. `headers_found` is what stood where a header was looked for."""

    code: str
    zh: str
    en: str
    headers_found: tuple[str, ...] = ()


class ColumnView(Model):
    """A column of the file: what stands in its header, and what it was read as; None: not at all."""

    header: str
    field: str | None


class ImportView(Model):
    """An import; its counts grow while it runs and add up to `total` in the end. `import_id` is `id`.

    `unrecognised_columns` and `duplicate_columns` are headers whose cells were not read.
    """

    id: str
    import_id: str
    status: ImportStatus
    dry_run: bool
    filename: str
    total: int
    opened: int
    updated: int
    unchanged: int
    skipped: int
    rejected: int
    columns: tuple[ColumnView, ...]
    unrecognised_columns: tuple[str, ...]
    duplicate_columns: tuple[str, ...]
    error: FileError | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class ImportRowView(Model):
    """The outcome of a row. `column`, `code` and the sentences are those of the first of its `problems`."""

    row: int
    outcome: Outcome
    column: str | None = None
    code: str | None = None
    message: str | None = None
    zh: str | None = None
    en: str | None = None
    case_id: str | None = None
    problems: tuple[RowProblem, ...] = Field(default=())
