"""The zip archive of a workbook, read so that no part of it can fill the memory or keep a core busy for long."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import IO, BinaryIO
from zipfile import ZipFile, ZipInfo

from models.roster.problems import RosterRefused, refused

# Far above what spreadsheet programs write, far below what hurts. A row of 16,384 cells (ECMA-376 allows no more)
# and a text of 32,767 characters stay well under the first.
_MOST_AT_ONCE = 2 * 1024 * 1024
_MOST_WHOLE = 8 * 1024 * 1024
_MOST_PARTS = 5000


class Metered:
    """A stream that gives no more than 2 MB between two calls of `passed`: what is built from it and not yet
    thrown away stays small, whatever the part is made of."""

    def __init__(self, source: IO[bytes], name: str) -> None:
        self._source = source
        self._name = name
        self._left = _MOST_AT_ONCE

    def read(self, size: int = -1) -> bytes:
        """Raises `RosterRefused` `workbook_abnormal`."""
        if self._left <= 0:
            raise abnormal(self._name)
        data = self._source.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(data)
        return data

    def passed(self) -> None:
        """What was read so far has been taken in and thrown away."""
        self._left = _MOST_AT_ONCE


class WorkbookArchive(ZipFile):
    """An archive whose parts are read whole up to 8 MB only; sheets and strings are `streamed`.

    A part is never read beyond the size that the directory gives for it, so a directory that lies gains nothing.
    Raises `RosterRefused` `workbook_abnormal`, as reading does.
    """

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream)
        if len(self.infolist()) > _MOST_PARTS:
            raise abnormal("ZIP")

    def read(self, name: str | ZipInfo, pwd: bytes | None = None) -> bytes:
        """A part as a whole."""
        part = name if isinstance(name, ZipInfo) else self.getinfo(name)
        if part.file_size > _MOST_WHOLE:
            raise abnormal(part.filename)
        return super().read(part, pwd)

    @contextmanager
    def streamed(self, name: str) -> Generator[Metered]:
        """A part to be parsed while it is read."""
        with self.open(name) as source:
            yield Metered(source, name)


def abnormal(part: str) -> RosterRefused:
    """The refusal of a part that no spreadsheet program makes."""
    return refused("workbook_abnormal", part=part[:100])
