"""What the tests of the messages share."""

from collections.abc import Generator
from pathlib import Path

import pytest
from sqlmodel import Session

from models.case.kernel import Role
from models.tables import Staff
from services.channels import Channels
from services.database import writing
from services.digest import DigestWriter
from tests.messages.desk import DAY, MORNING, SCHOOL, Desk
from tests.views.databases import ledger_on


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Desk]:
    with ledger_on(request.param, tmp_path) as (settings, engine):
        with Session(writing(engine)) as session:
            person = {"id": "m1", "school_id": SCHOOL, "name": "测试导师", "role": Role.MENTOR}
            session.add(Staff.model_validate(person | {"capacity": 5, "created_at": MORNING - DAY}))
            session.commit()
        yield Desk(engine, DigestWriter(engine, Channels.of_settings(settings), "http://zhuhang"))
