"""The store of wrapped data keys: a database of its own, so that no backup of the ledger or of Temporal brings
back a key that was destroyed."""

import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, cast

import structlog
from sqlalchemy import (
    Connection,
    Engine,
    Row,
    bindparam,
    event,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from services.database import engine_of, writing
from services.errors import Unavailable
from services.key_schema import KEYS, migrate_keys

log = structlog.get_logger(__name__)

# Statements name at most so many subjects at once.
_AT_ONCE = 500


@dataclass(frozen=True)
class StoredKey:
    """A wrapped data key; without `wrapped`, what is left of one that was destroyed."""

    subject: str
    key_id: str
    master_id: str
    wrapped: bytes | None
    created_at: datetime
    destroyed_at: datetime | None = None

    @classmethod
    def of(cls, subject: str, key_id: str) -> "StoredKey":
        """The place of a key, still empty."""
        return cls(subject, key_id, "", None, datetime.now(UTC))

    def wrapped_by(self, master_id: str, wrapped: bytes) -> "StoredKey":
        """The same key in another wrapping."""
        return replace(self, master_id=master_id, wrapped=wrapped)


class KeyStore:
    """The keys of one installation. Each method may raise Unavailable (`keys_unavailable`)."""

    def __init__(self, database_url: str) -> None:
        self._engine = engine_of(database_url)
        self._ready = False
        self._preparing = Lock()
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _overwrite_what_goes)

    def close(self) -> None:
        """Close its connections. A later use opens others."""
        self._engine.dispose()

    def find(self, subjects: Iterable[str]) -> dict[str, StoredKey]:
        """The keys of these subjects, as far as there are any."""
        wanted = list(dict.fromkeys(subjects))
        found: dict[str, StoredKey] = {}
        with self._connected(self._engine) as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = KEYS.c.subject.in_(wanted[start : start + _AT_ONCE])
                found |= {row.subject: _stored(row) for row in connection.execute(select(KEYS).where(some))}
        return found

    def find_id(self, key_id: str) -> StoredKey | None:
        """The key with this id."""
        with self._connected(self._engine) as connection:
            row = connection.execute(select(KEYS).where(KEYS.c.key_id == key_id)).one_or_none()
        return _stored(row) if row is not None else None

    def add(self, keys: Sequence[StoredKey]) -> None:
        """Keep new keys in one transaction; a subject that has one already, or had, keeps it."""
        if not keys:
            return
        with self._connected(writing(self._engine)) as connection:
            _insert(connection, keys)

    def destroy(self, subject: str, key_id: str) -> bool:
        """Destroy a subject's key for ever; False where it had none (any more). `key_id` marks the place of
        one that was never made. After Unavailable it may be destroyed already, while the files still hold it: the
        next call clears them."""
        now = datetime.now(UTC)
        nothing = StoredKey(subject, key_id, "", None, now, now)
        live = (KEYS.c.subject == subject) & KEYS.c.wrapped.is_not(None)
        with self._connected(writing(self._engine)) as connection:
            gone = connection.execute(update(KEYS).where(live).values(wrapped=None, destroyed_at=now))
            _insert(connection, [nothing])
        # Also where it was destroyed before: that call may have died before it came here.
        with self._answering():
            self._forget_copies()
        return bool(gone.rowcount)

    def wrapped_otherwise(self, master_id: str, limit: int) -> list[StoredKey]:
        """Some keys that another master key than this one wraps."""
        other = KEYS.c.wrapped.is_not(None) & (KEYS.c.master_id != master_id)
        with self._connected(self._engine) as connection:
            rows = connection.execute(select(KEYS).where(other).order_by(KEYS.c.subject).limit(limit))
            return [_stored(row) for row in rows]

    def rewrap(self, changed: Iterable[tuple[StoredKey, StoredKey]]) -> None:
        """Put keys in another wrapping into the place of what was read, in one transaction. A key that was
        destroyed meanwhile stays so."""
        same = (KEYS.c.subject == bindparam("of")) & (KEYS.c.master_id == bindparam("before"))
        statement = update(KEYS).where(same, KEYS.c.wrapped.is_not(None))
        changes = [
            {"of": old.subject, "before": old.master_id, "master_id": new.master_id, "wrapped": new.wrapped}
            for old, new in changed
        ]
        with self._connected(writing(self._engine)) as connection:
            connection.execute(statement, changes)

    def after(self, subject: str, limit: int) -> list[StoredKey]:
        """The next keys above this subject, also what is left of destroyed ones."""
        query = select(KEYS).where(KEYS.c.subject > subject).order_by(KEYS.c.subject).limit(limit)
        with self._connected(self._engine) as connection:
            return [_stored(row) for row in connection.execute(query)]

    def counts(self) -> tuple[dict[str, int], int]:
        """How many keys each master key wraps, and how many were destroyed."""
        alive = KEYS.c.wrapped.is_not(None)
        query = select(KEYS.c.master_id, func.count()).where(alive).group_by(KEYS.c.master_id)
        gone = select(func.count()).select_from(KEYS).where(~alive)
        with self._connected(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query)}, connection.execute(
                gone
            ).scalar_one()

    @contextmanager
    def _connected(self, engine: Engine) -> Generator[Connection]:
        """A transaction on the store, which the first one brings up to date."""
        with self._answering():
            if not self._ready:
                self._prepare()
            with engine.begin() as connection:
                yield connection

    @contextmanager
    def _answering(self) -> Generator[None]:
        """Whatever the database raises is told as Unavailable."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            log.warning("the key store does not answer", kind=type(error).__name__)
            raise Unavailable(
                "keys_unavailable",
                "密钥库暂时不可用，请稍后重试。",
                "The key store is not available for the moment; try again later.",
            ) from None

    def _prepare(self) -> None:
        with self._preparing:
            if self._engine.dialect.name == "sqlite":
                folder = Path(self._engine.url.database or "").parent
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with writing(self._engine).begin() as connection:
                migrate_keys(connection)
            self._ready = True

    def _forget_copies(self) -> None:
        """Clear what the database still holds of a row's former content."""
        if self._engine.dialect.name == "postgresql":
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM data_key"))
            return
        raw = self._engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # Whether somebody was reading, pages in the log, pages written back.
            (busy, _, _) = cast("tuple[int, int, int]", cursor.fetchone())
        finally:
            raw.close()
        if busy:
            log.warning("the key store's write-ahead log is in use; it is cleared by the next destruction")


def _insert(connection: Connection, keys: Sequence[StoredKey]) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(KEYS).on_conflict_do_nothing(), [vars(key) for key in keys])


def _stored(row: Row[Any]) -> StoredKey:
    return StoredKey(*row)


def _overwrite_what_goes(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA secure_delete=ON")
