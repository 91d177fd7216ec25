"""What the reconciler asks of the world: one slice at a time."""

from temporalio import activity

from activities.heartbeats import heartbeating
from services.reconciler import Reconciler
from workflows.reconcile_messages import SliceInput, SliceResult


class ReconcileActivities:
    """They wait for the cases, and leave the worker's threads alone."""

    def __init__(self, reconciler: Reconciler, wait_seconds: int) -> None:
        self._reconciler = reconciler
        self._wait_seconds = wait_seconds

    @activity.defn(name="reconcile_slice")
    async def reconcile_slice(self, given: SliceInput) -> SliceResult:
        async with heartbeating():
            cursor = await self._reconciler.reconcile(given.cursor)
        return SliceResult(cursor=cursor, wait_seconds=self._wait_seconds)
