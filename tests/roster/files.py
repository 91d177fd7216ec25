"""Roster files made in memory."""

import io
from collections.abc import Mapping, Sequence
from datetime import date
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook

Cell = str | int | float | bool | date | None


def csv_file(text: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


def xlsx_file(
    *sheets: Sequence[Sequence[Cell]], formats: Mapping[str, str] | None = None, hidden: Sequence[int] = ()
) -> io.BytesIO:
    """A workbook of these sheets; `formats` are number formats by cell of the first sheet."""
    book = Workbook()
    first = book.active or book.create_sheet()
    for index, rows in enumerate(sheets):
        sheet = first if index == 0 else book.create_sheet()
        for row in rows:
            sheet.append(list(row))
        sheet.sheet_state = "hidden" if index in hidden else "visible"
    for cell, number_format in (formats or {}).items():
        first[cell].number_format = number_format
    stream = io.BytesIO()
    book.save(stream)
    return stream


def with_part(workbook: io.BytesIO, name: str, old: str, new: str) -> io.BytesIO:
    """The workbook with a text in one of its parts replaced, or, where the old text is empty, with a new part."""
    changed = io.BytesIO()
    with ZipFile(workbook) as source, ZipFile(changed, "w", ZIP_DEFLATED) as target:
        parts = {part: source.read(part) for part in source.namelist()}
        assert old.encode() in parts.setdefault(name, b"")
        parts[name] = parts[name].replace(old.encode(), new.encode()) if old else new.encode()
        for part, content in parts.items():
            target.writestr(part, content)
    return changed
