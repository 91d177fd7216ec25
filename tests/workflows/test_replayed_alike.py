"""What a case has decided, a replay of its history decides again: the same events, at the same moments."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select
from temporalio.api.enums.v1 import EventType
from temporalio.api.enums.v1 import PendingWorkflowTaskState as TaskState

from models.case.kernel import AttachmentsAnswer, NameAttachments
from models.case.machine import Recorded
from models.tables import Attachment, CaseEvent
from services.attachment_names import AttachmentNames
from services.temporal import connect
from services.vault import Vault
from tests.product import running_worker, settings_for
from tests.workflows.life import LIFE, SCHOOL, Lives
from tests.workflows.recorder import until
from workflows.messages import CASE_EVENTS

# The first rung of a fresh file is reached by then.
_AGE = timedelta(seconds=4.5)
_MANY = 40


@asynccontextmanager
async def _installed(
    address: str, folder: Path, queue: str, policy: str = "seconds"
) -> AsyncGenerator[Lives]:
    settings = settings_for(folder, address, school=SCHOOL, policy=policy)
    settings.task_queue = queue
    lives = Lives(await connect(settings, Vault.of(settings)), settings)
    yield lives
    lives.engine.dispose()


async def _replayed_alike(lives: Lives, *cases: str) -> None:
    """With a worker that has none of the cases in memory."""
    for case_id in cases:
        events = await lives.handle(case_id).query(CASE_EVENTS, result_type=list[Recorded])
        query = select(CaseEvent.seq, CaseEvent.at, CaseEvent.type).where(col(CaseEvent.case_id) == case_id)
        with Session(lives.engine) as session:
            written = sorted(session.exec(query).all())
        # Time goes on: what it has brought since is not in the ledger yet.
        assert [(event.seq, event.at, event.event.type) for event in events][: len(written)] == written


async def _asked_and_reminded(lives: Lives, case_id: str) -> None:
    """The questions are answered by the worker that takes the waiting task up."""
    # Asked while nobody answers: whoever takes the task up is given the questions with it.
    asked = [asyncio.create_task(lives.state(case_id)) for _ in range(3)]
    described = (await lives.handle(case_id).describe()).raw_description
    assert described.pending_workflow_task.state == TaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED
    async with running_worker(lives.settings):
        await asyncio.gather(*asked)

        async def reminded() -> bool:
            return (await lives.state(case_id)).version > 1

        await until(reminded)


async def test_a_question_that_meets_the_first_task_moves_no_event(
    temporal_address: str, tmp_path: Path
) -> None:
    async with _installed(temporal_address, tmp_path, "asked-at-first") as lives:
        case_id = await lives.open(datetime.now(UTC) - _AGE)
        await _asked_and_reminded(lives, case_id)
        async with running_worker(lives.settings):
            await _replayed_alike(lives, case_id)


async def test_a_question_that_meets_a_timer_moves_no_event(temporal_address: str, tmp_path: Path) -> None:
    async with _installed(temporal_address, tmp_path, "asked-at-a-timer") as lives:
        async with running_worker(lives.settings):
            case_id = await lives.open(datetime.now(UTC))
            await lives.state(case_id)

        async def rung() -> bool:
            history = await lives.handle(case_id).fetch_history()
            return any(event.event_type == EventType.EVENT_TYPE_TIMER_FIRED for event in history.events)

        await until(rung)
        await _asked_and_reminded(lives, case_id)
        async with running_worker(lives.settings):
            await _replayed_alike(lives, case_id)


async def test_questions_to_many_cases_whose_time_has_come_keep_none_from_its_replay(
    temporal_address: str, tmp_path: Path
) -> None:
    async with _installed(temporal_address, tmp_path, "asked-at-once") as lives:
        now = datetime.now(UTC)
        cases = [await lives.open(now - index * 2 * _AGE / _MANY) for index in range(_MANY)]
        asked = [asyncio.create_task(lives.state(case_id)) for case_id in cases]
        async with running_worker(lives.settings):
            await asyncio.gather(*asked)
        async with running_worker(lives.settings):
            # A case that does not replay answers neither.
            await _replayed_alike(lives, *cases)
            await asyncio.gather(*(lives.do(case_id, LIFE[0][0], **LIFE[0][1]) for case_id in cases))


async def test_two_commands_that_ask_at_once_are_decided_in_their_order(
    temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, second_asks = AttachmentNames.keep, threading.Event()

    def keep(names: AttachmentNames, need: NameAttachments, now: datetime) -> AttachmentsAnswer:
        # The first question is answered after the second, where both are on their way.
        if need.attachment_ids == ("file-1",):
            second_asks.wait(1)
        else:
            second_asks.set()
        return real(names, need, now)

    monkeypatch.setattr(AttachmentNames, "keep", keep)
    async with _installed(temporal_address, tmp_path, "asking-at-once", policy="national") as lives:
        async with running_worker(lives.settings):
            case_id = await lives.open()
            for actor, command in LIFE[:6]:
                await lives.do(case_id, actor, **command)
        with Session(lives.engine) as session:
            session.add_all(_file(case_id, number) for number in (1, 2))
            session.commit()
        sent = [
            asyncio.create_task(
                lives.do(
                    case_id,
                    "mentor-1",
                    type="register_destination",
                    code="11",
                    monthly_pay=5000,
                    evidence=[{"type": "labor_contract", "file_id": f"file-{number}"}],
                )
            )
            for number in (1, 2)
        ]
        async with running_worker(lives.settings):
            await asyncio.gather(*sent)
            decided = await lives.state(case_id)
        async with running_worker(lives.settings):
            assert await lives.state(case_id) == decided
            await _replayed_alike(lives, case_id)


def _file(case_id: str, number: int) -> Attachment:
    return Attachment(
        id=f"file-{number}",
        case_id=case_id,
        kind="labor_contract",
        filename="",
        sha256="",
        blob="",
        media_type="application/pdf",
        size_bytes=1,
        uploaded_by="mentor-1",
        uploaded_at=datetime.now(UTC),
    )
