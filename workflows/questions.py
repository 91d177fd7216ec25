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

T = TypeVar("T")


async def ask(need: Need, local: LocalActivities) -> Fact:
    """The fact that the rules need."""
    if isinstance(need, ReservePlace):
        return await workflow.execute_activity(
            "reserve_place",
            need,
            result_type=PlaceAnswer,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=PATIENT,
        )
    if isinstance(need, ReserveMentor):
        return await ask_ledger("reserve_mentor", need, MentorAnswer, local)
    return await ask_ledger("name_attachments", need, AttachmentsAnswer, local)


async def ask_ledger(
    activity: str, wanted: Need | EventsWanted, answer: type[T], local: LocalActivities
) -> T:
    """Ask the ledger by a local activity of a few milliseconds, and with patience where that fails."""
    try:
        return await local.execute(activity, wanted, timedelta(seconds=5), answer=answer)
    except FailureError:
        return await workflow.execute_activity(
            activity,
            wanted,
            result_type=answer,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=PATIENT,
        )
