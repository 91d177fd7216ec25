"""Two supervisors offboard the same leaver at once: one of them begins it, and the other sees that it is under way."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session
from temporalio.client import Client

from models.case.kernel import Actor, Role
from models.tables import Offboarding, Staff
from services.database import engine_of, migrate
from services.offboarding import OffboardingDraft, Offboardings, OffboardingView
from services.school_day import today
from services.settings import Settings
from services.temporal import connect
from services.vault import Vault
from tests.product import settings_for
from tests.setup.test_supervisor import until
from tests.views.databases import Held, postgresql, somebody_waits_for_a_lock

SCHOOL = "90085"


@dataclass
class Office:
    """A database and the engines of two processes on it. No worker is there: nothing is moved meanwhile."""

    client: Client
    settings: Settings
    one: Engine
    other: Engine

    def hire(self, *names: str) -> None:
        """Mentors who are away from today."""
        now = datetime.now(UTC)
        person = {"school_id": SCHOOL, "name": "测试导师", "role": Role.MENTOR, "created_at": now}
        with Session(self.one) as session:
            for name in names:
                session.add(Staff.model_validate(person | {"id": name, "absent_from": today()}))
            session.commit()

    def ended(self, status: str) -> None:
        """An offboarding of the leaver that has ended so."""
        fields = {"staff_id": "leaver", "school_id": SCHOOL, "status": status, "started_by": "somebody"}
        with Session(self.one) as session:
            session.add(Offboarding.model_validate(fields | {"started_at": datetime.now(UTC)}))
            session.commit()

    def ask(self, engine: Engine, asking: str, successor: str) -> asyncio.Task[OffboardingView]:
        actor = Actor(id=asking, role=Role.SCHOOL_SUPERVISOR, school_id=SCHOOL)
        draft = OffboardingDraft(reason="调离", successor_id=successor)
        return asyncio.create_task(
            Offboardings(self.client, engine, self.settings).start(actor, "leaver", draft)
        )


@pytest.fixture
async def office(temporal_address: str, tmp_path: Path) -> AsyncGenerator[Office]:
    """On PostgreSQL: SQLite takes one writer at a time anyway."""
    with ExitStack() as stack:
        url = stack.enter_context(postgresql())
        settings = settings_for(tmp_path, temporal_address, school=SCHOOL, database_url=url)
        migrate(settings)
        vault = Vault.of(settings)
        stack.callback(vault.store.close)
        engines = [engine_of(url), engine_of(url)]
        for engine in engines:
            stack.callback(engine.dispose)
        client = await connect(settings, vault)
        yield Office(client, settings, *engines)
        await client.get_workflow_handle("offboarding-leaver").terminate()


@pytest.mark.parametrize("before", [None, "left_over"])
async def test_one_of_two_at_once_begins(office: Office, before: str | None) -> None:
    office.hire("leaver", "mentor-1", "mentor-2")
    if before is not None:
        office.ended(before)
    held = Held(office.one, "INSERT INTO offboarding", "UPDATE offboarding")
    first = office.ask(office.one, "one", "mentor-1")
    assert await asyncio.to_thread(held.reached.wait, 60)
    second = office.ask(office.other, "other", "mentor-2")
    try:
        await until(lambda: second.done() or somebody_waits_for_a_lock(office.other))
    finally:
        held.let_go.set()
    views = await asyncio.gather(first, second)
    assert [view.started_by for view in views] == ["one", "one"]
