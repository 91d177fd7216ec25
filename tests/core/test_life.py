"""A whole life of a case, from the roster's row to the handover, with seconds for days."""

from datetime import timedelta
from typing import Any

from models.case.ladder import deadlines
from models.case.notices import notices
from models.case.service import package
from models.case.state import CaseState

from .given import GOALS, PROOF, Case, a_command, replayed, rungs_of, types
from .people import (
    CENTRE,
    COUNSELOR,
    GRADUATE,
    HRSS,
    M1,
    M2,
    PARTNER,
    PARTNER_2,
    SUPERVISOR,
    seconds,
)

CONTACT: dict[str, Any] = {"method": "phone", "content": "how is it going"}


def clocks(case: Case) -> set[str]:
    return {item.clock for item in deadlines(case.state)}


def whole_life() -> Case:
    case = Case(seconds())
    opened_to_paired(case)
    planned_and_urged(case)
    served(case)
    referred(case)
    held(case)
    placed(case)
    closed_and_reopened(case)
    handed_over(case)
    return case


def test_a_life() -> None:
    case = whole_life()
    assert replayed(case) == case.state
    assert CaseState.model_validate_json(case.state.model_dump_json()) == case.state
    assert [item.seq for item in case.events] == list(range(1, case.state.version + 1))


def opened_to_paired(case: Case) -> None:
    assert case.state.stage == "intake"
    assert clocks(case) == {"confirm_eligibility"}
    assert case.refused(M1, "record_assessment", intention="x", risk_level="A") == "not_paired"
    case.wait(seconds=2)
    case.when(COUNSELOR, "confirm_eligibility", hardship_types=[PROOF], decision="open")
    assert case.state.stage == "pairing"

    case.when(COUNSELOR, "propose_mentor", mentor_id="m1")
    recorded = case.wait(seconds=4)
    assert [rung for _, rung, _ in rungs_of(recorded)] == ["before_due", "due"]
    assert types(recorded)[-2:] == ["proposal_lapsed", "mentor_proposed"]
    assert case.refused(M1, "accept_pairing") == "not_yours"
    case.when(M2, "accept_pairing")
    assert case.state.stage == "assessment"


def planned_and_urged(case: Case) -> None:
    case.wait(seconds=1)
    case.when(M2, "record_assessment", intention="a job", obstacles=["shy"], risk_level="A")
    case.when(M2, "set_plan", goals=GOALS)
    assert case.refused(M2, "approve_plan", plan_version=1) == "self_approval"
    case.when(SUPERVISOR, "approve_plan", plan_version=1)
    assert case.state.stage == "delivery"

    recorded = case.wait(seconds=30)
    assert rungs_of(recorded) == [
        ("contact", "before_due", "staff:m2"),
        ("contact", "due", "staff:m2"),
        ("contact", "overdue", "staff:m2"),
        ("contact", "college", "department:cs"),
        ("contact", "school", "school:nhu"),
    ]
    case.when(M2, "record_contact", **CONTACT)
    assert case.settle() == []


def served(case: Case) -> None:
    for kind in ("政策宣介", "职业指导", "岗位推荐", "岗位推荐", "岗位推荐"):
        case.when(M2, "record_service", service_type=kind, method="message", content="会计岗位")
    case.when(M2, "enrol_training", class_id="k1")
    case.when(M2, "complete_training", enrolment_id="k1-1", score_before=50, score_after=80, attendance=0.9)
    assert (
        sum(line.done for line in package(case.state)),
        sum(line.due for line in package(case.state)),
    ) == (6, 6)
    for service_id in case.state.services:
        case.when(GRADUATE, "confirm_service", service_id=service_id, agreed=True)
    assert sum(line.confirmed for line in package(case.state)) == 6


