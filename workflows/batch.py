"""One command for many cases (批量办理), worked off to its end whatever fails meanwhile."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.batch_messages import BATCH_WORKFLOW
    from workflows.retries import PATIENT, SIGN_OF_LIFE

_STEP = timedelta(hours=1)


@workflow.defn(name=BATCH_WORKFLOW)
class BatchWorkflow:
    @workflow.run
    async def run(self, batch_id: str) -> None:
        await workflow.execute_activity(
            "work_off_batch",
            batch_id,
            start_to_close_timeout=_STEP,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=PATIENT,
        )
