"""What a case decides in time's name, it decides at the same moment whenever its history is replayed."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, select
from temporalio.api.enums.v1 import PendingWorkflowTaskState as TaskState

from models.tables import CaseEvent
from services.temporal import connect
from services.vault import Vault
from tests.product import running_worker, settings_for
from tests.workflows.life import SCHOOL, Lives
from tests.workflows.recorder import until

# The first rung of a fresh file is reached by then.
_AGE = timedelta(seconds=4.5)


async def test_a_question_that_meets_the_first_task_moves_no_event(
    temporal_address: str, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, temporal_address, school=SCHOOL, policy="seconds")
    settings.task_queue = "asked-meanwhile"
    lives = Lives(await connect(settings, Vault.of(settings)), settings)
    case_id = await lives.open(datetime.now(UTC) - _AGE)
    # Asked while nobody answers: whoever takes the first task up is given the question with it.
    asked = [asyncio.create_task(lives.state(case_id)) for _ in range(3)]
    described = (await lives.handle(case_id).describe()).raw_description
    assert described.pending_workflow_task.state == TaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED
    async with running_worker(settings):
        await asyncio.gather(*asked)

        async def reminded() -> bool:
            return (await lives.state(case_id)).version > 1

        await until(reminded)
    async with running_worker(settings):
        replayed = await lives.state(case_id)
    with Session(lives.engine) as session:
        at = session.exec(select(CaseEvent.at).where(CaseEvent.seq == replayed.version)).one()
    lives.engine.dispose()
    assert at == replayed.updated_at
