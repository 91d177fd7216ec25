"""The SQL database: its engine, and bringing its schema up to date."""

import sqlite3
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, Executable, event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlmodel import create_engine

from models.tables.types import Table
from services.settings import Settings

# A writer waits this long (seconds) for another one on SQLite; commits take milliseconds.
_SQLITE_PATIENCE = 5
# A database that is away must be noticed within seconds, on connecting as on a query.
_POSTGRES_OPTIONS = {"connect_timeout": 5, "options": "-c statement_timeout=15000"}
# A connection that was in use so lately (seconds) is not asked whether it still answers: a server does not end and
# come back in that time.
_SURELY_ALIVE = 1.0
_LAST_USE = "last_use"


def create_engine_from(settings: Settings) -> Engine:
    """The engine of the ledger."""
    return engine_of(settings.database_url)


def engine_of(url: str) -> Engine:
    """An engine. SQLite runs in WAL mode, so that readers never wait for the writer. What a statement carries is
    never part of an error's message, which may be logged."""
    if not url.startswith("sqlite"):
        return _postgresql_engine(url)
    options = {"timeout": _SQLITE_PATIENCE, "check_same_thread": False}
    engine = create_engine(url, connect_args=options, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        # The driver's own transaction control would begin late and as a reader; see `_begin`.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: str) -> Engine:
    engine = create_engine(url, pool_size=10, connect_args=_POSTGRES_OPTIONS, hide_parameters=True)

    @event.listens_for(engine, "checkin")
    def _used(_connection: Any, record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        record.info[_LAST_USE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: Any, _proxy: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        # A new connection has no last use, and answers.
        if time.monotonic() - record.info.get(_LAST_USE, time.monotonic()) < _SURELY_ALIVE:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The pool then opens another one.
            raise DisconnectionError from error

    return engine


def reading(engine: Engine) -> Engine:
    """The same engine for what only reads: on PostgreSQL each query by itself, which sees then what it would see in
    a transaction too (READ COMMITTED), without asking the server to begin and end one."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they take the write lock at their start, so that
    what they read cannot change before they write."""
    return engine.execution_options(writes=True)


@contextmanager
def sent_together(connection: Connection) -> Generator[None]:
    """Statements whose results nobody reads: on PostgreSQL they are sent one after another without waiting for
    each answer. Raises DBAPIError at the end of the block when one has failed, and then none has counted."""
    driver: Any = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        yield
        return
    try:
        with driver.pipeline():
            yield
    except psycopg.Error as error:
        raise DBAPIError(None, None, error, hide_parameters=True) from error


def insert_missing(connection: Connection, rows: Sequence[Table]) -> None:
    """Insert rows of one table, but for those that are there already."""
    if rows:
        statement = _insert_missing(connection.dialect.name, type(rows[0]))  # pyright: ignore[reportArgumentType]
        connection.execute(statement, [_values(row) for row in rows])


def insert_new(connection: Connection, row: Table) -> bool:
    """Insert the row; False where there is one with its key, for whose writer this has waited."""
    statement = _insert_missing(connection.dialect.name, type(row))  # pyright: ignore[reportArgumentType]
    counted = {"preserve_rowcount": True}
    return connection.execute(statement, _values(row), execution_options=counted).rowcount == 1


def replace(connection: Connection, row: Table) -> None:
    """Insert the row, or put it in the place of the one with its key."""
    statement = _replace(connection.dialect.name, type(row))  # pyright: ignore[reportArgumentType]
    connection.execute(statement, _values(row))


def replace_older(connection: Connection, row: Table) -> None:
    """Insert the row, or put it in the place of the one with its key, unless that has the same `version` or a newer
    one."""
    statement = _replace(connection.dialect.name, type(row), older=True)  # pyright: ignore[reportArgumentType]
    connection.execute(statement, _values(row))


def _values(row: Table) -> dict[str, Any]:
    return row.model_dump(exclude=_filled_in(type(row)))  # pyright: ignore[reportArgumentType]


@cache
def _filled_in(table: type[Table]) -> set[str]:
    """The columns that the database fills in by itself."""
    columns = inspect(table).columns
    return {
        column.name for column in columns if column.default is not None and column.default.is_clause_element
    }


# The statements are built once: building one takes longer than executing it. (Pyright takes a class without
# hashable instances for unhashable itself.)
@cache
def _insert_missing(dialect: str, table: type[Table]) -> Executable:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _replace(dialect: str, table: type[Table], *, older: bool = False) -> Executable:
    statement = _insert(dialect, table)
    columns = inspect(table).columns
    keys = [column for column in columns if column.primary_key]
    new = {column.name: statement.excluded[column.name] for column in columns if not column.primary_key}
    which = columns["version"] < statement.excluded["version"] if older else None
    return statement.on_conflict_do_update(index_elements=keys, set_=new, where=which)


def _insert(dialect: str, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("services") / "migrations"))
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


def migrate(settings: Settings) -> None:
    """Bring the schema up to date. Does nothing where it is."""
    command.upgrade(alembic_config(settings.database_url), "head")
