"""When started workflows have settled: each has done its first workflow task."""

from collections.abc import Sequence

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from bench.clocks import in_parallel


async def settled_at(client: Client, workflow_ids: Sequence[str]) -> float:
    """Wait for all of them; when the last one settled, in seconds since 1970 by the clock of the Temporal server. It is
    read from their histories, so that what the asking takes is not in the measured time."""
    moments: list[float] = []

    async def one(number: int) -> None:
        handle = client.get_workflow_handle(workflow_ids[number])
        async for event in handle.fetch_history_events(wait_new_event=True):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                moments.append(event.event_time.ToNanoseconds() / 1e9)
                return

    await in_parallel(one, len(workflow_ids))
    return max(moments)
