"""The steps of an import; each may be repeated after a crash."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio import activity

from services.import_chunk import ChunkTaker
from services.imports import Imports
from workflows.messages import ChunkInput, ChunkResult

# Seconds between signs of life; the workflow takes a worker for dead after several of them.
_HEARTBEAT = 2.0


class ImportActivities:
    """They run on the event loop and leave blocking work to threads."""

    def __init__(self, imports: Imports, taker: ChunkTaker) -> None:
        self._imports = imports
        self._taker = taker

    @activity.defn(name="read_roster")
    async def read_roster(self, import_id: str) -> str:
        async with _heartbeating():
            return await asyncio.to_thread(self._imports.read, import_id)

    @activity.defn(name="judge_chunk")
    async def judge_chunk(self, chunk: ChunkInput) -> ChunkResult:
        async with _heartbeating():
            return await self._taker.take(chunk)

    @activity.defn(name="finish_import")
    async def finish_import(self, import_id: str) -> None:
        async with _heartbeating():
            await asyncio.to_thread(self._imports.finish, import_id)


@asynccontextmanager
async def _heartbeating() -> AsyncGenerator[None]:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(_HEARTBEAT)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
