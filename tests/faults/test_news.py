"""Who was told of the events of a case is compared with who was to be."""

import pytest

from models.case.lived import lived_through
from models.tables import CaseNotice
from services.ledger_rows import notice_rows
from services.news import WrongNews, wrong_news
from tests.core.given import Case
from tests.core.people import M1, SUPERVISOR


@pytest.fixture
def case() -> Case:
    """A case whose mentor changes after a plan was approved."""
    case = Case().delivering()
    case.when(SUPERVISOR, "assign_mentor", mentor_id="m2", reason="leave")
    return case


def found(case: Case, told: list[CaseNotice]) -> WrongNews:
    wrong = wrong_news(case.events, case.state, told)
    assert wrong is not None
    return wrong


def as_it_was(case: Case) -> list[CaseNotice]:
    states = lived_through(case.events, case.state)
    return [row for pair in zip(states, case.events, strict=True) for row in notice_rows(*pair)]


def of_the_approval(rows: list[CaseNotice]) -> CaseNotice:
    return next(row for row in rows if row.kind == "plan_approved")


def test_who_was_told_at_once_was_told_rightly(case: Case) -> None:
    told = as_it_was(case)
    assert {row.audience for row in told} > {f"staff:{M1.id}", "staff:m2"}
    assert found(case, told) == WrongNews()


def test_who_was_told_late_was_told_rightly(case: Case) -> None:
    at_last = [row for item in case.events for row in notice_rows(case.state, item)]
    assert of_the_approval(at_last).audience == "staff:m2"
    assert found(case, at_last) == WrongNews()


def test_what_nobody_was_told_is_missing(case: Case) -> None:
    told = as_it_was(case)
    lost = of_the_approval(told)
    told.remove(lost)
    assert found(case, told) == WrongNews(missing=[lost])


def test_what_somebody_was_told_of_nothing_is_beyond(case: Case) -> None:
    told = as_it_was(case)
    more = CaseNotice.model_validate(of_the_approval(told).model_dump() | {"audience": "staff:m3"})
    assert found(case, [*told, more]) == WrongNews(beyond=[more])


@pytest.mark.parametrize("later", [-7, 99], ids=["beside all events", "of an event that has come since"])
def test_what_no_event_at_hand_speaks_of_is_left_alone(case: Case, later: int) -> None:
    told = as_it_was(case)
    other = CaseNotice.model_validate(of_the_approval(told).model_dump() | {"seq": later})
    assert found(case, [*told, other]) == WrongNews()
