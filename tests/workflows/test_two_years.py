"""Two years of a case in seconds, on a server that skips time."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, select
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from models.case.ladder import RungReached
from models.case.machine import EVENTS
from models.tables import CaseEvent
from services.sealed import event_place
from services.settings import Settings, SetupError
from services.temporal import data_converter
from services.vault import Vault
from tests.product import ELIGIBLE, POLICIES
from tests.servers import time_skipping_server
from tests.workflows.life import SCHOOL, Lives
from worker import build_worker

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def skipping(tmp_path: Path) -> AsyncGenerator[tuple[WorkflowEnvironment, Lives]]:
    """Cases whose server skips the time in which nothing happens."""
    try:
        server = await asyncio.to_thread(time_skipping_server)
    except SetupError as unobtainable:
        pytest.skip(unobtainable.en)
    environment = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(server))
    async with environment:
        settings = Settings(data_dir=tmp_path, school_code=SCHOOL, policy=POLICIES / "national.yaml")
        vault = Vault.of(settings)
        config = environment.client.config()
        config["data_converter"] = data_converter(vault)
        client = Client(**config)
        lives = Lives(client, settings)
        with ThreadPoolExecutor(16) as executor:
            async with build_worker(client, settings, vault, executor):
                yield environment, lives


async def test_two_years_pass_and_every_reminder_comes_once(
    skipping: tuple[WorkflowEnvironment, Lives],
) -> None:
    environment, lives = skipping
    case_id = await lives.open(await environment.get_current_time())
    await lives.do(case_id, "counselor", **ELIGIBLE)
    await lives.do(case_id, "college", type="assign_mentor", mentor_id="mentor-1", reason="专业对口")
    await lives.do(case_id, "mentor-1", type="record_assessment", intention="省内就业", risk_level="B")
    goals = [{"title": "就业", "measures": [{"title": "推荐", "due_on": "2099-01-01"}]}]
    await lives.do(case_id, "mentor-1", type="set_plan", goals=goals)
    await lives.do(case_id, "college", type="approve_plan", plan_version=1)

    for _ in range(8):
        await environment.sleep(timedelta(days=40))
        await lives.do(case_id, "mentor-1", type="record_contact", method="phone", content="联系")
    await lives.do(case_id, "counselor", type="mark_left_school")
    left = (await lives.state(case_id)).left_on
    assert left is not None
    await environment.sleep(timedelta(days=45))
    await lives.do(case_id, "mentor-1", type="record_follow_up", situation="seeking", content="求职中")
    await environment.sleep(timedelta(days=400))

    described = await lives.handle(case_id).describe()
    assert described.status == WorkflowExecutionStatus.RUNNING
    state = await lives.state(case_id)
    with Session(lives.engine) as session:
        rows = session.exec(
            select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(col(CaseEvent.seq))
        )
        opened = ((row, lives.vault.open(case_id, row.data, event_place(row.seq))) for row in rows)
        events = [(row.seq, row.at, EVENTS.validate_json(data)) for row, data in opened]
    assert [seq for seq, _, _ in events] == list(range(1, state.version + 1))
    reached = [(at, event) for _, at, event in events if isinstance(event, RungReached)]
    once = Counter((event.key, event.rung) for _, event in reached)
    assert set(once.values()) == {1}
    # Eight intervals of 40 days without contact, each up the whole ladder: B is every 14 days.
    rungs = Counter(event.rung for _, event in reached if event.clock == "contact")
    assert rungs == {"before_due": 8, "due": 8, "overdue": 8, "college": 8, "school": 8}
    assert all(0 <= at.astimezone(SHANGHAI).hour < 6 for at, _ in reached)
    assert all(
        event.due_at.astimezone(SHANGHAI).date() <= date(left.year, 12, 31) + timedelta(days=1)
        for _, event in reached
        if event.clock == "follow_up"
    )
    assert any(event.clock == "follow_up" and event.rung == "school" for _, event in reached)
    assert datetime.now(UTC) + timedelta(days=700) < await environment.get_current_time()
