"""An installation in its embedded form moves to PostgreSQL and another Temporal server, in the middle of everything."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text
from temporalio.client import Client

from services.settings import Settings
from tests.attachments.samples import PDF
from tests.imports.files import person, roster
from tests.product import ELIGIBLE, STAFF, UNHURRIED, Product, running_api
from tests.running import ZHUHANG, Running, running_processes
from tests.views.databases import postgresql

SCHOOL = "90031"
QUEUE = "zhuhang-moved"
ROWS = 30
CONTACT = {"type": "record_contact", "method": "phone", "content": "联系"}


@dataclass
class Target:
    """Where the installation moves to."""

    settings: Settings
    environment: dict[str, str]

    async def zhuhang(self, *words: str) -> tuple[int, Any]:
        """The command line with the target's settings: exit status and document."""
        process = await self.started(*words)
        output, _ = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode is not None
        return process.returncode, json.loads(output)

    async def started(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            ZHUHANG, *words, "--json", env=self.environment, stdout=asyncio.subprocess.PIPE
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Product]:
        worker = await asyncio.create_subprocess_exec(ZHUHANG, "worker", env=self.environment)
        try:
            async with running_api(self.settings) as product:
                yield product
            product.services.engine.dispose()
            product.services.vault.store.close()
        finally:
            worker.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(worker.wait(), 20) == 0


@pytest.fixture
def target(tmp_path: Path, temporal_address: str) -> Generator[Target]:
    with postgresql() as url:
        keys = url.rsplit("/", 1)[0] + "/keys"
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE keys"))
        places = {
            "ZHUHANG_DATA_DIR": str(tmp_path / "target"),
            "ZHUHANG_DATABASE_URL": url,
            "ZHUHANG_KEY_DATABASE_URL": keys,
            "TEMPORAL_ADDRESS": temporal_address,
            "ZHUHANG_TASK_QUEUE": QUEUE,
            "ZHUHANG_SCHOOL_CODE": SCHOOL,
            "ZHUHANG_POLICY": "seconds",
            "DEMO": "0",
        }
        settings = Settings(
            data_dir=tmp_path / "target",
            database_url=url,
            key_database_url=keys,
            temporal_address=temporal_address,
            task_queue=QUEUE,
            school_code=SCHOOL,
            policy=Path("seconds"),
            demo=False,
            **UNHURRIED,
        )
        yield Target(settings, os.environ | places)


@dataclass
class Lived:
    """What was done on the source."""

    folder: Path
    neglected: str
    held: str
    enrolled: str
    waiting: str
    class_id: str
    file_id: str
    answered: dict[str, Any]
    import_id: str


def _path(case_id: str) -> str:
    return f"/cases/{case_id}/commands"


async def _open(source: Running, number: int) -> str:
    draft = {"student_no": f"MV{number:05d}", "name": "测试", "department_id": "cs"}
    return (await source.post("/cases", "counselor", draft, f"open-{number}")).json()["case_id"]


async def _paired(source: Running, number: int) -> str:
    case_id = await _open(source, number)
    await source.post(_path(case_id), "counselor", ELIGIBLE, f"confirm-{number}")
    assign = {"type": "assign_mentor", "mentor_id": "mentor-1", "reason": "专业对口"}
    answer = await source.post(_path(case_id), "college", assign, f"assign-{number}")
    assert answer.status_code == 200, answer.text
    return case_id


async def _live(source: Running, folder: Path) -> Lived:
    await source.post("/departments", "admin", {"id": "cs", "name": "计算机学院"}, "department")
    for someone in STAFF:
        if someone.get("department_id") != "edu":
            await source.post("/staff", "admin", someone, f"staff-{someone['id']}")
    held, enrolled, waiting = [await _paired(source, number) for number in range(3)]

    until = (datetime.now(UTC) + timedelta(seconds=8)).isoformat()
    hold = {"type": "place_hold", "reason": "住院", "until": until}
    await source.post(_path(held), "college", hold, "hold")
    answered = (await source.post(_path(held), "mentor-1", CONTACT, "before-the-move")).json()

    today = datetime.now(UTC).date()
    course = {
        "course": "技能",
        "places": 1,
        "starts_on": str(today),
        "ends_on": str(today + timedelta(days=9)),
    }
    class_id = (await source.post("/training-classes", "college", course, "class")).json()["id"]
    for case_id in (enrolled, waiting):
        enrol = {"type": "enrol_training", "class_id": class_id}
        assert (await source.post(_path(case_id), "mentor-1", enrol, f"enrol-{case_id}")).status_code == 200

    uploaded = await source.http.post(
        f"/api/v1/cases/{held}/attachments",
        headers=source.bearer("mentor-1"),
        files={"file": ("证明.pdf", PDF)},
        data={"kind": "labor_contract"},
    )
    assert uploaded.status_code == 201, uploaded.text
    neglected = await _open(source, 9)
    # Still under way when everything is ended.
    taken = await source.http.post(
        "/api/v1/imports",
        headers=source.bearer("career-centre"),
        files={"file": ("名单.csv", roster(*[person(f"MI{number:05d}") for number in range(ROWS)]))},
        data={"create_departments": "true"},
    )
    assert taken.status_code == 202, taken.text
    return Lived(
        folder=folder,
        neglected=neglected,
        held=held,
        enrolled=enrolled,
        waiting=waiting,
        class_id=class_id,
        file_id=uploaded.json()["id"],
        answered=answered,
        import_id=taken.json()["id"],
    )


