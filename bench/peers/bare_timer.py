"""Bare Temporal: workflows that wait for a moment and then write a row by a local activity."""

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import uvloop
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from cli.clean_exit import run_and_leave

with workflow.unsafe.imports_passed_through():
    from sqlalchemy import create_engine

    from bench.peers.bare_life import Projection

QUEUE = "bare-timer"
TYPE = "bare-timer"
_THREADS = 16


@workflow.defn(name=TYPE)
class BareTimer:
    """Waits once."""

    @workflow.run
    async def run(self, until: str) -> None:
        await workflow.sleep(max(datetime.fromisoformat(until) - workflow.now(), timedelta()))
        await workflow.execute_local_activity(
            "project",
            args=[workflow.info().workflow_id, 1, "due"],
            schedule_to_close_timeout=timedelta(seconds=10),
        )


async def serve(address: str, url: str) -> None:
    """Work until killed."""
    client = await Client.connect(address)
    engine = create_engine(url, pool_size=_THREADS)
    with ThreadPoolExecutor(_THREADS) as threads:
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[BareTimer],
            activities=[Projection(engine).project],
            activity_executor=threads,
            max_cached_workflows=5000,
            max_concurrent_workflow_task_polls=10,
        )
        await worker.run()


def main() -> int:
    """`python -m bench.peers.bare_timer HOST:PORT URL`"""
    uvloop.run(serve(*sys.argv[1:]))
    return 0


if __name__ == "__main__":
    run_and_leave(main)
