"""Erasing a case: its workflow ends, its key is destroyed, the ledger forgets it, and a certificate says so.

Every step may be repeated after a crash at any point, and each finds the work of an earlier try.
"""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.erasure_messages import ERASURE_WORKFLOW, ErasureOrder
    from workflows.retries import UNHURRIED

_TRY = timedelta(seconds=20)
# In this order: nothing is destroyed while the case may still write, nothing certified before it is gone.
_STEPS = ("end_case", "destroy_case_key", "leave_classes", "scrub_case", "certify_erasure")


@workflow.defn(name=ERASURE_WORKFLOW)
class ErasureWorkflow:
    @workflow.run
    async def run(self, order: ErasureOrder) -> None:
        for step in _STEPS:
            await workflow.execute_activity(step, order, start_to_close_timeout=_TRY, retry_policy=UNHURRIED)
