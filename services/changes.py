"""Which cases have changed, for pages that are kept up to date: one small query for a whole process, whatever the
number of pages. It tells that something changed, never what: a page reads anew through what its reader may see."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select, text
from sqlmodel import col

from models.tables import CaseRow


@dataclass(frozen=True)
class Change:
    """A case as it is now. Whoever no longer has it, as the mentor before a transfer, is not among its columns."""

    case_id: str
    version: int
    school_id: str
    department_id: str
    mentor_id: str | None
    proposed_mentor_id: str | None
    updated: datetime


@dataclass(frozen=True)
class Mark:
    """How far the ledger has been read: everything below `position` is known, and of what lies above it `seen`."""

    position: int
    seen: frozenset[tuple[str, int]] = frozenset()


class ChangeFeed:
    """The changes of one database, by the order of its commits and by no clock: on PostgreSQL a row belongs to the
    transaction that wrote it, and what older transactions may still commit is looked for again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def since(self, mark: Mark | None) -> tuple[list[Change], Mark]:
        """What has changed since the mark, each once, and the next mark; None: nothing, and the mark of now.

        After a backup was restored, changes may be told that are none; none is ever left out.
        """
        with self._engine.connect() as connection:
            # Before the rows are read: who was under way then has at most more to say now.
            position = _settled(connection)
            if mark is None:
                return [], Mark(position, frozenset(key for key, _ in _rows(connection, position)))
            found = _rows(connection, min(mark.position, position))
        changes = [change for key, change in found if key not in mark.seen]
        return changes, Mark(position, frozenset(key for key, _ in found if key[1] >= position))


def _settled(connection: Connection) -> int:
    """The first number that a write may still get, or that one which is not committed has."""
    if connection.dialect.name == "sqlite":
        return (connection.execute(select(func.max(col(CaseRow.written)))).scalar() or 0) + 1
    query = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return connection.execute(query).scalar_one()


def _rows(connection: Connection, position: int) -> list[tuple[tuple[str, int], Change]]:
    query = select(
        col(CaseRow.case_id),
        col(CaseRow.version),
        col(CaseRow.school_id),
        col(CaseRow.department_id),
        col(CaseRow.mentor_id),
        col(CaseRow.proposed_mentor_id),
        col(CaseRow.updated_at),
        col(CaseRow.written),
        # What is left of an erased file belongs to nobody.
    ).where(col(CaseRow.written) >= position, col(CaseRow.version) > 0)
    if connection.dialect.name != "sqlite":
        # Numbers of a server from which this database was restored lie in this one's future.
        query = query.where(
            col(CaseRow.written) < text("pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        )
    rows = connection.execute(query).all()
    return [((row.case_id, row.written), Change(*row[:-1])) for row in rows]
