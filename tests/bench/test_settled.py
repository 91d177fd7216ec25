"""Workflows have settled once every one of them has done its first workflow task."""

import time

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bench.bare import QUEUE, BareWorkflow
from bench.settled import settled_at

LATE_QUEUE = "bare-late"


def worker(client: Client, queue: str) -> Worker:
    return Worker(
        client, task_queue=queue, workflows=[BareWorkflow], workflow_runner=UnsandboxedWorkflowRunner()
    )


async def test_the_last_one_of_all_tells_the_moment(temporal_address: str) -> None:
    client = await Client.connect(temporal_address)
    early = [f"early-{number}" for number in range(40)]
    for name in early:
        await client.start_workflow("bare", id=name, task_queue=QUEUE)
    await client.start_workflow("bare", id="late", task_queue=LATE_QUEUE)
    async with worker(client, QUEUE):
        assert await settled_at(client, early) <= time.time()
        before = time.time()
        async with worker(client, LATE_QUEUE):
            # The late one stands first: neither the last ones nor a sample tell when all have settled.
            assert before <= await settled_at(client, ["late", *early]) <= time.time()
