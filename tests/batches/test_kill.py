"""A worker killed in the middle of a batch."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.product import STAFF
from tests.running import Running, running_processes

AMOUNT = 120
NOTE = {"type": "annotate", "text": "批量备注"}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncGenerator[Running]:
    async with running_processes(tmp_path) as product:
        yield product


async def _get(running: Running, path: str) -> dict[str, Any]:
    answer = await running.http.get(f"/api/v1{path}", headers=running.bearer("counselor"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _opened(running: Running, number: int, room: asyncio.Semaphore) -> str:
    draft = {"student_no": f"B{number:05d}", "name": "测试", "department_id": "cs"}
    async with room:
        answer = await running.post("/cases", "counselor", draft, f"open-{number}")
    assert answer.status_code in (201, 202), answer.text
    return answer.json()["case_id"]


@pytest.mark.timeout(300)
async def test_a_killed_worker_gives_every_case_the_command_once(running: Running) -> None:
    await running.post("/departments", "admin", {"id": "cs", "name": "计算机学院"}, "department")
    counselor = next(person for person in STAFF if person["role"] == "counselor")
    await running.post("/staff", "admin", counselor, "staff")
    room = asyncio.Semaphore(8)
    case_ids = await asyncio.gather(*(_opened(running, number, room) for number in range(AMOUNT)))
    await running.ready()

    body = {"command": NOTE, "case_ids": list(case_ids)}
    begun = await running.post("/batches", "counselor", body, "batch")
    assert begun.status_code == 202, begun.text
    path = f"/batches/{begun.json()['id']}"
    left = AMOUNT
    for _ in range(2):
        async with asyncio.timeout(120):
            # Somewhere between its beginning and its end.
            while (view := await _get(running, path))["pending"] >= left:  # noqa: ASYNC110  (other processes)
                await asyncio.sleep(0.01)
        left = view["pending"]
        assert left > 0
        await running.kill("worker")
    async with asyncio.timeout(150):
        while (view := await _get(running, path))["status"] != "done":  # noqa: ASYNC110  (other processes)
            await asyncio.sleep(0.1)
    assert (view["total"], view["done"], view["refused"], view["pending"]) == (AMOUNT, AMOUNT, 0, 0)
    for case_id in case_ids:
        events = (await _get(running, f"/cases/{case_id}/timeline"))["items"]
        assert [event["type"] for event in events].count("annotated") == 1
    status, report = await running.zhuhang_json("verify")
    assert (status, report["cases"], report["differing"]) == (0, AMOUNT, 0), report["details"][:5]
