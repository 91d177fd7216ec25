"""Each notice is told by exactly one digest, however late it came into the ledger and whatever broke on its way."""

import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, col, select

from models.case.kernel import Role, staff
from models.tables import CaseNotice, Delivery, Staff
from services.channels import Channels
from services.database import engine_of, migrate, writing
from services.digest import DigestWriter
from services.settings import Settings
from tests.views.databases import postgresql

SCHOOL = "90013"
MORNING = datetime(2026, 11, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Desk:
    """One person of a school, what the ledger has for them, and the writer of their digests."""

    engine: Engine
    writer: DigestWriter

    def notice(self, case_id: str, at: datetime, kind: str = "plan_set", *, seq: int = 1) -> None:
        row = CaseNotice(
            case_id=case_id,
            seq=seq,
            audience=staff("m1"),
            school_id=SCHOOL,
            kind=kind,
            subject="",
            at=at,
        )
        with Session(writing(self.engine)) as session:
            session.add(row)
            session.commit()

    def digest(self, day: int) -> list[str]:
        moment = MORNING + day * DAY
        return self.writer.collect(SCHOOL, moment.date().isoformat(), moment)

    def told(self) -> dict[str, int]:
        """How many notices each digest told."""
        with Session(self.engine) as session:
            rows = session.exec(select(Delivery).order_by(col(Delivery.period))).all()
        counts = {row.period: re.search(r"通知 (\d+) 条", row.subject) for row in rows}
        return {period[-2:]: int(found[1]) for period, found in counts.items() if found}


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Desk]:
    with ExitStack() as stack:
        settings = Settings.model_validate({"data_dir": tmp_path})
        if request.param == "postgresql":
            settings.database_url = stack.enter_context(postgresql())
        engine = engine_of(settings.database_url)
        stack.callback(engine.dispose)
        migrate(settings)
        with Session(writing(engine)) as session:
            person = {"id": "m1", "school_id": SCHOOL, "name": "测试导师", "role": Role.MENTOR}
            session.add(Staff.model_validate(person | {"capacity": 5, "created_at": MORNING - DAY}))
            session.commit()
        yield Desk(engine, DigestWriter(engine, Channels.of_settings(settings), "http://zhuhang"))


def test_what_came_late_into_the_ledger_is_told_by_the_next_digest(desk: Desk) -> None:
    desk.notice("case-1", MORNING - DAY)
    desk.digest(0)
    desk.notice("case-2", MORNING - timedelta(seconds=1))
    desk.notice("case-3", MORNING + timedelta(seconds=1))
    desk.digest(1)
    desk.digest(2)
    assert desk.told() == {"02": 1, "03": 2}


def test_a_repeated_digest_takes_nothing_from_the_next(desk: Desk) -> None:
    desk.notice("case-1", MORNING - DAY)
    desk.digest(0)
    desk.notice("case-2", MORNING - DAY)
    desk.digest(0)
    desk.digest(1)
    assert desk.told() == {"02": 1, "03": 1}


def test_a_digest_that_was_cut_off_has_told_nothing(desk: Desk) -> None:
    desk.notice("case-1", MORNING - DAY)
    with cut_off(desk.engine, at="INSERT INTO delivery"), pytest.raises(ConnectionError):
        desk.digest(0)
    desk.digest(1)
    assert desk.told() == {"03": 1}


@contextmanager
def cut_off(engine: Engine, *, at: str) -> Generator[None]:
    """The connection is lost at such a statement."""

    def lose(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(at):
            raise ConnectionError(at)

    event.listen(engine, "before_cursor_execute", lose)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", lose)
