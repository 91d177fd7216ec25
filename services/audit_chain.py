"""The chain of the audit: one after another, entries of the journals get their place in the database. Where the
chain ends is also kept outside it, so that a cut tail or an older database is found."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, insert, select, text
from sqlmodel import col

from models.base import Model
from models.case.kernel import Moment
from models.tables import AuditEntry
from services.audit_entry import GENESIS, AuditKey, spelt
from services.audit_journal import JournalReader, Line, Passage, synced
from services.database import writing
from services.file_lock import exclusive

log = structlog.get_logger(__name__)

# Entries that get their place in one transaction, which other writers on SQLite wait for: some 10 ms.
_TOGETHER = 500
# Seconds between two lines of the anchors: a line each second would be gigabytes in the years they are kept.
_ANCHOR_EVERY = 60.0
# Any number of our own: PostgreSQL's name for the lock of the chain's end.
_LOCK = text("SELECT pg_advisory_xact_lock(722401)")


class Head(Model):
    """Where the chain ended at a time."""

    seq: int
    hash: str
    at: Moment
    mac: str = ""

    def content(self) -> bytes:
        """What `mac` authenticates."""
        return spelt([self.seq, self.hash, self.at.astimezone(UTC).isoformat()]).encode()


@dataclass(frozen=True)
class Place:
    """An end of the chain."""

    seq: int
    hash: str


class Anchors:
    """The ends that the chain had, in the data folder: the last one, and one of each minute in a file that only
    grows. Whoever keeps a copy of these elsewhere can hold even this machine's owner to them."""

    def __init__(self, folder: Path, key: AuditKey) -> None:
        self._head = folder / "head.json"
        self._lines = folder / "anchors.jsonl"
        self._key = key
        self._appended = float("-inf")

    def keep(self, place: Place, *, last: bool = False) -> None:
        """Note where the chain ends now; `last` where nothing may follow for long."""
        head = Head(seq=place.seq, hash=place.hash, at=datetime.now(UTC))
        head = head.model_copy(update={"mac": self._key.statement(head.content())})
        line = head.model_dump_json() + "\n"
        fresh = self._head.with_suffix(".new")
        _write(fresh, os.O_TRUNC, line)
        fresh.rename(self._head)
        synced(self._head.parent)
        if last or time.monotonic() - self._appended >= _ANCHOR_EVERY:
            _write(self._lines, os.O_APPEND, line)
            self._appended = time.monotonic()

    def hold_against(self, place: Place) -> None:
        """Before the chain grows on from here: where it had been longer, that is kept for `audit verify` to find."""
        for head in self._heads(self._head):
            if head is not None and head.seq > place.seq:
                log.error("the audit in the database is shorter than it was", seq=place.seq, known=head.seq)
                _write(self._lines, os.O_APPEND, head.model_dump_json() + "\n")

    def are_there(self) -> bool:
        """Whether both files exist: the first entry makes them, and nothing of ours takes them away."""
        return self._head.exists() and self._lines.exists()

    def known(self) -> Iterator[Head | None]:
        """Every end that was noted, oldest first; None for a line that is not authentic."""
        yield from self._heads(self._lines)
        yield from self._heads(self._head)

    def _heads(self, path: Path) -> Iterator[Head | None]:
        if path.exists():
            with path.open("rb") as file:
                yield from (self._read(line) for line in file)

    def _read(self, line: bytes) -> Head | None:
        try:
            head = Head.model_validate(json.loads(line))
        except ValueError:
            return None
        return head if self._key.statement(head.content()) == head.mac else None


def _write(path: Path, how: int, line: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    try:
        os.write(file, line.encode())
        os.fsync(file)
    finally:
        os.close(file)


class Chain:
    """Takes the journals of all processes of this data folder into the database."""

    def __init__(self, engine: Engine, folder: Path, key: AuditKey) -> None:
        self._engine = writing(engine)
        self._folder = folder
        self._key = key
        self._journals = JournalReader(folder / "journal", key)
        self.anchors = Anchors(folder, key)

    def take_in(self, *, wait: bool = False, last: bool = False) -> None:
        """Give everything in the journals its place.

        Raises LockHeldError where another process is at it (with `wait`: waits for it), SQLAlchemyError while the
        database is away; nothing is lost by either.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with exclusive(self._folder / "chain.lock", (lambda _: None) if wait else None):
            end: Place | None = None
            passages: list[Passage] = []
            for lines, passage in self._journals.unread():
                if end is None:
                    self.anchors.hold_against(self.end())
                for start in range(0, len(lines), _TOGETHER):
                    end = self._append(lines[start : start + _TOGETHER])
                passages.append(passage)
            if end is not None:
                self.anchors.keep(end, last=last)
            self._journals.pass_by(passages)

    def end(self) -> Place:
        """Where the chain ends in the database."""
        with self._engine.connect() as connection:
            return _end(connection)

    def _append(self, lines: list[Line]) -> Place:
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # Processes on other machines have journals and locks of their own.
                connection.execute(_LOCK)
            end = _end(connection)
            ids = [line.entry.id for line in lines]
            known = set(connection.scalars(select(col(AuditEntry.id)).where(col(AuditEntry.id).in_(ids))))
            rows: list[dict[str, object]] = []
            for line in lines:
                if line.entry.id in known:
                    continue
                seq = end.seq + 1
                end = Place(seq, self._key.link(seq, end.hash, line.entry.id, line.mac))
                rows.append(line.entry.at_place(seq, line.mac, end.hash).model_dump())
                # A line that stands twice in a journal must not keep all others waiting.
                known.add(line.entry.id)
            if rows:
                connection.execute(insert(AuditEntry), rows)
        return end


def _end(connection: Connection) -> Place:
    last = select(col(AuditEntry.seq), col(AuditEntry.hash)).order_by(col(AuditEntry.seq).desc()).limit(1)
    found = connection.execute(last).one_or_none()
    return Place(found.seq, found.hash) if found else Place(0, GENESIS)
