"""A worker dies over a command that it has projected already: another one decides anew, and its word counts."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from models.case.machine import Recorded
from models.case.profile import Annotated_
from models.tables import CaseDeadline, CaseEvent, CaseNotice, CaseRow
from services.past_events import PastEvents
from services.projection import Ledger
from services.repair import Repairs
from services.unhappened import Told
from services.vault import Vault
from tests.core.given import GOALS, PROOF, Case
from tests.core.people import COUNSELOR, M1, START, SUPERVISOR
from tests.views.databases import ledger_on
from workflows.messages import Projection


class Office:
    """A ledger and a case that is projected into it, or not."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self.engine, self.vault = engine, vault
        self.ledger = Ledger(engine, vault)
        self._past = PastEvents(engine, vault)
        self.repairs = Repairs(engine, self.ledger, self._past)

    def project(self, case: Case, events: list[Recorded]) -> None:
        self.ledger.project([Projection(state=case.state, events=events)])

    def timeline(self) -> list[tuple[int, str]]:
        with Session(self.engine) as session:
            rows = session.exec(select(CaseEvent).order_by(col(CaseEvent.seq))).all()
        return [(row.seq, row.type) for row in rows]

    def row(self) -> CaseRow:
        with Session(self.engine) as session:
            return session.exec(select(CaseRow)).one()

    def past(self) -> list[Recorded]:
        return self._past.all_of("case-1")

    def texts(self) -> list[str]:
        """What was noted, in its order."""
        return [item.event.text for item in self.past() if isinstance(item.event, Annotated_)]

    def untold(self) -> set[tuple[int, str]]:
        with Session(self.engine) as session:
            rows = session.exec(select(CaseNotice).where(col(CaseNotice.period).is_(None))).all()
        return {(row.seq, row.kind) for row in rows}

    def told(self) -> set[tuple[int, str]]:
        with Session(self.engine) as session:
            return {(row.seq, row.kind) for row in session.exec(select(CaseNotice)).all()}

    def tell_all(self) -> None:
        """As a digest does."""
        with self.engine.begin() as connection:
            connection.execute(update(CaseNotice).values(period="2026-11-02"))

    def clocks(self) -> set[str]:
        with Session(self.engine) as session:
            return set(session.exec(select(CaseDeadline.clock)).all())


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Office]:
    with ledger_on(request.param, tmp_path) as (settings, engine):
        vault = Vault.of(settings)
        vault.ensure(["case-1"])
        yield Office(engine, vault)


def paired(office: Office) -> Case:
    """A case with its mentor, in the ledger."""
    case = Case()
    case.when(COUNSELOR, "confirm_eligibility", decision="open", hardship_types=[PROOF])
    case.when(SUPERVISOR, "assign_mentor", mentor_id="m1", reason="fits")
    office.project(case, case.events)
    return case


def twin_of(case: Case) -> Case:
    """The same case on another worker, a moment later."""
    other = Case()
    other.state, other.events = case.state, list(case.events)
    other.now = case.now + timedelta(seconds=7)
    return other


def planned(case: Case) -> list[Recorded]:
    return [
        *case.when(M1, "record_assessment", intention="work", risk_level="A"),
        *case.when(M1, "set_plan", goals=GOALS),
    ]


def test_what_was_decided_anew_takes_the_place_of_what_never_happened(office: Office) -> None:
    dying = paired(office)
    successor = twin_of(dying)
    office.project(dying, planned(dying))
    assert (5, "plan_set") in office.told()
    office.project(successor, successor.when(M1, "annotate", text="only this happened"))
    assert office.timeline()[3:] == [(4, "annotated")]
    assert (office.row().version, office.row().stage) == (4, "assessment")
    assert "approve_plan" not in office.clocks()
    assert all(seq < 4 for seq, _ in office.told())


def test_what_happened_before_may_be_written_once_more_with_it(office: Office) -> None:
    dying = paired(office)
    successor = twin_of(dying)
    office.project(dying, planned(dying))
    successor.when(M1, "annotate", text="only this happened")
    office.project(successor, successor.events)
    assert office.timeline()[2:] == [(3, "mentor_assigned"), (4, "annotated")]
    assert office.row().version == 4


def test_what_a_digest_has_told_is_not_told_anew_for_its_happening_later(office: Office) -> None:
    dying = paired(office)
    successor = twin_of(dying)
    office.project(dying, planned(dying))
    office.tell_all()
    # Something else comes between, and the same news a second time.
    office.project(successor, successor.when(M1, "annotate", text="first"))
    office.project(successor, planned(successor))
    office.project(successor, successor.when(SUPERVISOR, "reject_plan", plan_version=1, reason="again"))
    office.project(successor, successor.when(M1, "set_plan", goals=GOALS))
    assert office.untold() == {(7, "plan_rejected"), (8, "plan_set")}


def neglected(case: Case) -> list[Recorded]:
    """Nobody speaks to the graduate until everybody is told, and after a talk once more."""
    spoken = case.when(M1, "record_contact", method="phone", content="how is it going")
    return [*spoken, *case.wait(days=90)]


def served(office: Office) -> Case:
    case = Case().delivering()
    office.project(case, case.events)
    return case


def test_the_same_news_of_two_events_is_remembered_for_both(office: Office) -> None:
    dying = served(office)
    successor = twin_of(dying)
    for _ in range(2):
        office.project(dying, neglected(dying))
    assert len([kind for _, kind in office.untold() if kind == "rung:contact:school"]) == 2
    office.tell_all()
    successor.now += timedelta(days=200)
    for _ in range(2):
        office.project(successor, neglected(successor))
    assert [kind for _, kind in office.untold() if kind == "rung:contact:school"] == []


