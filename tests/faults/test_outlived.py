"""A worker that outlives its task writes late what another has written, and gone beyond, meanwhile."""

import threading
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, select

import services.projection
from models.case.machine import Recorded
from models.case.pairing import reservation
from models.tables import Reservation, Staff
from services.pairing import MentorPool
from tests.core.given import PROOF, Case
from tests.core.people import COUNSELOR, START, SUPERVISOR
from tests.faults.test_unhappened import Office, office, twin_of
from workflows.messages import Projection

__all__ = ["office"]

TODAY = date(2026, 11, 2)


def eligible() -> Case:
    case = Case()
    case.when(COUNSELOR, "confirm_eligibility", decision="open", hardship_types=[PROOF])
    return case


def sent(case: Case, events: list[Recorded] | None = None) -> Projection:
    """What a worker has in hand just now."""
    return Projection(state=case.state, events=list(case.events if events is None else events))


def held(office: Office) -> list[tuple[str, str]]:
    """Who holds which mentor's place."""
    with Session(office.engine) as session:
        return [(row.case_id, row.mentor_id) for row in session.exec(select(Reservation)).all()]


def mentor_with_one_place(office: Office, case: Case) -> MentorPool:
    mentor = Staff(
        id="m1",
        school_id=case.state.school_id,
        department_id=case.state.department_id,
        name="M",
        role="mentor",
        capacity=1,
        created_at=START,
    )
    with Session(office.engine) as session:
        session.add(mentor)
        session.commit()
    return MentorPool(office.engine)


class Late:
    """A projection whose writer has seen that the ledger has no row of the case, and rests then."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self._office = office
        self._looked, self._go = threading.Event(), threading.Event()
        self._thread = threading.Thread()
        real = services.projection._forgotten  # pyright: ignore[reportPrivateUsage]

        def rest(*given: Any) -> bool:
            if threading.current_thread() is self._thread:
                self._looked.set()
                assert self._go.wait(60)
            return real(*given)

        monkeypatch.setattr(services.projection, "_forgotten", rest)

    def begin(self, projection: Projection) -> None:
        self._thread = threading.Thread(target=self._office.ledger.project, args=([projection],))
        self._thread.start()
        assert self._looked.wait(60)

    def end(self) -> None:
        self._go.set()
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture
def late(office: Office, monkeypatch: pytest.MonkeyPatch) -> Late:
    if office.engine.dialect.name == "sqlite":
        pytest.skip("SQLite takes one writer at a time")
    return Late(office, monkeypatch)


def test_an_older_first_row_leaves_a_newer_one(office: Office, late: Late) -> None:
    case = eligible()
    late.begin(sent(case))
    case.when(SUPERVISOR, "assign_mentor", mentor_id="m1", reason="fits")
    office.ledger.project([sent(case)])
    before = office.clocks()
    late.end()
    assert (office.row().version, office.row().mentor_id) == (3, "m1")
    assert held(office) == [("case-1", "m1")]
    assert office.clocks() == before
    assert office.past() == case.events


def test_a_newer_first_row_takes_the_place_of_an_older_one(office: Office, late: Late) -> None:
    case = eligible()
    older = sent(case)
    case.when(SUPERVISOR, "assign_mentor", mentor_id="m1", reason="fits")
    late.begin(sent(case))
    office.ledger.project([older])
    late.end()
    assert (office.row().version, office.row().mentor_id) == (3, "m1")
    assert held(office) == [("case-1", "m1")]
    assert office.past() == case.events


def test_of_two_first_rows_what_never_happened_goes(office: Office, late: Late) -> None:
    dying = eligible()
    successor = twin_of(dying)
    never = dying.when(SUPERVISOR, "annotate", text="never said")
    successor.when(SUPERVISOR, "annotate", text="said")
    late.begin(sent(successor))
    office.ledger.project([sent(dying)])
    late.end()
    assert never[0].seq == office.row().version
    assert office.past() == successor.events


def test_a_late_repeat_takes_no_place_that_was_reserved_meanwhile(office: Office) -> None:
    case = eligible()
    office.ledger.project([sent(case)])
    pool = mentor_with_one_place(office, case)
    assert pool.reserve(reservation(case.state, "m1"), TODAY).mentor_id == "m1"
    # A try that timed out before, and gets through only now.
    office.ledger.project([sent(case)])
    other = reservation(case.state, "m1").model_copy(update={"case_id": "case-2"})
    assert pool.reserve(other, TODAY).problem == "no_capacity"
    assigned = case.when(SUPERVISOR, "assign_mentor", mentor_id="m1", reason="fits")
    office.ledger.project([sent(case, assigned)])
    assert held(office) == [("case-1", "m1")]


def test_a_place_reserved_for_nothing_is_given_back(office: Office) -> None:
    case = eligible()
    office.ledger.project([sent(case)])
    pool = mentor_with_one_place(office, case)
    pool.reserve(reservation(case.state, "m1"), TODAY)
    office.ledger.project([sent(case, [])])
    assert held(office) == []
    # By a worker that died over the choice: the next event shows that nobody was chosen.
    pool.reserve(reservation(case.state, "m1"), TODAY)
    office.ledger.project([sent(case, case.when(SUPERVISOR, "annotate", text="nobody yet"))])
    assert held(office) == []
