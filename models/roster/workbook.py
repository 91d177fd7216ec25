"""XLSX as text: what a reader of the sheet sees, streamed, without loading the workbook into memory."""

import re
from array import array
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from weakref import finalize
from xml.parsers import expat
from zipfile import ZipInfo

from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.cell import column_index_from_string
from openpyxl.xml.constants import SHARED_STRINGS
from openpyxl.xml.functions import Element, iterparse

from models.roster.archive import WorkbookArchive, abnormal
from models.roster.columns import RawRow
from models.roster.filetype import unsupported
from models.roster.problems import RosterRefused, refused
from models.roster.workbook_numbers import NumberFormats, read_number_formats

_STRINGS_IN_MEMORY = 4 * 1024 * 1024
_STRINGS_CACHED = 1024
# ECMA-376 §18.3.1.73: the last row that a sheet may have.
_LAST_ROW = 1_048_576


def open_workbook(
    stream: BinaryIO, filename: str, max_unpacked_bytes: int
) -> Iterator[Callable[[], Iterator[tuple[int, RawRow]]]]:
    """The tables of a workbook, visible sheets first.

    Raises `RosterRefused` with `broken_workbook`, `workbook_too_large`, `workbook_abnormal`, `encrypted_workbook`
    or `unsupported_file_type` (a zip archive that is no workbook).
    """
    with _damage_refused():
        archive = WorkbookArchive(stream)
        _check_archive(archive, filename, max_unpacked_bytes)
        book = _Workbook(stream, archive)
        paths = book.sheet_paths()
    yield from (partial(book.rows, path) for path in paths)


@contextmanager
def _damage_refused() -> Generator[None]:
    """Whatever a damaged or hostile archive makes the zip, XML and workbook readers raise is one refusal."""
    try:
        yield
    except RosterRefused:
        raise
    except Exception as error:
        raise refused("broken_workbook") from error


def _check_archive(archive: WorkbookArchive, filename: str, max_unpacked_bytes: int) -> None:
    parts = archive.infolist()
    if sum(part.file_size for part in parts) > max_unpacked_bytes:
        raise refused("workbook_too_large", limit_mb=max_unpacked_bytes // (1024 * 1024))
    if any(part.flag_bits & 0x1 for part in parts):
        raise refused("encrypted_workbook")
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise unsupported(filename, "ZIP")
    if "xl/workbook.bin" in names:
        raise unsupported(filename, ".xlsb")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            _refuse_doctype(archive, part)


def _refuse_doctype(archive: WorkbookArchive, part: ZipInfo) -> None:
    """Workbooks have no document type; one that has wants to expand entities."""
    prolog = True

    def refuse(*_: object) -> None:
        raise refused("broken_workbook")

    def end_prolog(*_: object) -> None:
        nonlocal prolog
        prolog = False

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = end_prolog
    with archive.open(part) as source:
        while prolog and (chunk := source.read(4096)):
            try:
                parser.Parse(chunk, False)
            except expat.ExpatError:
                return  # Whoever needs this part will stumble over it.


class _Workbook:
    """The parts of a workbook that a roster needs; nothing else in it is read, so nothing else can be wrong."""

    def __init__(self, stream: BinaryIO, archive: WorkbookArchive) -> None:
        reader = ExcelReader(stream, read_only=True, keep_links=False)
        reader.archive = self._archive = archive
        reader.read_manifest()
        reader.read_workbook()
        self._reader = reader
        self._strings = _read_strings(archive, reader.package)
        self._formats = read_number_formats(archive, reader.wb.epoch)

    def sheet_paths(self) -> list[str]:
        visible: list[str] = []
        hidden: list[str] = []
        for sheet, relation in self._reader.parser.find_sheets():
            path = cast("str", relation.target)
            if "chartsheet" not in relation.Type and path in self._reader.valid_files:
                (visible if sheet.state == "visible" else hidden).append(path)
        # Each once, however often it is named.
        return list(dict.fromkeys(visible + hidden))

    def rows(self, path: str) -> Iterator[tuple[int, RawRow]]:
        with _damage_refused(), self._archive.streamed(path) as source:
            number = seen = 0
            data: Element | None = None
            for event, element in iterparse(source, ("start", "end")):
                tag = _local(element)
                if tag == "sheetData":
                    if event == "end":
                        return
                    data = element
                elif tag == "row" and event == "end" and data is not None:
                    seen += 1
                    if seen > _LAST_ROW:
                        raise abnormal(path)
                    number = int(element.get("r") or number + 1)
                    yield number, _row_cells(element, self._strings, self._formats)
                    data.clear()
                    source.passed()


def _row_cells(row: Element, strings: "_Strings", formats: NumberFormats) -> RawRow:
    cells: dict[int, str] = {}
    index = -1
    for cell in row:
        reference = re.match("[A-Z]+", cell.get("r") or "")
        index = column_index_from_string(reference[0]) - 1 if reference else index + 1
        text = _cell_text(cell, strings, formats)
        if text.strip():
            cells[index] = text
    return cells


def _cell_text(cell: Element, strings: "_Strings", formats: NumberFormats) -> str:
    """What the cell shows. An error such as #N/A is nothing; a formula that was never calculated is its text."""
    parts = {_local(child): child for child in cell}
    value = parts["v"].text or "" if "v" in parts else ""
    match cell.get("t", "n"):
        case "s":
            return strings[int(value)]
        case "inlineStr":
            return _rich_text(parts["is"]) if "is" in parts else ""
        case "b":
            return "是" if value == "1" else "否"
        case "e":
            return ""
        case "n":
            if not value:
                return "=" + (parts["f"].text or "") if "f" in parts else ""
            return formats.text(value, int(cell.get("s") or 0))
        case _:
            return value


def _rich_text(item: Element) -> str:
    """The text of a string with or without formatted runs, without the phonetic hints beside it."""
    runs = [run for child in item for run in (child if _local(child) == "r" else (child,))]
    return "".join(run.text or "" for run in runs if _local(run) == "t")


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


class _Strings:
    """The shared strings, on disk once they are many: a roster's names and numbers are mostly distinct."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_STRINGS_IN_MEMORY)  # noqa: SIM115 - closed with this object
        self._ends = array("Q", [0])
        self._cache: dict[int, str] = {}
        finalize(self, self._file.close)

    def append(self, text: str) -> None:
        self._ends.append(self._ends[-1] + self._file.write(text.encode("utf-8")))

    def __getitem__(self, index: int) -> str:
        if index in self._cache:
            return self._cache[index]
        if index < 0:
            raise IndexError(index)
        start, end = self._ends[index], self._ends[index + 1]
        self._file.seek(start)
        text = self._file.read(end - start).decode("utf-8")
        if len(self._cache) < _STRINGS_CACHED:
            self._cache[index] = text
        return text


def _read_strings(archive: WorkbookArchive, package: Manifest) -> _Strings:
    strings = _Strings()
    paths = [str(part.PartName) for part in package.findall(SHARED_STRINGS)]
    if not paths:
        return strings
    with archive.streamed(paths[0].lstrip("/")) as source:
        table: Element | None = None
        for event, element in iterparse(source, ("start", "end")):
            if event == "start" and _local(element) == "sst":
                table = element
            elif event == "end" and _local(element) == "si" and table is not None:
                strings.append(_rich_text(element))
                table.clear()
                source.passed()
    return strings
