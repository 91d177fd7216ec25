"""The audit as a file to keep elsewhere: one entry a line, and a last line that says what there is."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO

from pydantic import ValidationError
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from models.base import Model
from models.case.kernel import Moment
from models.tables import AuditEntry
from services.audit_entry import GENESIS, AuditKey, Entry, spelt
from services.audit_verify import AuditReport, Walk, rows


class _End(Model):
    """The last line of an export. `before` is the hash of the place before the first entry."""

    entries: int
    first: int
    last: int
    before: str
    hash: str
    exported_at: Moment
    mac: str = ""

    def content(self) -> bytes:
        values = [self.entries, self.first, self.last, self.before, self.hash]
        return spelt([*values, self.exported_at.astimezone(UTC).isoformat()]).encode()


class _Row(Entry):
    """An entry at its place."""

    seq: int
    mac: str
    hash: str


def export_audit(
    engine: Engine, key: AuditKey, target: IO[str], since: datetime | None, until: datetime | None
) -> int:
    """Write the entries of a time (`since` inclusive, `until` exclusive), and how many there are.

    The whole stretch of the chain between the first and the last of them is written, so that it verifies.
    """
    first, last = _stretch(engine, since, until)
    before, hash_, count = _hash_at(engine, first - 1), "", 0
    for row in rows(engine, first, last):
        target.write(spelt(_line(row)) + "\n")
        hash_, count = row.hash, count + 1
    end = _End(
        entries=count,
        first=first,
        last=last,
        before=before,
        hash=hash_ or before,
        exported_at=datetime.now(UTC),
    )
    end = end.model_copy(update={"mac": key.statement(end.content())})
    target.write(spelt({"end": json.loads(end.model_dump_json())}) + "\n")
    return count


def verify_export(lines: Iterable[str], key: AuditKey) -> AuditReport:
    """Hold a file of `export_audit` against its own last line, entry by entry, without any database."""
    found: list[_Row] = []
    end: _End | None = None
    readable = True
    for values in _values(lines):
        try:
            if values is None or end is not None:
                raise ValueError(values)
            if "end" in values:
                end = _End.model_validate(values["end"])
            else:
                found.append(_Row.model_validate(values))
        except (ValueError, ValidationError):
            readable = False
    first = end.first if end is not None else found[0].seq if found else 1
    walk = Walk(
        key, seq=first - 1, hash=end.before if end is not None else GENESIS, from_the_start=first == 1
    )
    for row in found:
        walk.take(row.at_place(row.seq, row.mac, row.hash))
    authentic = end is not None and key.statement(end.content()) == end.mac
    if not (readable and authentic and end is not None and (walk.seq, walk.hash) == (end.last, end.hash)):
        walk.note("file_changed")
    return walk.report(first)


def _values(lines: Iterable[str]) -> Iterator[dict[str, object] | None]:
    for line in lines:
        try:
            values = json.loads(line)
        except ValueError:
            yield None
        else:
            yield values if isinstance(values, dict) else None  # pyright: ignore[reportUnknownVariableType]


def _line(row: AuditEntry) -> dict[str, object]:
    content = json.loads(Entry.of(row).canonical())
    return content | {"seq": row.seq, "mac": row.mac, "hash": row.hash}


def _stretch(engine: Engine, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """The first and the last place; (1, 0) or the like where there is none."""
    query = select(func.min(AuditEntry.seq), func.max(AuditEntry.seq))
    if since is not None:
        query = query.where(col(AuditEntry.at) >= since)
    if until is not None:
        query = query.where(col(AuditEntry.at) < until)
    with Session(engine) as session:
        first, last = session.exec(query).one()
    # Both are NULL where there is none.
    return (first, last) if first else (1, 0)


def _hash_at(engine: Engine, seq: int) -> str:
    with Session(engine) as session:
        found = session.exec(select(AuditEntry.hash).where(AuditEntry.seq == seq)).first()
    return found or GENESIS
