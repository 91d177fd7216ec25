"""Processes killed in the middle of commands: what was acknowledged stands, once, in workflow and ledger."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import pytest
from temporalio.api.enums.v1 import PendingActivityState

from services.temporal import connect
from services.vault import Vault
from tests.product import STAFF
from tests.running import Running, running_processes
from workflows.reconcile_messages import RECONCILE_WORKFLOW, ReconcileInput

CONTACT = {"type": "record_contact", "method": "phone", "content": "联系"}
# Parts in the order in which they are killed, under load.
VICTIMS = ("worker", "api", "temporal", "worker")


# Far below what the comparison of a slice may take at all.
SOON_SECONDS = 90


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Running]:
    async with running_processes(tmp_path_factory.mktemp("kills")) as product:
        await product.post("/departments", "admin", {"id": "cs", "name": "计算机学院"}, "department")
        for person in STAFF:
            if person.get("department_id") != "edu":
                await product.post("/staff", "admin", person, f"staff-{person['id']}")
        yield product


async def _case(product: Running, number: int) -> str:
    draft = {"student_no": f"K{number:05d}", "name": "测试", "department_id": "cs"}
    opened = await product.post("/cases", "counselor", draft, f"open-{number}")
    case_id: str = opened.json()["case_id"]
    confirm = {
        "type": "confirm_eligibility",
        "decision": "open",
        "hardship_types": [{"type": "LIFTED_POVERTY", "proof": "证明"}],
    }
    assign = {"type": "assign_mentor", "mentor_id": "mentor-1", "reason": "专业对口"}
    path = f"/cases/{case_id}/commands"
    await product.post(path, "counselor", confirm, f"confirm-{number}")
    paired = await product.post(path, "college", assign, f"assign-{number}")
    assert paired.status_code == 200, paired.text
    return case_id


@pytest.mark.timeout(300)
async def test_nothing_acknowledged_is_lost_or_doubled(running: Running) -> None:
    cases = [await _case(running, number) for number in range(4)]
    acknowledged: Counter[str] = Counter()
    ending = asyncio.Event()

    async def counselor(case_id: str) -> None:
        number = 0
        while not ending.is_set():
            number += 1
            body = CONTACT | {"content": f"第 {number} 次"}
            answer = await running.post(f"/cases/{case_id}/commands", "mentor-1", body, f"{case_id}-{number}")
            assert answer.status_code in (200, 202), answer.text
            acknowledged[case_id] += 1

    clients = [asyncio.create_task(counselor(case_id)) for case_id in cases]
    for victim in VICTIMS:
        before = acknowledged.total()
        running.kill(victim)
        async with asyncio.timeout(90):
            while acknowledged.total() < before + 8:  # noqa: ASYNC110  (other processes have to come back)
                await asyncio.sleep(0.05)
    ending.set()
    await asyncio.gather(*clients)
    await running.ready()

    status, report = await running.zhuhang_json("verify")
    assert (status, report["cases"], report["differing"]) == (0, len(cases), 0), report
    for case_id in cases:
        case = (await running.http.get(f"/api/v1/cases/{case_id}", headers=running.bearer("college"))).json()
        assert case["contacts"] == acknowledged[case_id]


@pytest.mark.timeout(300)
async def test_a_slice_is_compared_soon_after_its_worker_died(running: Running) -> None:
    settings = running.settings()
    client = await connect(settings, Vault.of(settings))
    # A case that has ended is looked at again for seconds.
    await client.get_workflow_handle(await _case(running, 99)).terminate()
    round_ = await client.start_workflow(
        RECONCILE_WORKFLOW,
        ReconcileInput(school_id=settings.school_code, wait_seconds=1),
        id="reconcile-now",
        task_queue=settings.task_queue,
    )

    async def tries() -> list[int]:
        """Of the comparison that is being made: which try it is."""
        waited_for = (await round_.describe()).raw_description.pending_activities
        begun = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        return [each.attempt for each in waited_for if each.state == begun]

    async def until_try(number: int) -> None:
        async with asyncio.timeout(SOON_SECONDS):
            while await tries() != [number]:  # noqa: ASYNC110  (other processes)
                await asyncio.sleep(0.05)

    await until_try(1)
    running.kill("worker")
    await until_try(2)
    await round_.terminate()
