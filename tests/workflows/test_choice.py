"""A mentor's place that was reserved stays so until its case has decided, whatever the case does meanwhile."""

import asyncio
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlmodel import Session, select
from temporalio import activity

from models.case.intake import Source
from models.case.kernel import MentorAnswer, ReserveMentor
from models.roster.rows import RosterRow
from models.tables import Reservation
from services.commands import CommandKey
from services.errors import Conflict
from services.pairing import MentorPool
from services.temporal import connect
from services.vault import Vault
from tests.product import ELIGIBLE, running_product, running_worker, settings_for
from tests.workflows.life import COMMAND, Lives

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


async def test_a_place_reserved_for_nothing_is_given_back_by_a_case_of_an_import_too(
    temporal_address: str, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, temporal_address, school="90009")
    settings.task_queue = "given-back"
    lives = Lives(await connect(settings, Vault.of(settings)), settings)
    row = RosterRow(student_no="G0000001", name="测试", cohort=2027)
    opening = lives.opener.opening(lives.actor("counselor"), row, "cs", datetime.now(UTC), Source())
    lives.vault.ensure([opening.case_id])
    # Decided in order, all or nothing: there is no plan to approve.
    given = (ELIGIBLE, CHOICE | {"mentor_id": "mentor-1"}, {"type": "approve_plan", "plan_version": 1})
    commands = [COMMAND.validate_python(command) for command in given]
    async with running_worker(settings):
        await lives.opener.start(opening, projected=True)
        lives.opener.project([opening])
        with pytest.raises(Conflict):
            await lives.commands.send(opening.case_id, commands, lives.actor("college"), CommandKey("all"))
        with Session(lives.engine) as session:
            assert session.exec(select(Reservation)).all() == []
        state = await lives.state(opening.case_id)
    lives.engine.dispose()
    assert state.version == 1
