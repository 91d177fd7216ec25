"""The SQL database: its engine, and bringing its schema up to date."""

import sqlite3
from collections.abc import Sequence
from importlib import resources
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, create_engine

from models.tables.types import Table
from services.settings import Settings

# A writer waits this long (seconds) for another one on SQLite; commits take milliseconds.
_SQLITE_PATIENCE = 5
# A database that is away must be noticed within seconds, on connecting as on a query.
_POSTGRES_OPTIONS = {"connect_timeout": 5, "options": "-c statement_timeout=15000"}


def create_engine_from(settings: Settings) -> Engine:
    """The engine of the ledger. SQLite runs in WAL mode, so that readers never wait for the writer."""
    url = settings.database_url
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, connect_args=_POSTGRES_OPTIONS)
    engine = create_engine(url, connect_args={"timeout": _SQLITE_PATIENCE, "check_same_thread": False})

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


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they take the write lock at their start, so that
    what they read cannot change before they write."""
    return engine.execution_options(writes=True)


def insert_missing(session: Session, rows: Sequence[Table]) -> None:
    """Insert rows of one table, but for those that are there already."""
    if not rows:
        return
    make = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    statement = make(type(rows[0])).on_conflict_do_nothing()
    session.connection().execute(statement, [row.model_dump() for row in rows])


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("services") / "migrations"))
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


def migrate(settings: Settings) -> None:
    """Bring the schema up to date. Does nothing where it is."""
    command.upgrade(alembic_config(settings.database_url), "head")
