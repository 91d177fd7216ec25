"""Projections that go without their policy, and writes that are sent together."""

from pathlib import Path

import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import NoResultFound, SQLAlchemyError
from sqlmodel import Session, select

from models.tables import CaseEvent, CaseRow, PolicyVersion
from services.database import engine_of, migrate, sent_together, writing
from services.projection import Ledger
from services.settings import Settings
from services.states import States
from services.vault import Vault
from tests.core.given import GOALS, PROOF, Case
from tests.core.people import COUNSELOR, M1, SUPERVISOR
from tests.views.databases import postgresql
from workflows.messages import AnyProjection, BriefProjection, Projection


def paired() -> Case:
    case = Case()
    case.when(COUNSELOR, "confirm_eligibility", decision="open", hardship_types=[PROOF])
    case.when(SUPERVISOR, "assign_mentor", mentor_id="m1", reason="fits")
    return case


def sent(case: Case, first: int) -> AnyProjection:
    """A projection of the events from a place on, as it arrives at its activity."""
    given = AnyProjection.of(
        Projection(state=case.state, events=[item for item in case.events if item.seq >= first])
    )
    return AnyProjection.model_validate_json(given.model_dump_json())


def project(ledger: Ledger, given: AnyProjection) -> None:
    ledger.project([ledger.completed(given.root)])


def test_only_what_is_new_to_the_ledger_carries_the_policy() -> None:
    case = paired()
    assert not isinstance(sent(case, 1).root, BriefProjection)
    brief = sent(case, 2)
    assert isinstance(brief.root, BriefProjection)
    assert len(brief.model_dump_json()) < len(sent(case, 1).model_dump_json()) / 2


def test_a_brief_one_writes_the_same_and_one_without_its_policy_writes_nothing(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path})
    migrate(settings)
    engine, vault = engine_of(settings.database_url), Vault.of(settings)
    vault.ensure(["case-1"])
    case = paired()
    project(Ledger(engine, vault), sent(case, 1))
    case.when(M1, "record_contact", method="face_to_face", content="talk")
    project(Ledger(engine, vault), sent(case, 4))
    with Session(engine) as session:
        assert States(vault).of(session, session.exec(select(CaseRow)).one()) == case.state

    # As after the restore of an older backup.
    with Session(engine) as session:
        session.connection().execute(delete(PolicyVersion))
        session.commit()
    case.when(M1, "record_assessment", intention="work", obstacles=[], risk_level="B")
    case.when(M1, "set_plan", goals=GOALS)
    before = case.events[-1].seq
    case.when(M1, "annotate", text="later")
    late = sent(case, before + 1)
    with pytest.raises(NoResultFound):
        project(Ledger(engine, vault), late)
    project(Ledger(engine, vault), sent(case, 1))
    project(Ledger(engine, vault), late)
    with Session(engine) as session:
        assert States(vault).of(session, session.exec(select(CaseRow)).one()) == case.state
        seqs = session.exec(select(CaseEvent.seq).order_by(CaseEvent.seq)).all()  # pyright: ignore[reportArgumentType]
    assert seqs == list(range(1, case.state.version + 1))
    engine.dispose()


def test_of_writes_sent_together_all_count_or_none() -> None:
    with postgresql() as url:
        engine = writing(engine_of(url))
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE thing (id int PRIMARY KEY)"))
        put = text("INSERT INTO thing VALUES (:id)")
        twice = [{"id": number} for number in (1, 2, 2)]
        with pytest.raises(SQLAlchemyError), engine.begin() as connection, sent_together(connection):
            [connection.execute(put, row) for row in twice]
        with engine.begin() as connection, sent_together(connection):
            connection.execute(put, {"id": 3})
        with engine.begin() as connection:
            assert connection.scalars(text("SELECT id FROM thing")).all() == [3]
        engine.dispose()
