"""A killed worker in the middle of an import."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from tests.imports.files import id_number, person, roster
from tests.running import Running, running_processes

AMOUNT = 300
CENTRE = "career-centre"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncGenerator[Running]:
    async with running_processes(tmp_path) as product:
        yield product


async def _view(running: Running, import_id: str) -> dict[str, Any]:
    return (await running.http.get(f"/api/v1/imports/{import_id}", headers=running.bearer(CENTRE))).json()


async def _some_started(running: Running, import_id: str) -> bool:
    """True when Temporal knows cases that the import does not count yet."""
    client = await Client.connect(f"127.0.0.1:{running.environment['ZHUHANG_TEMPORAL_PORT']}")
    started = (await client.count_workflows("WorkflowType = 'case'")).count
    return started > (await _view(running, import_id))["opened"]


async def _some_opened(running: Running, import_id: str) -> bool:
    return (await _view(running, import_id))["opened"] > 0


@pytest.mark.timeout(300)
async def test_a_killed_worker_opens_every_row_once(running: Running) -> None:
    lines = [person(f"KI{number:05d}", id_number=id_number(number)) for number in range(AMOUNT)]
    # The same person once more, and somebody else under a known ID number.
    lines += [person("KI00000", id_number=id_number(0)), person("KI99999", id_number=id_number(1))]
    answer = await running.http.post(
        "/api/v1/imports",
        headers=running.bearer(CENTRE),
        files={"file": ("名单.csv", roster(*lines))},
        data={"create_departments": "true"},
    )
    assert answer.status_code == 202, answer.text
    import_id = answer.json()["id"]

    # Once in the middle of a part, when some of its cases are started and none has its outcome, and once later.
    for seen in (_some_started, _some_opened):
        async with asyncio.timeout(120):
            while not await seen(running, import_id):  # noqa: ASYNC110  (it happens in other processes)
                await asyncio.sleep(0.02)
        await running.kill("worker")
    async with asyncio.timeout(180):
        while (view := await _view(running, import_id))["status"] != "done":  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    counts = {name: view[name] for name in ("total", "opened", "updated", "unchanged", "rejected")}
    assert counts == {"total": AMOUNT + 2, "opened": AMOUNT, "updated": 0, "unchanged": 1, "rejected": 1}
    status, report = await running.zhuhang_json("verify")
    assert (status, report["cases"], report["differing"]) == (0, AMOUNT, 0), report["details"][:5]
    rows = await running.http.get(
        f"/api/v1/imports/{import_id}/rows?limit=1000", headers=running.bearer(CENTRE)
    )
    opened = Counter(row["case_id"] for row in rows.json()["items"] if row["outcome"] == "opened")
    assert set(opened.values()) == {1}
