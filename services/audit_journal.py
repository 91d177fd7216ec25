"""The journal of the audit: entries are durable here, in files of the data folder, before they have their place
in the database. So an outage of the database neither blocks an act nor loses its entry, and acts never wait for
one another's transactions (docs/decisions/0009)."""

import fcntl
import json
import os
import queue
import secrets
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from services.audit_entry import AuditKey, Entry

log = structlog.get_logger(__name__)

_SUFFIX = ".jsonl"
DAMAGED = ".damaged"
_PROGRESS = "progress.json"
_PLACES = TypeAdapter(dict[str, int])
# A file of this size (bytes) is finished, so that it can be dropped once all of it has its place.
_FULL = 1 << 20
# How long (seconds) the end of a process waits for entries that are being written.
_PATIENCE = 5.0


@dataclass(frozen=True)
class Line:
    """An entry as it stands in the journal."""

    entry: Entry
    mac: str


@dataclass(frozen=True)
class Passage:
    """What was read of one file: the place behind it, and the lines in it that are not authentic."""

    name: str
    place: int
    damaged: tuple[bytes, ...]


_Waiting = tuple[Entry, Future[str]]


class Journal:
    """The writer of this process. Whatever waits at one moment is written together."""

    def __init__(self, folder: Path, key: AuditKey) -> None:
        self._folder = folder
        self._key = key
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._begin_anew()

    def _begin_anew(self) -> None:
        # One writer from here on: where a write failed, nobody knows which of its lines are there.
        self._writer = secrets.token_hex(6)
        self._written = 0
        self._files = 0
        self._file: int | None = None
        self._size = 0

    def add(self, entry: Entry) -> Future[str]:
        """Write an entry; the future holds its id once it is durable, or the OSError that prevented it."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit-journal", daemon=True)
                self._thread.start()
        future: Future[str] = Future()
        self._waiting.put((entry, future))
        return future

    def close(self) -> None:
        """Write what waits and finish the file. A later entry opens another one."""
        with self._starting:
            if self._thread is not None:
                self._waiting.put(None)
                self._thread.join(_PATIENCE)
                self._thread = None

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            with suppress(queue.Empty):
                while batch[-1] is not None:
                    batch.append(self._waiting.get_nowait())
            entries = [item for item in batch if item is not None]
            if entries:
                self._write_all(entries)
            if batch[-1] is None:
                self._finish()
                return

    def _write_all(self, entries: list[_Waiting]) -> None:
        # The entry is written even where nobody waits for it any more: the act may have begun.
        waiting = [future.set_running_or_notify_cancel() for _, future in entries]
        error: OSError | None = None
        ids: list[str] = []
        try:
            ids = self._write([entry for entry, _ in entries])
        except OSError as failed:
            log.error("the audit journal cannot be written", error=failed.strerror)
            error = failed
            self._finish()
            self._begin_anew()
        for index, (_, future) in enumerate(entries):
            if not waiting[index]:
                continue
            if error is None:
                future.set_result(ids[index])
            else:
                future.set_exception(error)

    def _write(self, entries: list[Entry]) -> list[str]:
        numbered = [
            entry.model_copy(update={"id": f"{self._writer}-{self._written + place}"})
            for place, entry in enumerate(entries, 1)
        ]
        lines = b"".join(self._line(entry) for entry in numbered)
        file = self._open()
        left = memoryview(lines)
        while left:
            left = left[os.write(file, left) :]
        os.fdatasync(file)
        self._written += len(numbered)
        self._size += len(lines)
        if self._size >= _FULL:
            self._finish()
        return [entry.id for entry in numbered]

    def _line(self, entry: Entry) -> bytes:
        content = entry.canonical()
        return content[:-1] + b',"mac":"' + self._key.entry(content).encode() + b'"}\n'

    def _open(self) -> int:
        if self._file is not None:
            return self._file
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._files += 1
        path = self._folder / f"{self._writer}.{self._files:06d}{_SUFFIX}"
        fresh = path.with_suffix(".new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        # Held as long as more may come, and before anybody reads under its name.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fresh.rename(path)
        synced(self._folder)
        self._file, self._size = file, 0
        return file

    def _finish(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class JournalReader:
    """Reads on in the journals of all processes, also of those that were killed. How far it came is kept beside
    them; where that is lost, lines are read again, which their ids tell."""

    def __init__(self, folder: Path, key: AuditKey) -> None:
        self._folder = folder
        self._key = key

    def unread(self) -> Iterator[tuple[list[Line], Passage]]:
        """For each file, each writer's in the order of writing: the authentic lines that were not passed yet, and
        what is to be passed with them."""
        passed = self._passed()
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            start = passed.get(path.name, 0)
            with path.open("rb") as file:
                file.seek(start)
                block = file.read()
            # The end may be half a line: of one that is being written, or of a killed process.
            block = block[: block.rfind(b"\n") + 1]
            if block:
                read = [(raw, self._understood(raw)) for raw in block.splitlines(keepends=True)]
                damaged = tuple(raw for raw, line in read if line is None)
                lines = [line for _, line in read if line is not None]
                yield lines, Passage(path.name, start + len(block), damaged)

    def _understood(self, raw: bytes) -> Line | None:
        try:
            values = json.loads(raw)
            mac = values.pop("mac")
            entry = Entry.model_validate(values)
        except (ValueError, KeyError, AttributeError):
            return None
        return Line(entry, mac) if self._key.entry(entry.canonical()) == mac else None

    def pass_by(self, passages: Sequence[Passage]) -> None:
        """Everything authentic in these passages is in the database; the rest is put aside now, for `zhuhang audit
        verify` to report. Files all of which is passed, and whose writer is done with them, are deleted."""
        for passage in passages:
            self._put_aside(passage)
        passed = self._passed() | {passage.name: passage.place for passage in passages}
        for name, place in list(passed.items()):
            path = self._folder / name
            if not path.exists():
                del passed[name]
            elif _is_finished(path, place):
                path.unlink()
                del passed[name]
        if passed != self._passed():
            fresh = self._folder / f"{_PROGRESS}.new"
            fresh.write_text(json.dumps(passed))
            fresh.rename(self._folder / _PROGRESS)

    def _put_aside(self, passage: Passage) -> None:
        if not passage.damaged:
            return
        amount = len(passage.damaged)
        log.error("lines of the audit journal are not authentic", file=passage.name, amount=amount)
        with (self._folder / passage.name).with_suffix(DAMAGED).open("ab") as aside:
            aside.writelines(passage.damaged)

    def _passed(self) -> dict[str, int]:
        try:
            return _PLACES.validate_json((self._folder / _PROGRESS).read_bytes())
        except (FileNotFoundError, ValidationError):
            return {}


def _is_finished(path: Path, place: int) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        # Half a line at the end was never acknowledged.
        return file.read().rfind(b"\n") + 1 == place


def synced(folder: Path) -> None:
    """Make a new or renamed file of the folder outlast a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
