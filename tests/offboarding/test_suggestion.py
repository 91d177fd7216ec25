"""Asking who could take a case waits for nobody who is choosing a mentor at that moment, and keeps nobody waiting."""

from collections.abc import Generator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from models.case.kernel import ReserveMentor, Role
from models.tables import Reservation, Staff
from services.database import writing
from services.pairing import MentorPool
from tests.views.databases import ledger_on

DAY = date(2026, 11, 2)
NEED = ReserveMentor(
    case_id="case-1",
    school_id="90087",
    department_id="cs",
    mentor_id=None,
    excluded=(),
    experienced=False,
    soft_load=10,
    hard_cap=20,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Engine]:
    with ledger_on(request.param, tmp_path) as (_, engine):
        person = {"school_id": NEED.school_id, "name": "测试导师", "role": Role.MENTOR, "department_id": "cs"}
        with Session(writing(engine)) as session:
            for name in ("m1", "m2"):
                fields = person | {"id": name, "capacity": 5, "created_at": datetime.now(UTC)}
                session.add(Staff.model_validate(fields))
            session.add(Reservation(case_id="case-0", mentor_id="m1"))
            session.commit()
        yield engine


def test_a_suggestion_waits_for_nobody_and_reserves_nothing(engine: Engine) -> None:
    pool = MentorPool(engine)
    with Session(writing(engine)) as choosing:
        choosing.exec(select(Staff).with_for_update()).all()
        assert pool.suggest(NEED, DAY).mentor_id == "m2"
    assert pool.suggest(NEED, DAY).mentor_id == "m2"
    with Session(engine) as session:
        assert [row.case_id for row in session.exec(select(Reservation)).all()] == ["case-0"]
