"""What a case asks the world while it decides."""

from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from models.case.kernel import (
        AttachmentsAnswer,
        Fact,
        MentorAnswer,
        Need,
        PlaceAnswer,
        ReserveMentor,
        ReservePlace,
    )
    from workflows.local_activities import LocalActivities
    from workflows.messages import EventsWanted
    from workflows.retries import PATIENT

TIME_GOES_ON = "time-goes-on"

T = TypeVar("T")


class Questions:
    """What one case asks. `of_classes` counts those that other workflows are to answer, which may take them hours."""

    def __init__(self, local: LocalActivities) -> None:
        self._local = local
        self.of_classes = 0

    async def ask(self, need: Need) -> Fact:
        """The fact that the rules need."""
        if isinstance(need, ReservePlace):
            # What began before they were counted goes on as it was.
            counted = int(workflow.patched(TIME_GOES_ON))
            self.of_classes += counted
            try:
                return await workflow.execute_activity(
                    "reserve_place",
                    need,
                    result_type=PlaceAnswer,
                    start_to_close_timeout=timedelta(seconds=20),
                    retry_policy=PATIENT,
                )
            finally:
                self.of_classes -= counted
        if isinstance(need, ReserveMentor):
            return await self.ask_ledger("reserve_mentor", need, MentorAnswer)
        return await self.ask_ledger("name_attachments", need, AttachmentsAnswer)

    async def ask_ledger(self, activity: str, wanted: Need | EventsWanted, answer: type[T]) -> T:
        """Ask the ledger by a local activity of a few milliseconds, and with patience where that fails."""
        try:
            return await self._local.execute(activity, wanted, timedelta(seconds=5), answer=answer)
        except FailureError:
            return await workflow.execute_activity(
                activity,
                wanted,
                result_type=answer,
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=PATIENT,
            )
