"""The list of classes shows the newest state of each, in whatever order its states are written."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from models.tables import TrainingClass
from models.training_class import TrainingClassState
from services.database import engine_of
from services.settings import Settings
from services.training import ClassLedger
from services.vault import Vault
from tests.views.databases import Held, settings_on
from workflows.class_messages import class_workflow_id

FIRST = TrainingClassState(
    id="c1",
    school_id="90086",
    course="面试训练",
    owner_id="teacher",
    places=3,
    starts_on=date(2026, 11, 2),
    ends_on=date(2026, 11, 30),
)
SECOND = FIRST.but(places=4)
THIRD = SECOND.but(places=5)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Settings]:
    with settings_on(request.param, tmp_path) as settings:
        yield settings


@pytest.fixture
def vault(settings: Settings) -> Generator[Vault]:
    vault = Vault.of(settings)
    vault.ensure([class_workflow_id(FIRST.id)])
    with closing(vault.store):
        yield vault


@pytest.fixture
def engines(settings: Settings) -> Generator[tuple[Engine, Engine]]:
    """Those of two processes."""
    pair = engine_of(settings.database_url), engine_of(settings.database_url)
    yield pair
    for engine in pair:
        engine.dispose()


def shown(engine: Engine, ledger: ClassLedger) -> tuple[int, int]:
    """The version and places that the list shows; its sealed state says the same."""
    with Session(engine) as session:
        row = session.exec(select(TrainingClass)).one()
    state = ledger.state_of(row)
    assert (state.version, state.places) == (row.version, row.places)
    return row.version, row.places


def test_a_late_state_changes_nothing(engines: tuple[Engine, Engine], vault: Vault) -> None:
    engine, _ = engines
    ledger = ClassLedger(engine, vault)
    for state, expected in ((SECOND, 2), (FIRST, 2), (SECOND.but(places=9), 3), (THIRD, 3)):
        ledger.project(state)
        assert shown(engine, ledger)[0] == expected
    assert shown(engine, ledger) == (3, 9)


@pytest.mark.parametrize("before", [None, FIRST])
@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_slow_writer_does_not_undo_a_newer_one(
    engines: tuple[Engine, Engine], vault: Vault, before: TrainingClassState | None
) -> None:
    """On PostgreSQL: SQLite takes one writer at a time anyway."""
    slow, quick = engines
    ledger = ClassLedger(quick, vault)
    if before is not None:
        ledger.project(before)
    held = Held(slow, "INSERT INTO training_class", "UPDATE training_class")
    with ThreadPoolExecutor(1) as threads:
        late = threads.submit(ClassLedger(slow, vault).project, SECOND)
        try:
            assert held.reached.wait(60)
            ledger.project(THIRD)
        finally:
            held.let_go.set()
        late.result(60)
    assert shown(quick, ledger) == (3, 5)
