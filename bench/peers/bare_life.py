"""Bare Temporal: a workflow per case whose Updates wait for a local activity that writes the ledger, and whose main
loop arms its timer anew after each."""

import asyncio
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import uvloop
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cli.clean_exit import run_and_leave
from services.settings import Settings

with workflow.unsafe.imports_passed_through():
    from sqlalchemy import Engine, create_engine

    from bench.life import COMMANDS
    from bench.peers.clients import Life
    from bench.peers.ledger import write

QUEUE = "bare-life"
_THREADS = 16


class Projection:
    """The local activity."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @activity.defn(name="project")
    def project(self, case_id: str, version: int, body: str) -> None:
        """Write an event; a repetition changes nothing."""
        with self._engine.begin() as connection:
            write(connection, case_id, version, body)


@workflow.defn(name="bare-life")
class BareLife:
    """Lives for ever."""

    def __init__(self) -> None:
        self._version = 0
        self._armed_for = 0

    @workflow.run
    async def run(self) -> None:
        await self._record("opened")
        while True:
            self._armed_for = self._version
            try:
                await workflow.wait_condition(
                    lambda: self._version != self._armed_for, timeout=timedelta(days=30)
                )
            except asyncio.TimeoutError:  # noqa: UP041  (workflow.wait_condition documents this one)
                await self._record("due")

    @workflow.update
    async def act(self, body: str) -> int:
        return await self._record(body)

    async def _record(self, body: str) -> int:
        self._version += 1
        version = self._version
        await workflow.execute_local_activity(
            "project",
            args=[workflow.info().workflow_id, version, body],
            schedule_to_close_timeout=timedelta(seconds=10),
        )
        return version


def life_of(client: Client, run: str) -> Life:
    """Lives on this client; `run` is part of the ids."""

    async def life(number: int) -> AsyncIterator[int]:
        handle = await client.start_workflow("bare-life", id=f"life-{run}-{number}", task_queue=QUEUE)
        yield 1
        for _actor, command in COMMANDS:
            await handle.execute_update("act", str(command))
            yield 1

    return life


async def serve(address: str, url: str, *, kind: type[Any] = BareLife, queue: str = QUEUE) -> None:
    """Work until killed at workflows of one kind."""
    client = await Client.connect(address)
    engine = create_engine(url, pool_size=_THREADS)
    with ThreadPoolExecutor(_THREADS) as threads:
        worker = Worker(
            client,
            task_queue=queue,
            workflows=[kind],
            workflow_runner=UnsandboxedWorkflowRunner(),
            activities=[Projection(engine).project],
            activity_executor=threads,
            max_cached_workflows=Settings().cached_workflows,
            max_concurrent_workflow_task_polls=10,
        )
        await worker.run()


def main() -> int:
    """`python -m bench.peers.bare_life HOST:PORT URL`"""
    uvloop.run(serve(*sys.argv[1:]))
    return 0


if __name__ == "__main__":
    run_and_leave(main)
