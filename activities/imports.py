"""The steps of an import; each may be repeated after a crash."""

import asyncio

from temporalio import activity

from activities.heartbeats import heartbeating
from services.import_chunk import ChunkTaker
from services.imports import Imports
from workflows.messages import ChunkInput, ChunkResult


class ImportActivities:
    """They run on the event loop and leave blocking work to threads."""

    def __init__(self, imports: Imports, taker: ChunkTaker) -> None:
        self._imports = imports
        self._taker = taker

    @activity.defn(name="read_roster")
    async def read_roster(self, import_id: str) -> str:
        async with heartbeating():
            return await asyncio.to_thread(self._imports.read, import_id)

    @activity.defn(name="judge_chunk")
    async def judge_chunk(self, chunk: ChunkInput) -> ChunkResult:
        async with heartbeating():
            return await self._taker.take(chunk)

    @activity.defn(name="finish_import")
    async def finish_import(self, import_id: str) -> None:
        async with heartbeating():
            await asyncio.to_thread(self._imports.finish, import_id)
