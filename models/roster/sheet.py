"""Opening a roster file: what it is, where its header stands, and its rows one after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from pydantic import Field

from models.base import Model
from models.roster.columns import (
    Corrections,
    Header,
    RawRow,
    RowKind,
    find_header,
    kind_of_row,
    roster_columns,
)
from models.roster.csv_file import open_csv
from models.roster.filetype import kind_of_file
from models.roster.problems import refused
from models.roster.workbook import open_workbook

RawRows = Callable[[], Iterator[tuple[int, RawRow]]]


class RosterLimits(Model):
    """How much a roster may hold: bytes of the file, rows below the header, bytes of an unpacked workbook."""

    max_bytes: int = Field(default=50 * 1024 * 1024, gt=0)
    max_rows: int = Field(default=100_000, gt=0)
    max_unpacked_bytes: int = Field(default=1024 * 1024 * 1024, gt=0)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of the file: its number as a spreadsheet shows it (from 1), its cells as they stand by field name,
    and whether it holds a person or is to be skipped (blank, a sum, the header once more)."""

    row: int
    cells: dict[str, str]
    kind: RowKind | Literal["blank"] = "data"


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened roster. It reads from the stream it was given, which must stay open and is not shared."""

    header: Header
    raw_rows: RawRows
    limits: RosterLimits

    def rows(self) -> Iterator[SheetRow]:
        """The rows below the header, streamed; each call starts again. Blank rows at the end are left out.

        Raises `RosterRefused` when what follows cannot be read after all: `too_many_rows` (people and skipped
        rows are counted apart), `broken_workbook`, `broken_csv`.
        """
        last = self.header.row
        people = skipped = 0
        for number, cells in self.raw_rows():
            if number <= self.header.row or not cells:
                continue
            kind = kind_of_row(self.header, cells)
            people += kind == "data"
            skipped += max(number - last - 1, 0) + (kind != "data")
            if max(people, skipped) > self.limits.max_rows:
                raise refused("too_many_rows", limit=self.limits.max_rows, row=number)
            yield from (SheetRow(row=blank, cells={}, kind="blank") for blank in range(last + 1, number))
            yield SheetRow(row=number, cells=self._named(cells), kind=kind)
            last = number

    def _named(self, cells: RawRow) -> dict[str, str]:
        return {field: cells[index] for index, field in self.header.fields.items() if index in cells}


def open_sheet(
    stream: BinaryIO,
    filename: str,
    limits: RosterLimits | None = None,
    corrections: Corrections | None = None,
) -> Sheet:
    """The roster in a seekable stream, told by its content: CSV (UTF-8, UTF-16 with byte order mark, GB18030;
    comma, tab or semicolon) or XLSX (the first sheet with a header, visible sheets first).

    Raises `RosterRefused` with `empty_file`, `file_too_large`, `unsupported_file_type`, `encrypted_workbook`,
    `broken_workbook`, `workbook_too_large`, `workbook_abnormal`, `unknown_charset` or `no_header` (with
    the headers found).
    """
    limits = limits or RosterLimits()
    _check_size(stream, limits)
    tables: Iterator[RawRows]
    if kind_of_file(stream, filename) == "xlsx":
        tables = open_workbook(stream, filename, limits.max_unpacked_bytes)
    else:
        tables = open_csv(stream, filename)
    found: tuple[str, ...] = ()
    for raw_rows in tables:
        header, seen = find_header(raw_rows(), corrections)
        if header:
            return Sheet(header=header, raw_rows=raw_rows, limits=limits)
        found = max(found, seen, key=len)
    if not found:
        raise refused("empty_file")
    within = roster_columns().header_within_rows
    raise refused("no_header", headers_found=found, within=within, found="、".join(found)[:200])


def _check_size(stream: BinaryIO, limits: RosterLimits) -> None:
    size = stream.seek(0, 2)
    stream.seek(0)
    if size == 0:
        raise refused("empty_file")
    if size > limits.max_bytes:
        raise refused("file_too_large", limit_mb=limits.max_bytes // (1024 * 1024))
