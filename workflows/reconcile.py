"""The ledger is compared with the cases slice by slice, for as long as the school is served."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.reconcile_messages import RECONCILE_WORKFLOW, ReconcileInput, SliceInput, SliceResult
    from workflows.retries import SIGN_OF_LIFE, UNHURRIED

# Slices in one run: a history of about a thousand events.
_SLICES = 100


@workflow.defn(name=RECONCILE_WORKFLOW)
class ReconcileWorkflow:
    """Waits, has a slice compared and repaired, and goes on after it; behind the last one it begins anew."""

    @workflow.run
    async def run(self, given: ReconcileInput) -> None:
        cursor, wait = given.cursor, given.wait_seconds
        for _ in range(_SLICES):
            await workflow.sleep(timedelta(seconds=wait))
            done = await workflow.execute_activity(
                "reconcile_slice",
                SliceInput(school_id=given.school_id, cursor=cursor),
                result_type=SliceResult,
                start_to_close_timeout=timedelta(minutes=10),
                heartbeat_timeout=SIGN_OF_LIFE,
                retry_policy=UNHURRIED,
            )
            cursor, wait = done.cursor, done.wait_seconds
        workflow.continue_as_new(ReconcileInput(school_id=given.school_id, cursor=cursor, wait_seconds=wait))
