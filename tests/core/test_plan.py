"""The plan: goals, measures, owners and dates, in versions, approved by another than its author."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.case.ladder import deadlines

from .given import GOALS, Case, a_command, rungs_of, types
from .people import CENTRE, COUNSELOR, M1, SUPERVISOR, seconds


def goals(**measure: Any) -> list[dict[str, Any]]:
    return [{"title": "Work", "measures": [{"title": "CV", "due_on": "2026-10-16"} | measure]}]


def clocks(case: Case) -> list[str]:
    return [item.clock for item in deadlines(case.state)]


def test_a_plan_is_set_approved_and_followed() -> None:
    case = Case().assessed()
    assert types(case.when(M1, "set_plan", goals=GOALS)) == ["plan_set"]
    assert case.state.stage == "planning"
    assert clocks(case) == ["approve_plan"]
    assert types(case.when(SUPERVISOR, "approve_plan", plan_version=1)) == ["plan_approved"]
    assert case.state.stage == "delivery"
    assert sorted(clocks(case)) == ["contact", "measure"]
    assert types(case.when(M1, "complete_measure", measure_id="m1", note="done")) == ["measure_completed"]
    assert clocks(case) == ["contact"]


def test_a_plan_needs_an_assessment() -> None:
    assert Case().refused(M1, "set_plan", goals=GOALS) == "not_paired"
    assert Case().paired().refused(M1, "set_plan", goals=GOALS) == "not_assessed"


@pytest.mark.parametrize(
    ("measure", "code"),
    [({"due_on": "2026-09-06"}, "due_date_past"), ({"service_type": "massage"}, "unknown_service_type")],
)
def test_a_measure_is_refused(measure: dict[str, Any], code: str) -> None:
    assert Case().assessed().refused(M1, "set_plan", goals=goals(**measure)) == code


def test_a_measure_may_be_due_today_and_name_its_service() -> None:
    case = Case().assessed()
    case.when(M1, "set_plan", goals=goals(due_on="2026-09-07", service_type="职业指导", owner_id="c1"))
    assert case.state.draft_plan is not None
    (measure,) = case.state.draft_plan.measures()
    assert (measure.service_type, measure.owner_id) == ("career_guidance", "c1")


def test_only_the_mentor_plans() -> None:
    assert Case().assessed().refused(COUNSELOR, "set_plan", goals=GOALS) == "role_not_allowed"


@pytest.mark.parametrize("verdict", ["approve_plan", "reject_plan"])
def test_a_verdict_on_a_plan_is_refused(verdict: str) -> None:
    reason: dict[str, Any] = {"reason": "too thin"} if verdict == "reject_plan" else {}
    case = Case().assessed()
    assert case.refused(SUPERVISOR, verdict, plan_version=1, **reason) == "no_plan_pending"
    case.when(M1, "set_plan", goals=GOALS)
    assert case.refused(M1, verdict, plan_version=1, **reason) == "self_approval"
    assert case.refused(COUNSELOR, verdict, plan_version=1, **reason) == "role_not_allowed"
    case.when(M1, "set_plan", goals=GOALS)
    assert case.refused(SUPERVISOR, verdict, plan_version=1, **reason) == "stale_version"


def test_a_supervisor_who_mentors_does_not_approve_their_own_plan() -> None:
    case = Case().eligible()
    case.when(SUPERVISOR, "assign_mentor", mentor_id="d1", reason="leads by example")
    case.when(SUPERVISOR, "record_assessment", intention="a job", risk_level="B")
    case.when(SUPERVISOR, "set_plan", goals=GOALS)
    assert case.refused(SUPERVISOR, "approve_plan", plan_version=1) == "self_approval"
    case.when(CENTRE, "approve_plan", plan_version=1)


def test_a_plan_sent_back_gets_its_time_again() -> None:
    case = Case().planned().at("2026-11-02 09:00")
    assert types(case.when(SUPERVISOR, "reject_plan", plan_version=1, reason="too thin")) == ["plan_rejected"]
    (deadline,) = deadlines(case.state)
    assert (deadline.clock, str(deadline.due.on)) == ("set_plan", "2026-11-16")
    assert case.settle() == []
    case.when(M1, "set_plan", goals=goals(due_on="2026-12-01"))
    assert case.state.plan_versions == 2


def test_an_amendment_leaves_the_approved_plan_in_force_until_approved() -> None:
    case = Case().delivering()
    case.when(M1, "set_plan", goals=goals(title="Interviews"))
    assert case.state.plan is not None
    assert case.state.plan.version == 1
    case.when(SUPERVISOR, "approve_plan", plan_version=2)
    assert [measure.title for measure in case.state.plan.measures()] == ["Interviews"]


def test_completing_a_measure_is_refused() -> None:
    case = Case().planned()
    assert case.refused(M1, "complete_measure", measure_id="m1") == "no_plan"
    case.when(SUPERVISOR, "approve_plan", plan_version=1)
    assert case.refused(M1, "complete_measure", measure_id="m7") == "unknown_measure"
    case.when(M1, "complete_measure", measure_id="m1")
    assert case.refused(M1, "complete_measure", measure_id="m1") == "measure_done"


def test_a_plan_may_hold_very_many_measures_and_each_is_urged_once() -> None:
    measures = [{"title": f"step {number}", "due_on": "2026-09-08"} for number in range(30)]
    case = Case(seconds()).assessed()
    case.when(M1, "set_plan", goals=[{"title": "Work", "measures": measures}] * 10)
    case.when(SUPERVISOR, "approve_plan", plan_version=1)
    recorded = case.after_outage(days=10)
    urged = [rung for rung in rungs_of(recorded) if rung[0] == "measure"]
    assert len(urged) == 300 * 5
    assert [rung for rung in rungs_of(case.wait(days=1)) if rung[0] == "measure"] == []


def test_a_date_beyond_all_calendars_is_no_date() -> None:
    with pytest.raises(ValidationError):
        a_command("set_plan", goals=goals(due_on="9999-12-31"))