def test_what_an_earlier_version_remembered_is_known() -> None:
    told = Told.taken_from({"told": {"school:s rung:contact:school ": "2026-11-02"}})
    notice = CaseNotice(
        case_id="case-1",
        seq=4,
        school_id="s",
        audience="school:s",
        kind="rung:contact:school",
        subject="",
        at=START,
    )
    assert [told.take(notice), told.take(notice)] == ["2026-11-02", None]


def test_what_is_written_once_more_takes_nothing_of_what_was_told_of_another(office: Office) -> None:
    dying = served(office)
    office.project(dying, happened := neglected(dying))
    successor = twin_of(dying)
    office.project(dying, neglected(dying))
    office.tell_all()
    successor.now += timedelta(days=100)
    said = successor.when(M1, "annotate", text="first")
    office.project(successor, [*happened, *said])
    office.project(successor, neglected(successor))
    assert [kind for _, kind in office.untold() if kind == "rung:contact:school"] == []


def test_of_two_decided_at_one_moment_the_last_to_come_has_happened(office: Office) -> None:
    first = paired(office)
    second, third = twin_of(first), twin_of(first)
    second.now = third.now = first.now
    office.project(first, planned(first))
    office.project(second, never := second.when(M1, "annotate", text="never said"))
    assert office.timeline()[3:] == [(4, "annotated")]
    assert (office.row().version, office.row().stage) == (4, "assessment")
    # One of the same kind, by the same person.
    office.project(third, third.when(M1, "annotate", text="said"))
    assert office.texts() == ["said"]
    # What comes when the case has gone on is late.
    third.now += timedelta(seconds=1)
    office.project(third, third.when(M1, "annotate", text="and on"))
    office.project(second, never)
    assert office.texts() == ["said", "and on"]
    assert office.row().version == 5


def test_a_worker_that_was_thought_dead_changes_nothing(office: Office) -> None:
    thought_dead = paired(office)
    successor = twin_of(thought_dead)
    never = planned(thought_dead)
    office.project(successor, successor.when(M1, "annotate", text="this happened"))
    office.project(thought_dead, never)
    assert office.timeline()[3:] == [(4, "annotated")]
    assert (office.row().version, office.row().stage) == (4, "assessment")


def test_a_repeated_projection_changes_nothing_of_what_came_after(office: Office) -> None:
    case = paired(office)
    first = case.when(M1, "annotate", text="one")
    before = case.state
    office.project(case, first)
    case.now += timedelta(seconds=7)
    office.project(case, planned(case))
    after = office.timeline()
    office.ledger.project([Projection(state=before, events=first)])
    assert office.timeline() == after
    assert office.row().version == 6


def test_repair_takes_back_what_nothing_followed(office: Office) -> None:
    dying = paired(office)
    true = dying.state
    office.project(dying, planned(dying))
    assert office.repairs.repair(true, [], datetime.now(UTC) + timedelta(days=9999)) is None
    assert office.timeline()[3:] == []
    assert (office.row().version, office.row().stage) == (3, "assessment")


def test_what_a_repair_took_back_is_not_told_anew_for_its_happening_later(office: Office) -> None:
    dying = paired(office)
    successor = twin_of(dying)
    office.project(dying, planned(dying))
    office.tell_all()
    office.repairs.repair(successor.state, [], dying.now + timedelta(minutes=5))
    assert office.row().version == 3
    office.project(successor, planned(successor))
    with Session(office.engine) as session:
        rows = session.exec(select(CaseNotice).where(CaseNotice.seq > 3)).all()
    assert rows
    assert {row.period for row in rows} == {"2026-11-02"}


def test_repair_puts_back_what_an_attempt_of_the_same_moment_displaced(office: Office) -> None:
    case = paired(office)
    twin = twin_of(case)
    twin.now = case.now
    happened = planned(case)
    office.project(case, happened)
    never = [
        *twin.when(M1, "record_assessment", intention="study", risk_level="B"),
        *twin.when(M1, "set_plan", goals=[GOALS[0] | {"title": "Study on"}]),
        *twin.when(M1, "annotate", text="never said"),
    ]
    office.project(twin, never)
    assert office.texts() == ["never said"]
    office.tell_all()
    # The case rests, and is asked a moment later; what is beyond it is too young yet.
    wait = office.repairs.repair(case.state, happened, case.now)
    assert wait is not None
    assert office.repairs.repair(case.state, happened, case.now + wait) is None
    assert office.past() == case.events
    assert office.row().version == 5
    with Session(office.engine) as session:
        told = {row.kind: row.period for row in session.exec(select(CaseNotice).where(CaseNotice.seq > 3))}
    # A digest has told that there is a plan.
    assert told["plan_set"] == "2026-11-02"


def test_repair_leaves_what_may_have_happened_meanwhile(office: Office) -> None:
    case = paired(office)
    looked_at = case.state
    office.project(case, planned(case))
    wait = office.repairs.repair(looked_at, [], case.now)
    assert wait is not None
    assert office.row().version == 5
    assert len(office.timeline()) == 5
    # Had it happened, its case would know of it by then.
    assert office.repairs.repair(looked_at, [], case.now + wait + timedelta(seconds=1)) is None
    assert len(office.timeline()) == looked_at.version