def referred(case: Case) -> None:
    case.when(M2, "send_referral", kind="employer", to="p1", purpose="a job")
    recorded = case.wait(seconds=10)
    urged = [rung for clock, rung, _ in rungs_of(recorded) if clock == "answer_referral"]
    assert urged == ["before_due", "due", "overdue", "college"]
    assert types(recorded).count("referral_expired") == 1
    (expired,) = [item for item in recorded if item.event.type == "referral_expired"]
    assert {notice.audience for notice in notices(case.state, expired)} == {"staff:m2", "staff:p1"}

    case.when(M2, "send_referral", kind="employer", to="p2", purpose="a job", replaces="r1")
    answered = case.when(PARTNER_2, "answer_referral", referral_id="r2", answer="accepted")
    assert {notice.audience for item in answered for notice in notices(case.state, item)} == {"staff:m2"}
    assert case.refused(M2, "cancel_referral", referral_id="r2", reason="x") == "referral_already_accepted"
    cancel = a_command("cancel_referral", referral_id="r2", reason="no longer wanted")
    cancelled = case.when_all(M2, [cancel], case.state.version)
    assert {notice.audience for item in cancelled for notice in notices(case.state, item)} == {"staff:p2"}

    case.when(M2, "send_referral", kind="employer", to="p1", purpose="a job")
    case.when(PARTNER, "answer_referral", referral_id="r3", answer="accepted")
    case.when(PARTNER, "report_referral_outcome", referral_id="r3", outcome="completed", result="hired")
    case.when(M2, "acknowledge_referral", referral_id="r3")
    assert not any(referral.open for referral in case.state.referrals.values())


def held(case: Case) -> None:
    case.when(M2, "record_contact", **CONTACT)
    waiting, assigned = case.state.waiting_since, case.state.pairing.assigned_since
    case.when(M2, "place_hold", reason="ill", until=(case.now + timedelta(seconds=25)).isoformat())
    assert types(case.wait(seconds=25)) == ["hold_ended"]
    assert (case.state.waiting_since, case.state.pairing.assigned_since) == (waiting, assigned)


def placed(case: Case) -> None:
    contract: dict[str, Any] = {"code": "11", "monthly_pay": 5000}
    traineeship = [{"type": "就业见习证明"}]
    refused = case.refused(GRADUATE, "register_destination", **contract, evidence=traineeship)
    assert refused == "traineeship_is_not_employment"
    case.when(M2, "register_destination", **contract, evidence=[{"type": "劳动合同"}])
    verify: dict[str, Any] = {"destination_id": "d1", "level": "department"}
    assert case.refused(M2, "verify_destination", **verify) == "self_approval"
    case.when(SUPERVISOR, "verify_destination", **verify)
    case.when(CENTRE, "verify_destination", **verify | {"level": "school"})


def closed_and_reopened(case: Case) -> None:
    case.when(M2, "request_closure", reason="destination_verified", outcome="employed")
    case.when(SUPERVISOR, "approve_closure")
    assert case.state.stage == "closed"
    assert clocks(case) == {"stability_check"}
    assert {clock for clock, _, _ in rungs_of(case.wait(seconds=4))} == {"stability_check"}
    before = case.state.version
    case.when(CENTRE, "reopen", reason="contract_dissolved")
    assert case.state.version == before + 1
    assert case.state.destinations["d1"].status == "dissolved"
    assert "contact" in clocks(case)


def handed_over(case: Case) -> None:
    case.when(COUNSELOR, "mark_left_school")
    assert case.state.stage == "follow_up"
    case.when(M2, "record_follow_up", situation="seeking", content="two interviews")
    assert "follow_up" in clocks(case)
    assert ("follow_up", "due", "staff:m2") in rungs_of(case.wait(seconds=10))

    case.when(M2, "request_transfer", kind="hrss", to="hrss", reason="left unemployed")
    case.when(HRSS, "decline_transfer", transfer_id="x1", reason="papers missing")
    closure: dict[str, Any] = {"reason": "handed_over", "outcome": "taken by HRSS"}
    assert case.refused(M2, "request_closure", **closure) == "closure_not_supported"
    case.when(M2, "request_transfer", kind="hrss", to="hrss", reason="papers complete")
    assert case.refused(M2, "request_closure", **closure) == "closure_not_supported"
    case.when(HRSS, "accept_transfer", transfer_id="x2")
    case.when(M2, "request_closure", **closure)
    case.when(SUPERVISOR, "approve_closure")
    assert case.state.stage == "closed"
    assert clocks(case) == set()
    assert types(case.wait(days=1000)) == ["retention_near", "retention_ended", "erasure_begun"]
