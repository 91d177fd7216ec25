"""Asking a watched installation for its log lines and metrics."""

import asyncio
import json
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import httpx
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.product import ELIGIBLE, PATIENCE
from tests.running import Running

T = TypeVar("T")

_numbers = count(1)
CONTACT = {"type": "record_contact", "method": "phone", "content": "联系"}


class Watched:
    """An installation with the ports at which its parts tell their metrics."""

    def __init__(self, running: Running, ports: Mapping[str, str]) -> None:
        self.running = running
        self._ports = ports

    async def open_case(self) -> str:
        """A case with a mentor."""
        number = next(_numbers)
        draft = {"student_no": f"W{number:05d}", "name": "测试观察", "department_id": "cs"}
        opened = await self.running.post("/cases", "counselor", draft, f"open-{number}")
        assert opened.status_code == 201, opened.text
        case_id: str = opened.json()["case_id"]
        assign = {"type": "assign_mentor", "mentor_id": "mentor-1", "reason": "专业对口"}
        for actor, command in (("counselor", ELIGIBLE), ("college", assign)):
            answer = await self.do(case_id, actor, command, f"{command['type']}-{number}")
            assert answer.status_code in (200, 202), answer.text
        return case_id

    async def do(
        self, case_id: str, actor: str, command: Mapping[str, Any], key: str, **headers: str
    ) -> httpx.Response:
        """Send a command."""
        sent = self.running.bearer(actor) | {"Idempotency-Key": key} | headers
        return await self.running.http.post(f"/api/v1/cases/{case_id}/commands", headers=sent, json=command)

    def log(self, part: str) -> list[dict[str, Any]]:
        """The lines that a part has logged."""
        path = Path(self.running.environment["ZHUHANG_DATA_DIR"]) / "logs" / f"{part}.log"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.startswith("{")]

    async def metrics(self, part: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        """The samples that a part tells: by name, then by labels in the order of their names."""
        found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        for family in await self._told(part):
            for sample in family.samples:
                found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
        return found

    async def families(self) -> set[str]:
        """The names of all metrics of all parts, declared ones among them that have no samples yet."""
        return {family.name for part in self._ports for family in await self._told(part)}

    async def labels(self) -> set[str]:
        """The names of all labels that any sample has."""
        families = [family for part in self._ports for family in await self._told(part)]
        return {label for family in families for sample in family.samples for label in sample.labels}

    async def _told(self, part: str) -> list[Metric]:
        async with httpx.AsyncClient() as http:
            text = (await http.get(f"http://127.0.0.1:{self._ports[part]}/metrics")).text
        return list(text_string_to_metric_families(text))

    async def value(self, part: str, name: str, **labels: str) -> float:
        """The sum of the samples with these labels; 0 where there is none."""
        samples = (await self.metrics(part)).get(name, {})
        return sum(value for found, value in samples.items() if labels.items() <= dict(found).items())

    async def until(self, seen: Callable[[], T | None], *, what: str) -> T:
        """Look again until there is something; fails with `what` when it takes too long."""
        try:
            async with asyncio.timeout(PATIENCE):
                # It happens in other processes: there is no event to wait on.
                while not (found := seen()):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                return found
        except TimeoutError:
            raise AssertionError(f"still not: {what}") from None

    async def until_told(self, part: str, name: str, *, at: float | None = None, **labels: str) -> float:
        """Look again until a metric is above 0, or `at` a value; answers it."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    found = await self.value(part, name, **labels)
                    if found == at or (at is None and found):
                        return found
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"still not as it should be: {name} {labels}") from None
