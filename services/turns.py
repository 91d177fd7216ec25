"""Turns: what goes by one name is done one at a time, by all processes of an installation."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from weakref import WeakValueDictionary

from sqlalchemy import Engine, func, select

from services.file_lock import exclusive

# Each turn that waits keeps a thread and, on PostgreSQL, a connection from others.
_AT_ONCE = 3
# On SQLite names share so many lock files.
_FILES = 64


class Turns:
    """The turns of one installation. On PostgreSQL a turn is a lock of the database, on SQLite, whose processes are all
    on one machine, a locked file in `folder`; a process that dies gives its turns back."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, name: str) -> AsyncGenerator[None]:
        """Have the turn of a name for the block. Raises SQLAlchemyError where the database is away, or the turn of
        another process lasts longer than a statement may."""
        here = self._here.setdefault(name, asyncio.Lock())
        async with here, self._room:
            held = ExitStack()
            entering = asyncio.create_task(asyncio.to_thread(held.enter_context, self._held(name)))
            try:
                await asyncio.shield(entering)
                yield
            finally:
                # Also a turn that comes after who waited for it has given up.
                await asyncio.shield(asyncio.create_task(_leave(entering, held)))

    @contextmanager
    def _held(self, name: str) -> Generator[None]:
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        if self._engine.dialect.name == "sqlite":
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with exclusive(self._folder / f"{number % _FILES}.lock", on_wait=lambda _holder: None):
                yield
            return
        with self._engine.connect() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(number)))
            yield


async def _leave(entering: "asyncio.Task[None]", held: ExitStack) -> None:
    await asyncio.wait([entering])
    await asyncio.to_thread(held.close)
