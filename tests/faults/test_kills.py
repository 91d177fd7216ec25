"""Processes killed in the middle of commands: what was acknowledged stands, once, in workflow and ledger."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.product import PATIENCE, STAFF, free_port

ZHUHANG = Path(sys.executable).parent / "zhuhang"
CONTACT = {"type": "record_contact", "method": "phone", "content": "联系"}
# Parts in the order in which they are killed, under load.
VICTIMS = ("worker", "api", "temporal", "worker")


@dataclass
class Running:
    """The whole product as `make run` starts it."""

    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]
    http: httpx.AsyncClient

    async def ready(self) -> None:
        """Wait until every part answers."""
        async with asyncio.timeout(90):
            while self.process.poll() is None:
                try:
                    if (await self.http.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError(f"the product ended with {self.process.returncode}")

    async def post(self, path: str, actor: str, body: Any, key: str) -> httpx.Response:
        """Post until somebody answers for good: a part that is away is asked again with the same key."""
        headers = {"X-Zhuhang-Actor": actor, "Idempotency-Key": key}
        async with asyncio.timeout(90):
            while True:
                try:
                    answer = await self.http.post(f"/api/v1{path}", headers=headers, json=body)
                    if answer.status_code not in (502, 503):
                        return answer
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)

    def kill(self, part: str) -> None:
        """SIGKILL to one part."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            named = part.encode() in command[1:3] or (part == "temporal" and command[0].endswith(b"temporal"))
            if named:
                os.kill(int(child), signal.SIGKILL)
                return
        raise AssertionError(f"no part {part} among the children of the supervisor")


@pytest.fixture
async def running(tmp_path: Path) -> AsyncGenerator[Running]:
    """The product on ports of its own, with an empty ledger."""
    for environment, process in _started(tmp_path):
        address = f"http://127.0.0.1:{environment['ZHUHANG_HTTP_PORT']}"
        async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as http:
            product = Running(process, environment, http)
            await product.ready()
            yield product


def _started(folder: Path) -> Generator[tuple[dict[str, str], "subprocess.Popen[bytes]"]]:
    environment = os.environ | {
        "ZHUHANG_DATA_DIR": str(folder / "data"),
        "ZHUHANG_HTTP_PORT": str(free_port()),
        "ZHUHANG_TEMPORAL_PORT": str(free_port()),
        "ZHUHANG_TEMPORAL_UI_PORT": str(free_port()),
        "DEMO": "0",
    }
    environment.pop("TEMPORAL_ADDRESS", None)
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen([ZHUHANG, "up"], env=environment, stdout=log, stderr=log)  # noqa: S603
    try:
        yield environment, process
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


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
    await running.post("/departments", "admin", {"id": "cs", "name": "计算机学院"}, "department")
    for person in STAFF:
        if person.get("department_id") != "edu":
            await running.post("/staff", "admin", person, f"staff-{person['id']}")
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

    verified = await asyncio.to_thread(
        subprocess.run,
        [ZHUHANG, "verify", "--json"],
        env=running.environment,
        capture_output=True,
        check=False,
    )
    report = json.loads(verified.stdout)
    assert (verified.returncode, report["cases"], report["differing"]) == (0, len(cases), 0), report
    for case_id in cases:
        case = (
            await running.http.get(f"/api/v1/cases/{case_id}", headers={"X-Zhuhang-Actor": "college"})
        ).json()
        assert case["contacts"] == acknowledged[case_id]
