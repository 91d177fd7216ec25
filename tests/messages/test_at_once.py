"""A school's messages are handed over a few at once, so that a slow mail server does not keep the last one waiting."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlmodel import Session, select

from models.case.kernel import Role
from models.tables import Delivery, Staff
from services.channels import Channels
from services.database import engine_of, migrate, writing
from services.messages import Deliveries
from services.own_channels import OwnChannels
from services.settings import Settings
from tests.product import free_port

# Apprise looks for a module that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
SCHOOL = "90013"
NOW = datetime(2026, 11, 2, 1, tzinfo=UTC)


class Together:
    """Takes a message only while another one is there too, but for those to `nobody`, which it refuses."""

    def __init__(self) -> None:
        self.there = 0
        self.taken: list[str] = []
        self._another = asyncio.Event()

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such box"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        self.there += 1
        if self.there == 2:
            self._another.set()
        try:
            await asyncio.wait_for(self._another.wait(), 20)
        except TimeoutError:
            return "451 alone"
        self.taken.extend(envelope.rcpt_tos)
        return "250 taken"


def test_messages_do_not_wait_for_each_other(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path})
    migrate(settings)
    engine = engine_of(settings.database_url)
    people = ["first", "nobody", "second"]
    with Session(writing(engine)) as session:
        for name in people:
            person = Staff(id=name, school_id=SCHOOL, name="测试导师", role=Role.MENTOR, created_at=NOW)
            person.email = f"{name}@school.test"
            message = Delivery(
                id=f"d-{name}",
                school_id=SCHOOL,
                staff_id=name,
                period="2026-11-02",
                channel="mailto-1",
                status="queued",
                subject="摘要",
                body="正文",
                created_at=NOW,
                updated_at=NOW,
            )
            session.add_all([person, message])
        session.commit()
    port, server, beats = free_port(), Together(), 0

    def beat() -> None:
        nonlocal beats
        beats += 1

    template = f"mailto://127.0.0.1:{port}?from=zhuhang@school.test&to={{email}}"
    deliveries = Deliveries(engine, Channels([template], OwnChannels((), ())), at_once=3)
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        failed = deliveries.send([f"d-{name}" for name in people], beat, last=False)
    finally:
        controller.stop()
    assert failed == ["d-nobody"]
    assert sorted(server.taken) == ["first@school.test", "second@school.test"]
    assert beats
    with Session(engine) as session:
        states = {row.staff_id: (row.status, row.attempts) for row in session.exec(select(Delivery)).all()}
    assert states == {"first": ("sent", 1), "second": ("sent", 1), "nobody": ("failed", 1)}
    engine.dispose()
