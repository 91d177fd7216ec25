"""A leaver's cases are moved, one by one, each at most once; what nobody could take is named."""

import asyncio
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import OFFBOARDING_WORKFLOW
    from workflows.offboarding_messages import (
        CasesAfter,
        LeftOver,
        MoveAnswer,
        MoveInput,
        OffboardingInput,
        Progress,
    )
    from workflows.retries import UNHURRIED

_TRY = timedelta(seconds=60)
# Cases moved side by side.
_BATCH = 8


@workflow.defn(name=OFFBOARDING_WORKFLOW)
class OffboardingWorkflow:
    @workflow.run
    async def run(self, given: OffboardingInput) -> None:
        while batch := await self._next(given):
            answers = await asyncio.gather(*(self._move(given, case_id) for case_id in batch))
            left = [
                LeftOver(case_id=answer.case_id, code=answer.problem) for answer in answers if answer.problem
            ]
            given = given.model_copy(
                update={
                    "after": batch[-1],
                    "moved": given.moved + len(batch) - len(left),
                    "left_over": [*given.left_over, *left],
                }
            )
            await self._record(given, finished=False)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(given)
        await self._record(given, finished=True)

    async def _next(self, given: OffboardingInput) -> list[str]:
        return await workflow.execute_activity(
            "leaver_cases",
            CasesAfter(staff_id=given.staff_id, after=given.after, size=_BATCH),
            result_type=list[str],
            start_to_close_timeout=_TRY,
            retry_policy=UNHURRIED,
        )

    async def _move(self, given: OffboardingInput, case_id: str) -> MoveAnswer:
        # Without what has been done so far, which grows.
        brief = given.model_copy(update={"left_over": []})
        return await workflow.execute_activity(
            "move_case",
            MoveInput(offboarding=brief, case_id=case_id, run=workflow.info().first_execution_run_id),
            result_type=MoveAnswer,
            start_to_close_timeout=_TRY,
            retry_policy=UNHURRIED,
        )

    async def _record(self, given: OffboardingInput, *, finished: bool) -> None:
        await workflow.execute_activity(
            "record_offboarding",
            Progress(offboarding=given, finished=finished),
            start_to_close_timeout=_TRY,
            retry_policy=UNHURRIED,
        )
