"""Scenes of the golden histories: cases."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from services.errors import ServiceError
from tests.product import POLICIES
from tests.workflows.life import LIFE
from tests.workflows.recorder import Recorder, until, working
from workflows.case import FIRST_TASK_STANDS_ALONE, REFUSALS_COUNT, TIME_BEFORE_COMMANDS
from workflows.erasure_messages import erasure_workflow_id
from workflows.messages import CASE_STATUS, CaseStatus

NATIONAL, SECONDS = POLICIES / "national.yaml", POLICIES / "seconds.yaml"
# The first rung of a fresh file is reached soon after.
_ALMOST_REMINDED = timedelta(seconds=4.5)
_SHORT = "extends: national\nid: short\nversion: 1\ntitle: 短\ncontinue_after_commands: 4\n"


async def life(recorder: Recorder) -> None:
    """A whole life."""
    async with working(recorder.lives("life", NATIONAL)) as lives:
        case_id = await lives.open()
        await lives.live(case_id)
        await recorder.save(case_id, "life")


async def timers(recorder: Recorder) -> None:
    """A case whose timers fire: one mentor after the other is asked and is silent."""
    async with working(recorder.lives("timers", SECONDS)) as lives:
        case_id = await lives.open()
        await lives.do(case_id, LIFE[0][0], **LIFE[0][1])
        await lives.do(case_id, "counselor", type="propose_mentor")

        async def exhausted() -> bool:
            return (await lives.state(case_id)).pairing.exhausted_at is not None

        await until(exhausted)
        await recorder.save(case_id, "timers")


async def refused(recorder: Recorder) -> None:
    """A case that asks for a mentor whom nobody knows, and has another then."""
    async with working(recorder.lives("refused", NATIONAL)) as lives:
        case_id = await lives.open()
        await lives.do(case_id, LIFE[0][0], **LIFE[0][1])
        with suppress(ServiceError):
            await lives.do(case_id, "counselor", type="propose_mentor", mentor_id="nobody")
        await lives.do(case_id, "college", type="assign_mentor", mentor_id="mentor-1", reason="专业对口")
        history = await lives.handle(case_id).fetch_history()
        assert any(REFUSALS_COUNT.encode() in event.SerializeToString() for event in history.events)
        await recorder.save(case_id, "refused")


async def second_run(recorder: Recorder) -> None:
    """A case that has continued as a new run."""
    short = recorder.folder / "short.yaml"
    short.write_text(_SHORT, encoding="utf-8")
    async with working(recorder.lives("runs", short)) as lives:
        case_id = await lives.open()
        await lives.live(case_id)
        await recorder.save(case_id, "second-run")


async def erased(recorder: Recorder) -> None:
    """A case that is kept for its time and erased, with its erasure."""
    async with working(recorder.lives("erased", SECONDS)) as lives:
        case_id = await lives.open()
        await lives.withdrawn(case_id)
        await recorder.save_ended(lives, case_id, "erased")
        await recorder.save_ended(lives, erasure_workflow_id(case_id), "erasure")


async def late(recorder: Recorder) -> None:
    """A case whose timer is late, as no worker was there: a command comes before it."""
    lives = recorder.lives("late", SECONDS)
    async with working(lives):
        case_id = await lives.open()
        status = await lives.handle(case_id).query(CASE_STATUS, result_type=CaseStatus)
    wake = status.next_wake
    assert wake is not None
    await asyncio.sleep(max((wake - datetime.now(UTC)).total_seconds(), 0) + 1)
    confirmed = asyncio.create_task(lives.do(case_id, LIFE[0][0], **LIFE[0][1]))
    async with working(lives):
        await confirmed
        await lives.do(case_id, "college", type="assign_mentor", mentor_id="mentor-1", reason="专业对口")
        history = await lives.handle(case_id).fetch_history()
        assert any(TIME_BEFORE_COMMANDS.encode() in event.SerializeToString() for event in history.events)
        await recorder.save(case_id, "late")


async def asked(recorder: Recorder) -> None:
    """A case that is asked while its first task waits, and whose first reminder is due at once."""
    lives = recorder.lives("asked", SECONDS)
    case_id = await lives.open(datetime.now(UTC) - _ALMOST_REMINDED)
    question = asyncio.create_task(lives.state(case_id))
    async with working(lives):
        await question

        async def reminded() -> bool:
            return (await lives.state(case_id)).version > 1

        await until(reminded)
        history = await lives.handle(case_id).fetch_history()
        assert any(FIRST_TASK_STANDS_ALONE.encode() in event.SerializeToString() for event in history.events)
        await recorder.save(case_id, "asked")
