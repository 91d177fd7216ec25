"""A roster's way in: read the file, take its rows in part by part, count the outcomes.

No data ever fails it: what is wrong with a row is that row's outcome, what is wrong with the file is the
import's. What is away (database, Temporal) is waited for.
"""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import IMPORT_WORKFLOW, ChunkInput, ChunkResult, ImportInput
    from workflows.retries import PATIENT, SIGN_OF_LIFE

_CHUNK_ROWS = 200
_CHUNKS_IN_RUN = 200
_STEP = timedelta(hours=1)


@workflow.defn(name=IMPORT_WORKFLOW)
class ImportWorkflow:
    @workflow.run
    async def run(self, given: ImportInput) -> None:
        import_id, row = given.import_id, given.next_row
        if row == 0 and await self._read(import_id) == "refused":
            return
        for _ in range(_CHUNKS_IN_RUN):
            taken = await workflow.execute_activity(
                "judge_chunk",
                ChunkInput(import_id=import_id, after_row=row, size=_CHUNK_ROWS),
                result_type=ChunkResult,
                start_to_close_timeout=_STEP,
                heartbeat_timeout=SIGN_OF_LIFE,
                retry_policy=PATIENT,
            )
            if taken.last_row is None:
                await self._finish(import_id)
                return
            row = taken.last_row
        workflow.continue_as_new(ImportInput(import_id=import_id, next_row=row))

    async def _read(self, import_id: str) -> str:
        return await workflow.execute_activity(
            "read_roster",
            import_id,
            result_type=str,
            start_to_close_timeout=_STEP,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=PATIENT,
        )

    async def _finish(self, import_id: str) -> None:
        await workflow.execute_activity(
            "finish_import",
            import_id,
            start_to_close_timeout=_STEP,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=PATIENT,
        )
