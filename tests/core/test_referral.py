"""Referral: the closed loop, its silence, and the race of acceptance and cancellation."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.case.ladder import deadlines

from .given import Case, a_command, rungs_of, types
from .people import CENTRE, COUNSELOR, M1, PARTNER, PARTNER_2, SUPERVISOR, seconds

REFERRAL: dict[str, Any] = {"kind": "employer", "to": "p1", "purpose": "an interview", "disclose": ["name"]}


def sent(policy: Any = None) -> Case:
    case = Case(policy).paired()
    case.when(M1, "send_referral", **REFERRAL)
    return case


def accepted() -> Case:
    case = sent()
    case.when(PARTNER, "answer_referral", referral_id="r1", answer="accepted")
    return case


def reported(outcome: str = "completed") -> Case:
    case = accepted()
    case.when(PARTNER, "report_referral_outcome", referral_id="r1", outcome=outcome, result="hired")
    return case


def clocks(case: Case) -> list[tuple[str, str]]:
    return [(item.clock, item.owner) for item in deadlines(case.state) if "referral" in item.clock]


def test_the_loop_closes_when_the_sender_has_seen_the_outcome() -> None:
    case = sent()
    assert clocks(case) == [("answer_referral", "staff:p1")]
    recorded = case.when(PARTNER, "answer_referral", referral_id="r1", answer="accepted")
    assert types(recorded) == ["referral_answered"]
    assert clocks(case) == [("report_referral_outcome", "staff:p1")]
    recorded = case.when(
        PARTNER, "report_referral_outcome", referral_id="r1", outcome="completed", result="x"
    )
    assert types(recorded) == ["referral_outcome_reported"]
    assert clocks(case) == [("acknowledge_referral", "staff:m1")]
    assert types(case.when(M1, "acknowledge_referral", referral_id="r1")) == ["referral_acknowledged"]
    assert clocks(case) == []
    assert not case.state.referrals["r1"].open


def test_sending_is_refused() -> None:
    assert Case().eligible().refused(M1, "send_referral", **REFERRAL) == "not_paired"
    case = sent()
    assert case.refused(M1, "send_referral", **REFERRAL) == "already_sent"
    other = REFERRAL | {"to": "p2"}
    assert case.refused(COUNSELOR, "send_referral", **other) == "role_not_allowed"
    assert case.refused(M1, "send_referral", **other | {"disclose": ["hardship_types"]}) == "consent_missing"
    assert case.refused(M1, "send_referral", **other, replaces="r7") == "unknown_referral"
    assert case.refused(M1, "send_referral", **other, replaces="r1") == "referral_not_open"


def test_a_duty_is_a_ground_to_disclose() -> None:
    case = Case().paired()
    disclose = ["hardship_types", "id_number"]
    case.when(M1, "send_referral", kind="hrss", to="hrss", purpose="handover", disclose=disclose)


def test_a_field_in_no_list_is_never_disclosed() -> None:
    case = Case().paired()
    case.when(M1, "record_consent", fields=["contact_record"], given_on=case.today, purpose="x")
    refused = case.refused(M1, "send_referral", **REFERRAL | {"disclose": ["contact_record"]})
    assert refused == "consent_missing"


def test_a_time_to_answer_lies_ahead() -> None:
    with pytest.raises(ValidationError):
        a_command("send_referral", **REFERRAL, respond_within="-5 days")


def test_a_time_to_answer_of_one_s_own() -> None:
    case = Case().paired()
    case.when(M1, "send_referral", **REFERRAL, respond_within="2 days")
    (deadline,) = [item for item in deadlines(case.state) if item.clock == "answer_referral"]
    assert str(deadline.due.on) == "2026-09-09"


@pytest.mark.parametrize("answer", ["declined", "returned"])
def test_a_no_takes_a_reason_and_the_sender_sees_it(answer: str) -> None:
    case = sent()
    assert case.refused(PARTNER, "answer_referral", referral_id="r1", answer=answer) == "reason_required"
    case.when(PARTNER, "answer_referral", referral_id="r1", answer=answer, reason="no_capacity")
    assert clocks(case) == [("acknowledge_referral", "staff:m1")]
    case.when(M1, "send_referral", **REFERRAL | {"to": "p2"}, replaces="r1")
    assert clocks(case) == [("answer_referral", "staff:p2")]


def test_staff_answer_on_behalf_of_the_receiver() -> None:
    case = sent()
    (item,) = case.when(COUNSELOR, "answer_referral", referral_id="r1", answer="accepted", note="by phone")
    assert item.event.model_dump()["on_behalf"]


def test_a_receiver_learns_of_no_other_referral() -> None:
    case = sent()
    assert case.refused(PARTNER_2, "answer_referral", referral_id="r1", answer="accepted") == "case_unknown"
    case.when(M1, "send_referral", **REFERRAL | {"to": "p2"})
    assert case.refused(PARTNER_2, "answer_referral", referral_id="r1", answer="accepted") == "not_yours"
    assert case.refused(PARTNER_2, "answer_referral", referral_id="r9", answer="accepted") == "not_yours"


def test_answering_is_refused() -> None:
    answer = {"answer": "accepted"}
    assert (
        Case().paired().refused(COUNSELOR, "answer_referral", referral_id="r1", **answer)
        == "unknown_referral"
    )
    case = accepted()
    assert case.refused(COUNSELOR, "answer_referral", referral_id="r9", **answer) == "unknown_referral"
    assert case.refused(PARTNER, "answer_referral", referral_id="r1", **answer) == "referral_not_open"


def test_an_outcome_needs_an_acceptance() -> None:
    outcome: dict[str, Any] = {"referral_id": "r1", "outcome": "failed", "result": "did not come"}
    assert sent().refused(PARTNER, "report_referral_outcome", **outcome) == "referral_not_accepted"
    case = reported()
    assert case.refused(PARTNER, "report_referral_outcome", **outcome) == "referral_not_accepted"


def test_only_an_end_is_acknowledged_and_once() -> None:
    case = accepted()
    assert case.refused(M1, "acknowledge_referral", referral_id="r1") == "no_outcome_yet"
    case = reported("failed")
    assert case.refused(COUNSELOR, "acknowledge_referral", referral_id="r1") == "role_not_allowed"
    case.when(M1, "acknowledge_referral", referral_id="r1")
    assert case.refused(M1, "acknowledge_referral", referral_id="r1") == "referral_not_open"


def test_cancelling() -> None:
    case = sent()
    assert case.refused(COUNSELOR, "cancel_referral", referral_id="r1", reason="x") == "role_not_allowed"
    assert types(case.when(SUPERVISOR, "cancel_referral", referral_id="r1", reason="mistake")) == [
        "referral_cancelled"
    ]
    assert clocks(case) == []
    assert case.refused(M1, "cancel_referral", referral_id="r1", reason="x") == "referral_not_open"
    assert reported().refused(M1, "cancel_referral", referral_id="r1", reason="x") == "referral_not_open"


def test_cancel_and_acceptance_have_one_winner() -> None:
    cancelled_first = sent()
    cancelled_first.when(M1, "cancel_referral", referral_id="r1", reason="found work")
    late = {"referral_id": "r1", "answer": "accepted"}
    assert cancelled_first.refused(PARTNER, "answer_referral", **late) == "referral_not_open"

    accepted_first = accepted()
    cancel = {"referral_id": "r1", "reason": "found work"}
    assert accepted_first.refused(M1, "cancel_referral", **cancel) == "referral_already_accepted"
    accepted_first.when_all(M1, [a_command("cancel_referral", **cancel)], accepted_first.state.version)
    assert accepted_first.state.referrals["r1"].status == "cancelled"


def test_silence_is_urged_escalated_and_expires() -> None:
    case = sent(seconds())
    recorded = case.wait(seconds=10)
    assert [rung for rung in rungs_of(recorded) if rung[0] == "answer_referral"] == [
        ("answer_referral", "before_due", "staff:p1"),
        ("answer_referral", "due", "staff:p1"),
        ("answer_referral", "overdue", "staff:p1"),
        ("answer_referral", "college", "department:cs"),
    ]
    assert types(recorded)[-1] == "referral_expired"
    assert clocks(case) == [("acknowledge_referral", "staff:m1")]
    late = case.refused(PARTNER, "answer_referral", referral_id="r1", answer="accepted")
    assert late == "referral_not_open"
    case.when(M1, "send_referral", **REFERRAL, replaces="r1")
    assert case.state.referrals["r1"].acknowledged_at == case.now


def test_a_new_mentor_takes_over_the_loop() -> None:
    case = reported()
    case.when(CENTRE, "assign_mentor", mentor_id="m2", reason="leave")
    assert clocks(case) == [("acknowledge_referral", "staff:m2")]
