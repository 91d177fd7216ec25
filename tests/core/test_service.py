"""Contacts and services: the rhythm, the package, the graduate's word."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.case.ladder import deadlines
from models.case.service import PackageLine, package

from .given import Case, a_command, rungs_of, types
from .people import COUNSELOR, GRADUATE, M1, SUPERVISOR, seconds

CONTACT: dict[str, Any] = {"method": "phone", "content": "how is it going"}
SERVICE: dict[str, Any] = {"service_type": "career_guidance", "method": "online", "content": "CV"}
LEAD: dict[str, Any] = {"service_type": "岗位推荐", "method": "message", "content": "会计,月薪 5000 元"}


def line(case: Case, item: str) -> PackageLine:
    return next(found for found in package(case.state) if found.item == item)


def test_a_contact_is_recorded() -> None:
    case = Case().paired()
    assert types(case.when(M1, "record_contact", **CONTACT, next_step="send a CV")) == ["contact_recorded"]
    assert types(case.when(COUNSELOR, "record_contact", **CONTACT)) == ["contact_recorded"]
    assert case.state.contacts == 2
    assert case.state.last_contact_at == case.now


@pytest.mark.parametrize("command", ["record_contact", "record_service"])
@pytest.mark.parametrize(
    ("happened_at", "code"),
    [("2026-09-07T01:00:01Z", "in_the_future"), ("2026-09-07T08:59:59+08:00", "before_opening")],
)
def test_an_act_at_an_impossible_time_is_refused(command: str, happened_at: str, code: str) -> None:
    fields = CONTACT if command == "record_contact" else SERVICE
    assert Case().paired().refused(M1, command, **fields, happened_at=happened_at) == code


def test_a_time_without_its_offset_is_no_time() -> None:
    with pytest.raises(ValidationError):
        a_command("record_contact", **CONTACT, happened_at="2026-09-07T09:00:00")


def test_supervisors_do_not_record_contacts() -> None:
    assert Case().paired().refused(SUPERVISOR, "record_contact", **CONTACT) == "role_not_allowed"


def test_a_service_counts_in_the_package() -> None:
    case = Case().paired()
    assert types(case.when(M1, "record_service", **SERVICE)) == ["service_recorded"]
    assert line(case, "career_guidance").owed == 0
    for _ in range(4):
        case.when(M1, "record_service", **LEAD)
    recommended = line(case, "job_recommendation")
    assert (recommended.due, recommended.done, recommended.confirmed) == (3, 3, 0)


def test_a_service_may_carry_out_a_measure() -> None:
    case = Case().delivering()
    case.when(M1, "record_service", **SERVICE, measure_id="m1")
    assert case.state.plan is not None
    assert case.state.plan.measures()[0].done_at == case.now
    assert case.refused(M1, "record_service", **SERVICE, measure_id="m1") == "measure_done"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"service_type": "massage"}, "unknown_service_type"),
        ({"measure_id": "m1"}, "unknown_measure"),
        ({"service_type": "job_recommendation", "content": "限985高校毕业生"}, "job_lead_unlawful"),
        ({"service_type": "job_recommendation", "content": "入职须交押金500元"}, "job_lead_unlawful"),
    ],
)
def test_a_service_is_refused(fields: dict[str, Any], code: str) -> None:
    assert Case().paired().refused(M1, "record_service", **SERVICE | fields) == code


def test_the_graduate_has_the_last_word_on_a_service() -> None:
    case = Case().paired()
    case.when(M1, "record_service", **SERVICE)
    assert types(case.when(GRADUATE, "confirm_service", service_id="s1", agreed=True)) == [
        "service_confirmed"
    ]
    assert line(case, "career_guidance").confirmed == 1
    case.when(GRADUATE, "confirm_service", service_id="s1", agreed=False, remark="nobody came")
    assert line(case, "career_guidance").owed == 1


def test_confirming_is_refused() -> None:
    case = Case().paired()
    assert case.refused(GRADUATE, "confirm_service", service_id="s1", agreed=True) == "unknown_service"
    case.when(M1, "record_service", **SERVICE)
    assert case.refused(M1, "confirm_service", service_id="s1", agreed=True) == "role_not_allowed"


@pytest.mark.parametrize(
    ("risk_level", "due_on"), [("A", "2026-09-14"), ("B", "2026-09-21"), ("C", "2026-10-07")]
)
def test_the_rhythm_follows_the_risk_level(risk_level: str, due_on: str) -> None:
    case = Case().delivering(risk_level)
    assert [str(item.due.on) for item in deadlines(case.state) if item.clock == "contact"] == [due_on]


def contact_due(case: Case) -> str:
    return next(str(item.due.on) for item in deadlines(case.state) if item.clock == "contact")


def test_a_contact_starts_the_rhythm_anew() -> None:
    case = Case().delivering().at("2026-09-12 10:00")
    case.when(M1, "record_contact", **CONTACT)
    assert contact_due(case) == "2026-09-19"


def test_a_contact_counts_from_the_day_it_happened() -> None:
    case = Case().delivering().at("2026-09-12 10:00")
    case.when(M1, "record_contact", **CONTACT, happened_at="2026-09-09T10:00:00+08:00")
    assert contact_due(case) == "2026-09-16"


def test_amending_the_plan_does_not_put_off_the_contact() -> None:
    case = Case().delivering().at("2026-09-12 10:00")
    case.when(
        M1, "set_plan", goals=[{"title": "Work", "measures": [{"title": "CV", "due_on": "2026-10-16"}]}]
    )
    case.when(SUPERVISOR, "approve_plan", plan_version=2)
    assert contact_due(case) == "2026-09-14"


def test_a_lapsed_rhythm_is_urged_once_at_each_level_and_a_contact_clears_it() -> None:
    case = Case(seconds()).delivering()
    urged = [rung for rung in rungs_of(case.wait(seconds=60)) if rung[0] == "contact"]
    assert urged == [
        ("contact", "before_due", "staff:m1"),
        ("contact", "due", "staff:m1"),
        ("contact", "overdue", "staff:m1"),
        ("contact", "college", "department:cs"),
        ("contact", "school", "school:nhu"),
    ]
    case.when(M1, "record_contact", **CONTACT)
    (deadline,) = [item for item in deadlines(case.state) if item.clock == "contact"]
    assert deadline.due.at > case.now


def test_a_contact_entered_late_that_clears_nothing_is_not_urged_again() -> None:
    case = Case(seconds()).delivering()
    case.wait(seconds=60)
    happened_at = case.opening.opened_at.isoformat()
    case.when(M1, "record_contact", **CONTACT, happened_at=happened_at)
    assert case.wait(seconds=30) == []
