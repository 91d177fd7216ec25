"""The outcomes of an import's rows, to read and to take away as a CSV file."""

import csv
import io
from collections.abc import Iterator

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.case.kernel import Actor
from models.roster.columns import Header, roster_columns
from models.roster.guard import guard_cell
from models.tables import ImportJob, ImportRow
from models.views.imports import ImportRowView, Outcome
from models.views.page import Page
from services.errors import BadCursor
from services.import_seals import ImportSeals
from services.imports import Imports
from services.vault import Vault

_PAGE = 500
# None of these is a column of a roster, so that the file can be mended and imported again as it is.
_TOLD = ("行号", "结果", "问题列", "代码", "原因", "Reason", "档案编号")


class ImportRows:
    """Reads outcomes, within what the actor may read."""

    def __init__(self, engine: Engine, imports: Imports, vault: Vault) -> None:
        self._engine = engine
        self._imports = imports
        self._seals = ImportSeals(vault)

    def page(
        self, actor: Actor, import_id: str, *, outcome: Outcome | None, cursor: str | None, limit: int
    ) -> Page[ImportRowView]:
        """A page of the rows that have an outcome, by number. Raises NotFound (`import_unknown`), BadCursor."""
        job = self._imports.require(actor, import_id)
        if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
            raise BadCursor
        rows = self._rows(import_id, outcome, int(cursor or 0), limit + 1)
        items = [self._view(job, row) for row in rows[:limit]]
        return Page(items=items, next_cursor=str(items[-1].row) if len(rows) > limit else None)

    def csv(self, actor: Actor, import_id: str, *, outcome: Outcome | None) -> Iterator[str]:
        """The rows as parts of a CSV file, safe to open in a spreadsheet. Who sent the file finds the cells of what
        was rejected as they were sent, to mend them; others find the outcomes alone.

        Raises NotFound (`import_unknown`).
        """
        job = self._imports.require(actor, import_id)
        fields: list[str] = []
        if job.created_by == actor.id:
            fields = list(Header.model_validate_json(self._seals.opened(job, "header")).fields.values())
        return self._csv(job, outcome, fields)

    def _csv(self, job: ImportJob, outcome: Outcome | None, fields: list[str]) -> Iterator[str]:
        titles = [roster_columns().zh(field) for field in fields]
        # The byte order mark tells spreadsheets that this is UTF-8.
        yield "\ufeff" + _line([*_TOLD, *titles])
        after = 0
        while rows := self._rows(job.id, outcome, after, _PAGE):
            yield "".join(_line(self._cells(job, row, fields)) for row in rows)
            after = rows[-1].row

    def _rows(self, import_id: str, outcome: Outcome | None, after: int, limit: int) -> list[ImportRow]:
        wanted = col(ImportRow.outcome).is_not(None) if outcome is None else col(ImportRow.outcome) == outcome
        query = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.row > after, wanted)
        with Session(self._engine) as session:
            return list(session.exec(query.order_by(col(ImportRow.row)).limit(limit)).all())

    def _view(self, job: ImportJob, row: ImportRow) -> ImportRowView:
        problems = self._seals.open_problems(row)
        first = problems[0] if problems else None
        # A dry run opens nothing, whatever it answers, nor does a rejected row.
        exists = row.outcome != "rejected" and not (job.dry_run and row.outcome == "opened")
        return ImportRowView.model_validate(
            {
                "row": row.row,
                "outcome": row.outcome,
                "column": first.column or None if first else None,
                "code": first.code if first else None,
                "message": f"{first.zh} {first.en}" if first else None,
                "zh": first.zh if first else None,
                "en": first.en if first else None,
                "case_id": row.case_id if exists else None,
                "problems": problems,
            }
        )

    def _cells(self, job: ImportJob, row: ImportRow, fields: list[str]) -> list[str]:
        view = self._view(job, row)
        cells = self._seals.open_cells(job.id, row.row, row.cells, rejected=row.outcome == "rejected")
        told = (
            str(view.row),
            view.outcome,
            "、".join(dict.fromkeys(problem.column for problem in view.problems if problem.column)),
            " ".join(problem.code for problem in view.problems),
            "".join(problem.zh for problem in view.problems),
            " ".join(problem.en for problem in view.problems),
            view.case_id or "",
        )
        return [*told, *(cells.get(field, "") for field in fields)]


def _line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([guard_cell(cell) for cell in cells])
    return line.getvalue()
