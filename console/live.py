"""Pages that follow what happens elsewhere: one look at the ledger each second for all of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from nicegui import Client, context
from sqlalchemy.exc import SQLAlchemyError

from console.backend import Refusal
from console.visit import installation
from services.changes import Change, ChangeFeed, Mark

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 1.0


@dataclass(eq=False)
class _Watch:
    client: Client
    wanted: Callable[[Change], bool]
    then: Callable[[], Awaitable[None]]
    busy: bool = False
    again: bool = False


class Live:
    """Tells pages that a case changed; each then asks the API anew as its own person."""

    def __init__(self) -> None:
        self._watches: set[_Watch] = set()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    def watch(self, wanted: Callable[[Change], bool], then: Callable[[], Awaitable[None]]) -> None:
        """Call `then` in the present page whenever a case changed that `wanted` asks for, until the page is gone."""
        found = _Watch(context.client, wanted, then)
        self._watches.add(found)
        context.client.on_delete(lambda: self._watches.discard(found))

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        feed = ChangeFeed(installation()[0].state.services.engine)
        mark: Mark | None = None
        while True:
            try:
                changes, mark = await asyncio.to_thread(feed.since, mark)
            except SQLAlchemyError:
                changes = []
            for watch in list(self._watches):
                if watch.client.has_socket_connection and any(map(watch.wanted, changes)):
                    self._tell(watch)
            await asyncio.sleep(_LOOK_SECONDS)

    def _tell(self, watch: _Watch) -> None:
        # While a page reads, what happens meanwhile is one more reading.
        if watch.busy:
            watch.again = True
            return
        watch.busy = True
        task = asyncio.create_task(self._refresh(watch))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _refresh(self, watch: _Watch) -> None:
        try:
            # One page after the other, with as long a pause as each took: whoever clicks meanwhile waits for one at
            # most, and not for all.
            async with self._turn:
                began = time.monotonic()
                # The page may have gone while others had their turn.
                if watch in self._watches:
                    with watch.client:
                        await watch.then()
                await asyncio.sleep(time.monotonic() - began)
        except Refusal as refusal:
            log.info("a page could not be brought up to date", code=refusal.problem.code)
        finally:
            watch.busy = False
            if watch.again and watch in self._watches:
                watch.again = False
                self._tell(watch)


live = Live()
