"""The graduate objects, and is answered in time."""

import pytest

from models.case.kernel import Actor, Deadline
from models.case.ladder import RungReached, deadlines

from .given import Case
from .people import CENTRE, COUNSELOR, GRADUATE, M1, SUPERVISOR

ABOUT_DATA = {"about": "data", "fields": ["hardship_types", "hardship_types"], "text": "not mine"}


def owed(case: Case) -> list[Deadline]:
    """The answers that are due."""
    return [line for line in deadlines(case.state) if line.clock == "answer_objection"]


def test_an_objection_is_open_until_it_is_answered() -> None:
    case = Case().paired()
    case.when(GRADUATE, "raise_objection", **ABOUT_DATA)
    raised = case.state.objections["o1"]
    assert (raised.fields, raised.verdict) == (("hardship_types",), None)
    (due,) = owed(case)
    assert due.owner == "department:cs"
    case.when(SUPERVISOR, "answer_objection", objection_id="o1", verdict="upheld", reason="taken out")
    assert case.state.objections["o1"].verdict == "upheld"
    assert owed(case) == []
    again = case.refused(CENTRE, "answer_objection", objection_id="o1", verdict="rejected", reason="x")
    assert again == "no_objection_open"


def test_silence_is_escalated() -> None:
    case = Case().paired()
    case.when(GRADUATE, "raise_objection", **ABOUT_DATA)
    told = [item.event for item in case.wait(days=60) if isinstance(item.event, RungReached)]
    assert [item.rung for item in told if item.clock == "answer_objection"][-1] == "school"


def test_an_objection_can_be_raised_and_answered_when_the_case_is_closed() -> None:
    case = Case().closed()
    case.when(GRADUATE, "raise_objection", about="processing", text="delete it")
    case.when(CENTRE, "answer_objection", objection_id="o1", verdict="rejected", reason="kept by law")
    assert case.state.objections["o1"].verdict == "rejected"


@pytest.mark.parametrize("actor", [M1, COUNSELOR, SUPERVISOR])
def test_only_the_graduate_objects(actor: Actor) -> None:
    assert Case().paired().refused(actor, "raise_objection", **ABOUT_DATA) == "role_not_allowed"
