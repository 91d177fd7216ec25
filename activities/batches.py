"""What a batch asks of the world."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.heartbeats import heartbeating
from services.batch_run import BatchRunner


class BatchActivities:
    """They run on the event loop and leave blocking work to threads."""

    def __init__(self, runner: BatchRunner) -> None:
        self._runner = runner

    @activity.defn(name="work_off_batch")
    async def work_off_batch(self, batch_id: str) -> None:
        """Each try goes on with the cases that have no outcome yet."""
        async with heartbeating():
            if not await self._runner.run(batch_id):
                raise ApplicationError("some cases have not answered yet", type="batch_pending")
