"""One message a day to each person, gathered from the ledger: a durable timer per school, no polling."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from models.digest_times import DigestTimes
    from workflows.digest_messages import (
        DELIVERY_WORKFLOW,
        LOOK_AGAIN,
        CollectInput,
        DeliveryInput,
        DigestInput,
        DigestSchedule,
        SendInput,
    )
    from workflows.messages import DIGEST_WORKFLOW
    from workflows.retries import SIGN_OF_LIFE, UNHURRIED

# One person's channel may answer slowly: small batches keep a crash from costing much.
_BATCH = 50
_LONGEST_WAIT = timedelta(hours=1)


@workflow.defn(name=DIGEST_WORKFLOW)
class DigestWorkflow:
    """Waits for the time of the next digest, writes it, hands it over for sending, and starts anew."""

    def __init__(self) -> None:
        self._look_again = False

    @workflow.run
    async def run(self, given: DigestInput) -> None:
        schedule = await self._schedule(given)
        due = schedule.times.after(given.last_at) if given.last_at else schedule.times.first(workflow.now())
        if not await self._sleep_until(due, schedule.times):
            # The service standards may have changed: read them anew.
            workflow.continue_as_new(given)
        until = workflow.now()
        period = schedule.times.period(until)
        collected = CollectInput(school_id=given.school_id, period=period, until=until)
        ids = await workflow.execute_activity(
            "collect_digest",
            collected,
            result_type=list[str],
            start_to_close_timeout=timedelta(minutes=5),
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=UNHURRIED,
        )
        if ids:
            # A slow or dead channel must not hold up the next digest.
            with suppress(WorkflowAlreadyStartedError):
                await workflow.start_child_workflow(
                    DELIVERY_WORKFLOW,
                    DeliveryInput(ids=ids, schedule=schedule),
                    id=f"delivery-{given.school_id}-{period}",
                    parent_close_policy=ParentClosePolicy.ABANDON,
                )
        workflow.continue_as_new(DigestInput(school_id=given.school_id, last_at=until))

    @workflow.signal(name=LOOK_AGAIN)
    def look_again(self) -> None:
        """The service standards or settings may have changed."""
        self._look_again = True

    async def _schedule(self, given: DigestInput) -> DigestSchedule:
        schedule = await workflow.execute_activity(
            "digest_schedule",
            given,
            result_type=DigestSchedule,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=UNHURRIED,
        )
        self._look_again = False
        return schedule

    async def _sleep_until(self, due: datetime, times: DigestTimes) -> bool:
        """True when it is time, False when the schedule is to be read anew."""
        while (wake := times.allowed(max(due, workflow.now()))) > workflow.now():
            try:
                await workflow.wait_condition(lambda: self._look_again, timeout=wake - workflow.now())
            except asyncio.TimeoutError:  # noqa: UP041  (workflow.wait_condition documents this one)
                continue
            return False
        return True


@workflow.defn(name=DELIVERY_WORKFLOW)
class DeliveryWorkflow:
    """Sends messages; those that fail are tried again after growing waits, outside the quiet hours."""

    @workflow.run
    async def run(self, given: DeliveryInput) -> None:
        schedule, left = given.schedule, given.ids
        wait = timedelta(seconds=schedule.retry_seconds)
        for attempt in range(1, schedule.attempts + 1):
            await _until(schedule.times.allowed(workflow.now()))
            failed: list[str] = []
            for start in range(0, len(left), _BATCH):
                batch = SendInput(ids=left[start : start + _BATCH], last=attempt == schedule.attempts)
                failed += await workflow.execute_activity(
                    "send_deliveries",
                    batch,
                    result_type=list[str],
                    start_to_close_timeout=timedelta(hours=1),
                    heartbeat_timeout=timedelta(minutes=2),
                    retry_policy=UNHURRIED,
                )
            left = failed
            if not left or attempt == schedule.attempts:
                return
            await _until(workflow.now() + min(wait, _LONGEST_WAIT))
            wait *= 2


async def _until(moment: datetime) -> None:
    if moment > workflow.now():
        await workflow.sleep(moment - workflow.now())
