"""The databases that the product runs on, empty and with its tables."""

import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, text

from deploy.local import postgresql as local
from services.database import engine_of, migrate
from services.settings import Settings
from tests.product import free_port


@contextmanager
def postgresql() -> Generator[str]:
    """The URL of a PostgreSQL server of its own, on a port that no Temporal server of the tests takes."""
    with local.postgresql(free_port()) as url:
        yield url


@contextmanager
def settings_on(dialect: str, folder: Path) -> Generator[Settings]:
    """The settings of an installation with its tables: on SQLite in `folder`, or on a PostgreSQL server of its own."""
    settings = Settings.model_validate({"data_dir": folder})
    with ExitStack() as stack:
        if dialect == "postgresql":
            settings.database_url = stack.enter_context(postgresql())
        migrate(settings)
        yield settings


@contextmanager
def ledger_on(dialect: str, folder: Path) -> Generator[tuple[Settings, Engine]]:
    """The same, with an engine on its ledger."""
    with settings_on(dialect, folder) as settings:
        engine = engine_of(settings.database_url)
        try:
            yield settings, engine
        finally:
            engine.dispose()


class Held:
    """An engine whose first statement that begins with one of these words waits before it is sent. `reached`: it is
    there; `let_go`: sent. All other statements pass."""

    def __init__(self, engine: Engine, *statements: str) -> None:
        self.reached, self.let_go = threading.Event(), threading.Event()
        self._statements = statements
        event.listen(engine, "before_cursor_execute", self._hold)

    def _hold(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(self._statements) and not self.reached.is_set():
            self.reached.set()
            self.let_go.wait(60)


def somebody_waits_for_a_lock(engine: Engine) -> bool:
    """Whether a transaction on this PostgreSQL server waits for another one."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with engine.connect() as connection:
        return connection.scalar(waiting) > 0
