"""After leaving school: unbroken service until the policy's last day, and checks after placement."""

from typing import Any

import pytest

from models.case.ladder import deadlines, no_deadline_reason

from .given import Case, rungs_of, types
from .people import COUNSELOR, GRADUATE, M1, SUPERVISOR, days, seconds

TALK: dict[str, Any] = {"situation": "seeking", "content": "two interviews"}


def due(case: Case, clock: str = "follow_up") -> list[str]:
    return [str(item.due.on) for item in deadlines(case.state) if item.clock == clock]


def test_leaving_replaces_the_contact_rhythm_by_follow_up() -> None:
    case = Case().delivering()
    assert due(case, "contact")
    assert types(case.when(COUNSELOR, "mark_left_school")) == ["left_school"]
    assert case.state.stage == "follow_up"
    assert str(case.state.left_on) == "2026-09-07"
    assert due(case, "contact") == []
    assert due(case) == ["2026-10-07"]


def test_leaving_is_refused() -> None:
    case = Case().delivering()
    assert case.refused(COUNSELOR, "mark_left_school", on="2026-09-08") == "in_the_future"
    assert case.refused(M1, "mark_left_school") == "role_not_allowed"
    case.when(SUPERVISOR, "mark_left_school", on="2026-06-30")
    assert case.refused(SUPERVISOR, "mark_left_school") == "already_left"


def test_the_date_of_graduation_itself_marks_as_left() -> None:
    case = Case(graduates_on="2026-09-10").delivering()
    assert "left_school" not in types(case.wait(days=3))
    assert "left_school" in types(case.wait(days=1))
    assert str(case.state.left_on) == "2026-09-10"
    assert case.local(case.state.left_at or case.now).isoformat() == "2026-09-11T00:00:00+08:00"


def test_nobody_leaves_twice_nor_after_the_case_is_closed() -> None:
    case = Case(graduates_on="2026-09-10").left()
    assert "left_school" not in types(case.wait(days=5))
    case = Case(graduates_on="2026-09-10").closed()
    assert "left_school" not in types(case.wait(days=5))


def test_a_follow_up_talk_starts_the_next_month() -> None:
    case = Case().left().at("2026-09-20 10:00")
    assert types(case.when(M1, "record_follow_up", **TALK)) == ["follow_up_recorded"]
    assert due(case) == ["2026-10-20"]
    case.when(M1, "record_contact", method="phone", content="hello")
    assert due(case) == ["2026-10-20"]


def test_the_next_talk_may_be_set() -> None:
    case = Case().left()
    case.when(COUNSELOR, "record_follow_up", **TALK, next_on="2026-09-14")
    assert due(case) == ["2026-09-14"]
    case.at("2026-09-14 10:00").when(M1, "record_follow_up", **TALK)
    assert due(case) == ["2026-10-14"]


def test_following_up_is_refused() -> None:
    assert Case().delivering().refused(M1, "record_follow_up", **TALK) == "not_left_school"
    case = Case().left()
    assert case.refused(M1, "record_follow_up", **TALK, next_on="2026-09-06") == "due_date_past"
    assert case.refused(SUPERVISOR, "record_follow_up", **TALK) == "role_not_allowed"


def test_follow_up_ends_with_the_year() -> None:
    case = Case().left()
    case.when(M1, "complete_measure", measure_id="m1")
    talks = 0
    while due(case):
        case.wait_until(deadlines(case.state)[0].due.at)
        case.when(M1, "record_follow_up", **TALK)
        talks += 1
    assert talks == 3
    assert str(case.today) == "2026-12-09"
    assert no_deadline_reason(case.state) == "follow_up_period_over"
    assert case.wait(days=400) == []


def test_a_missed_follow_up_climbs_the_ladder() -> None:
    case = Case(seconds()).left()
    urged = [rung for rung in rungs_of(case.wait(seconds=60)) if rung[0] == "follow_up"]
    assert [rung[1] for rung in urged] == ["before_due", "due", "overdue", "college", "school"]


def test_checks_one_three_and_six_months_after_placement() -> None:
    case = Case().closed()
    seen: list[str] = []
    while due(case, "stability_check"):
        seen += due(case, "stability_check")
        case.wait_until(deadlines(case.state)[0].due.at)
        recorded = case.when(M1, "record_stability_check", stable=True, content="still there")
        assert types(recorded) == ["stability_checked"]
    assert seen == ["2026-10-07", "2026-12-07", "2027-03-07"]
    assert no_deadline_reason(case.state) == "closed"
    check: dict[str, Any] = {"stable": True, "content": "x"}
    assert case.refused(M1, "record_stability_check", **check) == "no_stability_check"


def test_only_the_placed_are_checked() -> None:
    check: dict[str, Any] = {"stable": True, "content": "x"}
    case = Case(days()).verified()
    assert case.refused(M1, "record_stability_check", **check) == "no_stability_check"
    assert Case().closed().refused(GRADUATE, "record_stability_check", **check) == "role_not_allowed"
    waived = Case().delivering()
    waived.when(M1, "request_closure", reason="waived", outcome="no help wanted", proof="signed 09-07")
    waived.when(SUPERVISOR, "approve_closure")
    assert waived.refused(M1, "record_stability_check", **check) == "no_stability_check"
    assert deadlines(waived.state) == []


@pytest.mark.parametrize("span", [{"days": 200}, {"days": 500}])
def test_missed_checks_are_urged_after_closure(span: dict[str, float]) -> None:
    case = Case().closed()
    urged = rungs_of(case.wait(**span))
    assert {rung[0] for rung in urged} == {"stability_check"}
    assert len(urged) == 5
