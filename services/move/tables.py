"""Copying the ledger: every row as it is, in any number of tries, and the proof that all of them are there."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from models.tables import CaseRow
from services.database import writing

_TOGETHER = 1000

# Naming one table imports, and so registers, all of them.
TABLES: Sequence[Table] = CaseRow.metadata.sorted_tables


def rows_of(engine: Engine) -> dict[str, int]:
    """How many rows each table holds."""
    with engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES
        }


def copy_rows(source: Engine, target: Engine, progress: Callable[[str, int], None]) -> None:
    """Add the rows that the target lacks. `progress` hears of each table how many rows were looked at."""
    for table in TABLES:
        done = 0
        for batch in _batches(source, table):
            values = [dict(row) for row in batch]
            with writing(target).begin() as connection:
                connection.execute(_insert(connection, table), values)
            done += len(batch)
            progress(table.name, done)


def unequal_tables(source: Engine, target: Engine) -> list[str]:
    """The tables whose rows are not the same, whatever their order."""
    return [table.name for table in TABLES if _content(source, table) != _content(target, table)]


def _kept(table: Table) -> list[Any]:
    """The columns that are copied; those that a database fills in by itself are its own numbers (`WriteNumber`)."""
    return [
        column for column in table.columns if column.default is None or not column.default.is_clause_element
    ]


def _batches(engine: Engine, table: Table) -> Iterator[Sequence[RowMapping]]:
    with engine.connect().execution_options(yield_per=_TOGETHER) as connection:
        yield from connection.execute(select(*_kept(table))).mappings().partitions()


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing()


def _content(engine: Engine, table: Table) -> tuple[int, int]:
    """How many rows there are, and the sum of their digests: databases sort texts in different orders."""
    count = total = 0
    for batch in _batches(engine, table):
        for row in batch:
            count += 1
            total += int.from_bytes(hashlib.sha256(repr(tuple(row.values())).encode()).digest(), "big")
    return count, total
