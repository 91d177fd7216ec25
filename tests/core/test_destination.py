"""Destination: evidence per code, the fourth prohibition, and two levels of verification."""

from typing import Any

import pytest

from models.case.kernel import AttachmentProblem, NameAttachments, Refused, Role
from models.case.ladder import deadlines

from .given import Case, a_command, types
from .people import CENTRE, COUNSELOR, GRADUATE, M1, SUPERVISOR, SUPERVISOR_2, person

CONTRACT: dict[str, Any] = {"code": "11", "employer": "Orchard Ltd", "evidence": [{"type": "劳动合同"}]}


def registered(actor: Any = M1, **fields: Any) -> Case:
    case = Case().paired()
    case.when(actor, "register_destination", **CONTRACT | fields)
    return case


def reviewed() -> Case:
    case = registered()
    case.when(SUPERVISOR, "verify_destination", destination_id="d1", level="department")
    return case


def test_registered_reviewed_verified() -> None:
    case = registered(GRADUATE)
    assert types(case.events)[-1] == "destination_registered"
    verified = case.when(SUPERVISOR, "verify_destination", destination_id="d1", level="department")
    assert types(verified) == ["destination_verified"]
    assert case.state.destinations["d1"].status == "department_verified"
    case.when(CENTRE, "verify_destination", destination_id="d1", level="school")
    assert case.state.destinations["d1"].status == "verified"


def test_each_level_has_its_deadline() -> None:
    case = registered()
    assert ("verify_destination", "department:cs") in [
        (item.clock, item.owner) for item in deadlines(case.state)
    ]
    case.when(SUPERVISOR, "verify_destination", destination_id="d1", level="department")
    assert ("verify_destination", "school:nhu") in [
        (item.clock, item.owner) for item in deadlines(case.state)
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"code": "99"}, "unknown_destination_code"),
        ({"evidence": []}, "evidence_missing"),
        ({"evidence": [{"type": "签证"}]}, "evidence_missing"),
        ({"evidence": [{"type": "见习证明"}]}, "traineeship_is_not_employment"),
        ({"evidence": [{"type": "labor_contract"}, {"type": "实习证明"}]}, "traineeship_is_not_employment"),
        ({"code": "85", "evidence": [{"type": "offer"}]}, "evidence_missing"),
        ({"monthly_pay": 1999}, "below_minimum_wage"),
        ({"code": "12", "evidence": [{"type": "单位证明"}]}, "pay_missing"),
        ({"code": "12", "evidence": [{"type": "单位证明"}], "monthly_pay": 100}, "below_minimum_wage"),
        ({"signed_on": "2026-09-08"}, "in_the_future"),
    ],
)
def test_registering_is_refused(fields: dict[str, Any], code: str) -> None:
    assert Case().paired().refused(M1, "register_destination", **CONTRACT | fields) == code


def test_a_refusal_names_all_the_evidence_that_lacks() -> None:
    case = Case().paired()
    for evidence, accepted in (([], "offer / admission_notice + visa"), ([{"type": "offer"}], "visa")):
        command = a_command("register_destination", **CONTRACT | {"code": "85", "evidence": evidence})
        with pytest.raises(Refused) as refused:
            case.when_all(M1, [command])
        assert refused.value.details["accepted"] == accepted


def test_one_who_waits_for_work_brings_no_evidence_and_may_bring_a_traineeship_proof() -> None:
    case = registered(code="70", evidence=[{"type": "traineeship_proof"}])
    assert not case.state.destinations["d1"].settled


def test_supervisors_do_not_register() -> None:
    refused = Case().paired().refused(SUPERVISOR, "register_destination", **CONTRACT)
    assert refused == "role_not_allowed"


@pytest.mark.parametrize("verdict", ["verify_destination", "reject_destination"])
def test_a_verdict_is_refused(verdict: str) -> None:
    department = {"destination_id": "d1", "level": "department", "reason": "false paper"}
    school = department | {"level": "school"}
    assert Case().paired().refused(SUPERVISOR, verdict, **department) == "nothing_to_verify"
    case = registered()
    assert case.refused(M1, verdict, **department) == "self_approval"
    assert case.refused(COUNSELOR, verdict, **department) == "role_not_allowed"
    assert case.refused(SUPERVISOR, verdict, **school) == "wrong_level"
    assert case.refused(CENTRE, verdict, **department) == "wrong_level"
    assert case.refused(CENTRE, verdict, **school) == "out_of_order"
    assert case.refused(SUPERVISOR, verdict, **department | {"destination_id": "d7"}) == "unknown_destination"
    case.when(SUPERVISOR, "verify_destination", destination_id="d1", level="department")
    assert case.refused(SUPERVISOR_2, verdict, **department) == "destination_not_pending"


