"""A mentor's place that was reserved stays so until its case has decided, whatever the case does meanwhile."""

import asyncio
import threading
from datetime import date
from pathlib import Path

import pytest
from temporalio import activity

from models.case.kernel import MentorAnswer, ReserveMentor
from services.pairing import MentorPool
from tests.product import running_product, settings_for

NARROW = {"id": "narrow", "name": "导师", "role": "mentor", "department_id": "cs", "capacity": 1}
CHOICE = {"type": "assign_mentor", "mentor_id": "narrow", "reason": "专业对口"}


class Gate:
    """The database is too slow for the quick tries of one case; the patient one reserves, and is held up then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.case_id: str | None = None
        self.reserved, self.opened = threading.Event(), threading.Event()
        real = MentorPool.reserve

        def reserve(pool: MentorPool, need: ReserveMentor, today: date) -> MentorAnswer:
            if need.case_id != self.case_id:
                return real(pool, need, today)
            if activity.info().is_local:
                raise TimeoutError
            answer = real(pool, need, today)
            self.reserved.set()
            self.opened.wait(60)
            return answer

        monkeypatch.setattr(MentorPool, "reserve", reserve)


async def test_a_place_is_kept_between_question_and_decision(
    temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    async with running_product(settings_for(tmp_path, temporal_address, school="90021")) as product:
        await product.request("POST", "/staff", json=NARROW)
        first, second = await product.eligible(), await product.eligible()
        gate.case_id = first
        choosing = asyncio.create_task(product.do(first, "college", CHOICE))
        try:
            assert await asyncio.to_thread(gate.reserved.wait, 60)
            await product.accepted(first, "counselor", {"type": "annotate", "text": "另有一事"})
            other = await product.do(second, "college", CHOICE)
        finally:
            gate.opened.set()
        assert (other.status, other.code) == (409, "no_capacity")
        assert (await choosing).case["mentor_id"] == "narrow"
