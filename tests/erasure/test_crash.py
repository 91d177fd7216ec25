"""A worker killed in the middle of an erasure, after each of its steps: the next one finishes what is begun."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from services.database import migrate
from tests.erasure.ending import ASK, certified, closed, rows
from tests.product import STAFF, running_api, running_worker, settings_for

# A worker that dies the moment a step has done its work, before anybody hears of it.
DYING = """
import asyncio, inspect, os, signal, sys
from services.erasing import Eraser
from services.settings import load_settings
from worker import run_worker

step = sys.argv[1]
real = getattr(Eraser, step)

def die():
    os.kill(os.getpid(), signal.SIGKILL)

async def dying(self, case_id):
    await real(self, case_id)
    die()

def dying_now(self, case_id):
    real(self, case_id)
    die()

setattr(Eraser, step, dying if inspect.iscoroutinefunction(real) else dying_now)
asyncio.run(run_worker(load_settings(), asyncio.Event()))
"""
STEPS = ("begin", "destroy_key", "leave_classes", "scrub", "certify")


@pytest.mark.timeout(400)
async def test_an_erasure_outlives_the_worker_at_every_step(temporal_address: str, tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group:
        for number, step in enumerate(STEPS):
            group.create_task(killed_after(step, temporal_address, tmp_path / step, str(90431 + number)))


async def killed_after(step: str, temporal_address: str, folder: Path, school: str) -> None:
    settings = settings_for(folder, temporal_address, school=school)
    folder.mkdir()
    migrate(settings)
    async with running_api(settings) as place:
        async with running_worker(settings):
            await place.request("POST", "/departments", json={"id": "cs", "name": "计算机学院"})
            for person in STAFF:
                if person.get("department_id") != "edu":
                    await place.request("POST", "/staff", json=person)
            case_id = await closed(place)
            await place.accepted(case_id, f"graduate:{case_id}", ASK)
        environment = {
            "ZHUHANG_DATA_DIR": str(folder),
            "TEMPORAL_ADDRESS": temporal_address,
            "ZHUHANG_TASK_QUEUE": settings.task_queue,
            "ZHUHANG_SCHOOL_CODE": school,
            "DEMO": "0",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        dying = await asyncio.create_subprocess_exec(sys.executable, "-c", DYING, step, env=environment)
        key = {"Idempotency-Key": "approve"}

        async def approved() -> bool:
            answer = await place.do(case_id, "career-centre", {"type": "approve_erasure"}, headers=key)
            # 503: the worker starts, or has died before the answer was heard; 410: it was quicker than that.
            assert answer.status in (200, 202, 410, 503), answer.body
            return answer.status != 503 or dying.returncode is not None

        await place.until(approved, what="the erasure is approved", patience=90)
        assert await asyncio.wait_for(dying.wait(), 120) == -signal.SIGKILL, step
        async with running_worker(settings):
            number = await certified(place, case_id, patience=120)
        certificate = (await place.get(f"/erasures/{number}", "career-centre")).body
        assert certificate["genuine"] is True, step
        assert certificate["removed"]["case_event"] == certificate["events"], step
        assert rows(place, "SELECT 1 FROM case_row WHERE case_id = ?", case_id) == [], step
        counted = rows(place, "SELECT count(*) FROM case_row WHERE case_id LIKE 'erased-%'")
        assert counted == [(1,)], step
        await asyncio.to_thread(place.services.audit.settle)
        done = rows(place, "SELECT detail FROM audit_entry WHERE act = 'case.erase' AND outcome = 'done'")
        assert [json.loads(detail)["certificate"] for (detail,) in done] == [
            place.services.audit.digest(number)
        ], step
