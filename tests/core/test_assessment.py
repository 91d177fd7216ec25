"""First talk and assessment: the risk level, and support that must not wait."""

from typing import Any

from models.case.ladder import deadlines

from .given import Case, types
from .people import CENTRE, COUNSELOR, GRADUATE, M1, M2

ASSESSMENT: dict[str, Any] = {"intention": "a job in town", "obstacles": ["shy"], "risk_level": "A"}


def clocks(case: Case) -> list[str]:
    return [item.clock for item in deadlines(case.state)]


def test_the_mentor_assesses() -> None:
    case = Case().paired()
    assert types(case.when(M1, "record_assessment", **ASSESSMENT, notes="talked for an hour")) == [
        "assessment_recorded"
    ]
    assert case.state.stage == "planning"
    assert case.state.assessment is not None
    assert case.state.assessment.risk_level == "A"


def test_nobody_assesses_before_pairing() -> None:
    for case in (Case(), Case().eligible(), Case().proposed()):
        for actor in (M1, M2, COUNSELOR, CENTRE):
            assert case.refused(actor, "record_assessment", **ASSESSMENT) == "not_paired"


def test_only_the_mentor_assesses() -> None:
    case = Case().paired()
    assert case.refused(COUNSELOR, "record_assessment", **ASSESSMENT) == "role_not_allowed"
    assert case.refused(GRADUATE, "record_assessment", **ASSESSMENT) == "role_not_allowed"
    assert case.refused(M2, "record_assessment", **ASSESSMENT) == "case_unknown"


def test_the_first_talk_is_due_five_working_days_after_acceptance() -> None:
    case = Case().paired()
    (deadline,) = deadlines(case.state)
    assert (deadline.clock, str(deadline.due.on), deadline.owner) == ("first_talk", "2026-09-14", "staff:m1")


def test_a_need_for_psychological_support_is_a_deadline_until_it_is_met() -> None:
    case = Case().assessed(needs_psychological_support=True)
    assert "psychological_support" in clocks(case)
    case.when(M1, "record_service", service_type="心理疏导", method="face_to_face", content="first talk")
    assert "psychological_support" not in clocks(case)
    case.at("2026-09-20 09:00")
    case.when(M1, "record_assessment", **ASSESSMENT, needs_psychological_support=True)
    assert "psychological_support" in clocks(case)
    case.when(M1, "send_referral", kind="psychological", to="p1", purpose="counselling")
    assert "psychological_support" not in clocks(case)


def test_a_new_assessment_does_not_put_off_the_plan() -> None:
    case = Case().assessed()
    (before,) = [item for item in deadlines(case.state) if item.clock == "set_plan"]
    assert str(before.due.on) == "2026-09-21"
    case.at("2026-09-15 09:00").when(M1, "record_assessment", **ASSESSMENT)
    assert [item for item in deadlines(case.state) if item.clock == "set_plan"] == [before]
