"""The short activities of one case, in the worker that has it in hand."""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.retries import QUICK


class LocalActivities:
    """One at a time: of two that are under way together the one that ends first comes first, and a replay, which
    takes them in the order of their beginning, would decide otherwise than the case did."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def execute(
        self, activity: str, given: Any, limit: timedelta, *, answer: type | None = None
    ) -> Any:
        """The activity's answer, in the type `answer`. Raises FailureError when it has failed three times or took
        longer than `limit`."""
        async with self._turn:
            return await workflow.execute_local_activity(
                activity, given, result_type=answer, schedule_to_close_timeout=limit, retry_policy=QUICK
            )