async def _killed_in_the_middle(target: Target, source: Path) -> None:
    """Kill the first try when the target has some of the workflows."""
    client = await Client.connect(target.settings.temporal_target)
    process = await target.started("move", "--from", str(source))
    async with asyncio.timeout(120):
        while not (await client.count_workflows(f"TaskQueue = '{QUEUE}'")).count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.timeout(420)
async def test_everything_moves_and_goes_on(tmp_path: Path, target: Target) -> None:
    settings = {"ZHUHANG_POLICY": "seconds", "ZHUHANG_SCHOOL_CODE": SCHOOL}
    async with running_processes(tmp_path, **settings) as source:
        lived = await _live(source, tmp_path / "data")
        environment = source.environment

    await _killed_in_the_middle(target, lived.folder)
    # Neither side starts while the move is half done.
    for side in (environment, target.environment):
        process = await asyncio.create_subprocess_exec(
            ZHUHANG, "worker", env=side, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await process.communicate()
        assert (process.returncode, b"move_unfinished" in errors) == (1, True), errors

    status, moved = await target.zhuhang("move", "--from", str(lived.folder))
    assert (status, moved["differing"], moved["cases"]) == (0, 0, ROWS + 4), moved
    assert moved["workflows"]["case"] == ROWS + 4
    assert moved["workflows"]["training_class"] == 1
    status, again = await target.zhuhang("move", "--from", str(lived.folder))
    assert (status, again["code"]) == (1, "data_moved")

    async with target.running() as product:
        await _goes_on(product, lived)
        status, verified = await target.zhuhang("verify")
        assert (status, verified["differing"]) == (0, 0), verified
    status, audit = await target.zhuhang("audit", "verify")
    assert (status, audit["problems"]) == (0, 0), audit


async def _goes_on(product: Product, lived: Lived) -> None:
    # A key that was used before the move answers what it answered then.
    repeated = await product.do(
        lived.held, "mentor-1", CONTACT, headers={"Idempotency-Key": "before-the-move"}
    )
    assert repeated.status == 200
    assert repeated.body["events"] == lived.answered["events"]

    async def rungs_reached() -> bool:
        return len(_rungs(await product.timeline(lived.neglected))) == 5

    await product.until(rungs_reached, what="the ladder goes on to its end")
    assert set(_rungs(await product.timeline(lived.neglected)).values()) == {1}

    async def hold_ended() -> bool:
        return any(event["type"] == "hold_ended" for event in await product.timeline(lived.held))

    await product.until(hold_ended, what="the hold ends")
    ends = [event for event in await product.timeline(lived.held) if event["type"] == "hold_ended"]
    assert len(ends) == 1

    enrolment_id = (await product.get(f"/cases/{lived.enrolled}", "college")).body["trainings"][0]["id"]
    withdraw = {"type": "withdraw_training", "enrolment_id": enrolment_id, "reason": "入职"}
    await product.accepted(lived.enrolled, "mentor-1", withdraw)

    async def promoted() -> bool:
        case = (await product.get(f"/cases/{lived.waiting}", "college")).body
        return case["trainings"][0]["status"] == "enrolled"

    await product.until(promoted, what="who waits gets the place")
    file = await product.http.get(
        f"/api/v1/cases/{lived.held}/attachments/{lived.file_id}", headers=product.bearer("mentor-1")
    )
    assert file.content == PDF
    view = (await product.get(f"/imports/{lived.import_id}", "career-centre")).body
    assert (view["status"], view["opened"]) == ("done", ROWS)


def _rungs(timeline: list[dict[str, Any]]) -> Counter[str]:
    return Counter(event["data"]["rung"] for event in timeline if event["type"] == "rung_reached")
