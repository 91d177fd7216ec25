"""What an import keeps, sealed. Two keys: the import's own, which is also its workflow's, and one for the file and
its rows, which is destroyed when the import ends: no backup then holds a roster that anyone can read."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter

from models.roster.problems import RowProblem
from models.tables import ImportJob, ImportRow
from services.data_key import KeyDestroyed
from services.sealed_file import read_sealed, write_sealed
from services.vault import Vault

_PROBLEMS = TypeAdapter(tuple[RowProblem, ...])
_CELLS = TypeAdapter(dict[str, str])


class ImportSeals:
    """Seals and opens what belongs to imports."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def begin(self, import_id: str) -> None:
        """Make the keys of an import."""
        self._vault.ensure([workflow_id(import_id), _rows(import_id)])

    def end(self, import_id: str) -> None:
        """Make the file and all rows that were not rejected unreadable, wherever copies of them are."""
        self._vault.destroy(_rows(import_id))

    def warm(self, import_ids: Collection[str]) -> None:
        """Have the keys of many imports at hand."""
        self._vault.warm(workflow_id(import_id) for import_id in import_ids)

    def column(self, import_id: str, name: str, text: str) -> str:
        """A sealed column of the import's record."""
        return self._vault.seal(workflow_id(import_id), text, f"import_job.{name}")

    def opened(self, job: ImportJob, name: str) -> str:
        """A column of the import's record."""
        return self._vault.open(workflow_id(job.id), getattr(job, name), f"import_job.{name}")

    def cells(self, import_id: str, row: int, cells: dict[str, str], *, rejected: bool = False) -> str:
        """Sealed cells of a row: those of a rejected one outlast the import."""
        subject = workflow_id(import_id) if rejected else _rows(import_id)
        return self._vault.seal(subject, json.dumps(cells, ensure_ascii=False), f"import_row.cells:{row}")

    def open_cells(
        self, import_id: str, row: int, sealed: str | None, *, rejected: bool = False
    ) -> dict[str, str]:
        """The cells of a row, none where they were emptied."""
        if sealed is None:
            return {}
        subject = workflow_id(import_id) if rejected else _rows(import_id)
        try:
            return _CELLS.validate_json(self._vault.open(subject, sealed, f"import_row.cells:{row}"))
        except KeyDestroyed:
            # The import has ended a moment ago.
            return {}

    def problems(self, import_id: str, row: int, problems: Sequence[RowProblem]) -> str | None:
        """Sealed problems of a row; nothing where there are none."""
        if not problems:
            return None
        text = _PROBLEMS.dump_json(tuple(problems)).decode()
        return self._vault.seal(workflow_id(import_id), text, f"import_row.problems:{row}")

    def open_problems(self, row: ImportRow) -> tuple[RowProblem, ...]:
        """The problems of a row."""
        if row.problems is None:
            return ()
        place = f"import_row.problems:{row.row}"
        return _PROBLEMS.validate_json(self._vault.open(workflow_id(row.import_id), row.problems, place))

    def write_file(self, import_id: str, path: Path, upload: BinaryIO) -> None:
        """Keep the uploaded file."""
        write_sealed(path, self._vault.key(_rows(import_id)), self._vault.algorithm, upload)

    def open_file(self, job: ImportJob, path: Path) -> BinaryIO:
        """The uploaded file."""
        return read_sealed(path, self._vault.key(_rows(job.id)), job.size_bytes)


def workflow_id(import_id: str) -> str:
    """The import's workflow."""
    return f"import-{import_id}"


def _rows(import_id: str) -> str:
    return f"rows-{import_id}"
