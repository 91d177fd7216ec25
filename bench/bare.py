"""Bare Temporal: a workflow that does nothing but take Updates. What everything is compared with."""

import asyncio
import sys

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cli.clean_exit import run_and_leave
from services.settings import Settings

QUEUE = "bare"


@workflow.defn(name="bare")
class BareWorkflow:
    """Lives for ever and counts its Updates."""

    def __init__(self) -> None:
        self._count = 0

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.update
    async def act(self, text: str) -> int:
        self._count += 1
        return self._count


async def serve(address: str) -> None:
    """Work until killed."""
    client = await Client.connect(address)
    worker = Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=Settings().cached_workflows,
        max_concurrent_workflow_task_polls=10,
    )
    await worker.run()


def main() -> int:
    """`python -m bench.bare HOST:PORT`"""
    asyncio.run(serve(sys.argv[1]))
    return 0


if __name__ == "__main__":
    run_and_leave(main)
