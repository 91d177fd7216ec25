"""CSV as spreadsheets of this country save it: UTF-8, UTF-16 or GB18030; commas, tabs or semicolons."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

from models.roster.columns import RawRow, find_header
from models.roster.filetype import chunks
from models.roster.problems import RosterRefused, refused

_DELIMITERS = ",\t;"


def open_csv(stream: BinaryIO, filename: str) -> Iterator[Callable[[], Iterator[tuple[int, RawRow]]]]:
    """The one table of a text, read with the delimiter under which most of its header is recognised.

    Raises `RosterRefused` with `unknown_charset`; reading the rows raises it with `broken_csv`.
    """
    encoding = find_encoding(stream)
    readers = [partial(_rows, stream, encoding, delimiter) for delimiter in _DELIMITERS]
    yield max(readers, key=_columns_recognised)


def find_encoding(stream: BinaryIO) -> str:
    """The encoding in which the whole stream decodes: UTF-16 by its mark, UTF-8, else GB18030 (which holds GBK)."""
    stream.seek(0)
    by_mark = stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    for encoding in ("utf-16",) if by_mark else ("utf-8-sig", "gb18030"):
        if _decodes(stream, encoding):
            return encoding
    raise refused("unknown_charset")


def _decodes(stream: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in chunks(stream):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _columns_recognised(rows: Callable[[], Iterator[tuple[int, RawRow]]]) -> int:
    try:
        header, seen = find_header(rows())
    except RosterRefused:
        return -1  # Under the wrong delimiter quotes may seem broken.
    # A file without a header is shown under the delimiter that splits it most.
    return 1000 + len(header.fields) if header else len(seen)


def _rows(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[tuple[int, RawRow]]:
    """Each record with its number, blank ones too, as a spreadsheet numbers them."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        for number, record in _records(text, delimiter):
            # Under the wrong delimiter an empty row is a cell full of the right one.
            yield (
                number,
                {index: cell for index, cell in enumerate(record) if cell.strip().strip(_DELIMITERS)},
            )
    finally:
        text.detach()


def _records(text: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    lines: list[str] = []
    number = 0
    try:
        for record in csv.reader(_kept(text, lines), delimiter=delimiter):
            number += 1
            _check_quotes(lines, delimiter, number)
            lines.clear()
            yield number, record
    except csv.Error as error:
        raise refused("broken_csv", row=number + 1) from error


def _kept(text: Iterator[str], lines: list[str]) -> Iterator[str]:
    """The lines of the text, each also put where the check of the quotes finds it."""
    for line in text:
        lines.append(line)
        yield line


def _check_quotes(lines: list[str], delimiter: str, number: int) -> None:
    """A quotation mark that is never closed would silently swallow the rows after it: read the lines of such a
    record again strictly. One line alone may hold a stray mark, as long as the record ends with it."""
    if len(lines) == 1 and lines[0].count('"') % 2 == 0:
        return
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        if len(lines) > 1 or "unexpected end" in str(error):
            raise refused("broken_csv", row=number) from error
