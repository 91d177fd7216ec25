"""What the erasure of a case asks of the world, a step each."""

from temporalio import activity
from temporalio.exceptions import ApplicationError

from services.erasing import Eraser
from workflows.erasure_messages import ErasureOrder

# Tries within which a case's workflow ends by itself, which takes it a moment; one that cannot is ended.
_PATIENCE = 5


class ErasureActivities:
    """Whatever fails is tried again by Temporal; each step may be repeated."""

    def __init__(self, eraser: Eraser) -> None:
        self._eraser = eraser

    @activity.defn(name="begin_erasure")
    async def begin_erasure(self, order: ErasureOrder) -> None:
        """Asked for by the case itself, as its last act."""
        await self._eraser.begin(order.case_id)

    @activity.defn(name="end_case")
    async def end_case(self, order: ErasureOrder) -> None:
        """Wait until the case's workflow has answered what was under way and ended."""
        by_force = activity.info().attempt > _PATIENCE
        if not await self._eraser.has_ended(order.case_id, by_force=by_force):
            raise ApplicationError("the case has not ended yet", type="case_running")

    @activity.defn(name="destroy_case_key")
    async def destroy_case_key(self, order: ErasureOrder) -> None:
        await self._eraser.destroy_key(order.case_id)

    @activity.defn(name="leave_classes")
    async def leave_classes(self, order: ErasureOrder) -> None:
        await self._eraser.leave_classes(order.case_id)

    @activity.defn(name="scrub_case")
    def scrub_case(self, order: ErasureOrder) -> None:
        self._eraser.scrub(order.case_id)

    @activity.defn(name="certify_erasure")
    def certify_erasure(self, order: ErasureOrder) -> None:
        self._eraser.certify(order.case_id)