def test_a_supervisor_who_mentors_does_not_verify_their_own_registration() -> None:
    case = Case().eligible()
    case.when(CENTRE, "assign_mentor", mentor_id="d1", reason="leads by example")
    case.when(SUPERVISOR, "register_destination", **CONTRACT)
    own = case.refused(SUPERVISOR, "verify_destination", destination_id="d1", level="department")
    assert own == "self_approval"
    case.when(SUPERVISOR_2, "verify_destination", destination_id="d1", level="department")


@pytest.mark.parametrize("level", ["department", "school"])
def test_each_level_may_reject_with_a_reason(level: str) -> None:
    case = registered() if level == "department" else reviewed()
    actor = SUPERVISOR if level == "department" else CENTRE
    rejection: dict[str, Any] = {"destination_id": "d1", "level": level}
    assert case.refused(actor, "reject_destination", **rejection) == "reason_required"
    recorded = case.when(actor, "reject_destination", **rejection, reason="the employer does not exist")
    assert types(recorded) == ["destination_rejected"]
    assert case.state.destinations["d1"].status == "rejected"
    assert case.refused(actor, "verify_destination", **rejection) == "nothing_to_verify"


def test_a_new_registration_takes_the_place_of_a_pending_one() -> None:
    case = reviewed()
    case.when(
        GRADUATE, "register_destination", **CONTRACT | {"code": "801", "evidence": [{"type": "录取通知书"}]}
    )
    assert [item.status for item in case.state.destinations.values()] == ["superseded", "registered"]


def test_there_is_one_verified_destination() -> None:
    case = Case().verified()
    case.when(GRADUATE, "register_destination", code="46", evidence=[{"type": "入伍通知书"}])
    assert case.state.destinations["d1"].status == "verified"
    case.when(SUPERVISOR, "verify_destination", destination_id="d2", level="department")
    case.when(CENTRE, "verify_destination", destination_id="d2", level="school")
    assert [item.status for item in case.state.destinations.values()] == ["superseded", "verified"]


def test_another_college_has_no_say() -> None:
    stranger = person("d9", Role.DEPARTMENT_SUPERVISOR, "law")
    refused = registered().refused(stranger, "verify_destination", destination_id="d1", level="department")
    assert refused == "case_unknown"


def filed(*file_ids: str | None, code: str = "11", kind: str = "labor_contract") -> dict[str, Any]:
    return {"code": code, "evidence": [{"type": kind, "file_id": file_id} for file_id in file_ids]}


def test_files_of_evidence_are_asked_for_once_each_and_stand_with_the_destination() -> None:
    case = Case().paired()
    case.when(M1, "register_destination", **filed("b", "a", None, "b"))
    assert case.needs[-1] == NameAttachments(
        case_id="case-1", attachment_ids=("a", "b"), excluded_kinds=("traineeship_proof",)
    )
    evidence = case.state.destinations["d1"].evidence
    assert [item.file_id for item in evidence] == ["b", "a", None, "b"]


def test_evidence_without_files_asks_nothing() -> None:
    case = Case().paired()
    before = len(case.needs)
    case.when(M1, "register_destination", **filed(None))
    assert len(case.needs) == before


def test_who_is_not_settled_may_prove_a_traineeship() -> None:
    case = Case().paired()
    case.when(M1, "register_destination", **filed("a", code="70", kind="traineeship_proof"))
    need = case.needs[-1]
    assert isinstance(need, NameAttachments)
    assert need.excluded_kinds == ()


@pytest.mark.parametrize("problem", ["attachment_unknown", "traineeship_is_not_employment"])
def test_files_that_may_not_be_named_refuse_the_registration(problem: AttachmentProblem) -> None:
    case = Case().paired()
    case.attachment_problem = problem
    assert case.refused(M1, "register_destination", **filed("a")) == problem
    assert case.state.destinations == {}


def test_nothing_is_asked_for_a_registration_that_is_unlawful_anyway() -> None:
    case = Case().paired()
    before = len(case.needs)
    assert case.refused(M1, "register_destination", **filed("a", kind="visa")) == "evidence_missing"
    assert len(case.needs) == before
