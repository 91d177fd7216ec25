"""Standing in for an absent mentor: acting in their cases, and approving nothing of one's own by it."""

from typing import Any

import pytest

from .given import GOALS, Case
from .people import M2, SUPERVISOR, SUPERVISOR_2

STAND_IN = M2.model_copy(update={"covering": ("m1",)})
CONTRACT: dict[str, Any] = {"code": "11", "monthly_pay": 5000, "evidence": [{"type": "labor_contract"}]}
CONTACT = {"method": "phone", "content": "x"}


def led() -> Case:
    """A case whose mentor is a supervisor of the college."""
    case = Case().eligible()
    case.when(SUPERVISOR_2, "assign_mentor", mentor_id="d1", reason="leads by example")
    return case


def test_the_stand_in_acts_as_the_mentor_under_their_own_name() -> None:
    case = Case().paired()
    assert case.refused(M2, "record_contact", **CONTACT) == "case_unknown"
    (contact,) = case.when(STAND_IN, "record_contact", **CONTACT)
    assert contact.actor_id == "m2"
    assert case.state.pairing.mentor_id == "m1"


def test_standing_in_reaches_no_further() -> None:
    other = M2.model_copy(update={"covering": ("m3",)})
    assert Case().paired().refused(other, "record_contact", **CONTACT) == "case_unknown"
    # Who stands in for a proposed mentor is not asked in their place.
    assert Case().proposed().refused(STAND_IN, "accept_pairing") == "not_yours"


COVERING = SUPERVISOR_2.model_copy(update={"covering": ("d1",)})


@pytest.mark.parametrize(
    ("author", "judge", "refused"),
    [
        (SUPERVISOR, SUPERVISOR, True),
        # The one who stands in has no say over the work of the mentor...
        (SUPERVISOR, COVERING, True),
        # ... the mentor none over what was done in their place, nor the stand-in after the cover has ended.
        (COVERING, SUPERVISOR, True),
        (COVERING, SUPERVISOR_2, True),
        (SUPERVISOR, SUPERVISOR_2, False),
    ],
)
def test_nobody_approves_through_cover_what_is_their_own(author: Any, judge: Any, refused: bool) -> None:
    planned = led()
    planned.when(author, "record_assessment", intention="a job", risk_level="B")
    planned.when(author, "set_plan", goals=GOALS)
    closing = led()
    closing.when(author, "request_closure", reason="withdrawn", outcome="left")
    placed = led()
    placed.when(author, "register_destination", **CONTRACT)
    level = {"destination_id": "d1", "level": "department"}
    for case, verdict, fields in (
        (planned, "approve_plan", {"plan_version": 1}),
        (closing, "approve_closure", {}),
        (placed, "verify_destination", level),
    ):
        if refused:
            assert case.refused(judge, verdict, **fields) == "self_approval"
        else:
            assert case.when(judge, verdict, **fields)
