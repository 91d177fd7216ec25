"""Closure and reopening: borne out, nothing open, approved by another."""

from typing import Any

import pytest

from models.case.ladder import deadlines

from .given import Case, rungs_of, types
from .people import (
    CENTRE,
    COUNSELOR,
    GRADUATE,
    HRSS,
    M1,
    PARTNER,
    SUPERVISOR,
    SYSTEM,
    seconds,
)

PLACED: dict[str, Any] = {"reason": "destination_verified", "outcome": "employed in town"}
WAIVED: dict[str, Any] = {"reason": "waived", "outcome": "wants no help", "proof": "signed 2026-09-07"}


def test_requested_and_approved() -> None:
    case = Case().verified()
    assert types(case.when(COUNSELOR, "request_closure", **PLACED)) == ["closure_requested"]
    assert "approve_closure" in [item.clock for item in deadlines(case.state)]
    assert types(case.when(SUPERVISOR, "approve_closure", reason="checked")) == ["case_closed"]
    assert case.state.stage == "closed"
    assert {item.clock for item in deadlines(case.state)} == {"stability_check"}


@pytest.mark.parametrize("reason", ["destination_verified", "waived", "handed_over"])
def test_a_reason_must_be_borne_out(reason: str) -> None:
    refused = Case().delivering().refused(M1, "request_closure", reason=reason, outcome="x")
    assert refused == "closure_not_supported"


@pytest.mark.parametrize(
    "fields", [WAIVED, WAIVED | {"reason": "withdrawn"}, WAIVED | {"reason": "deceased"}]
)
def test_other_reasons_close(fields: dict[str, Any]) -> None:
    case = Case().delivering()
    case.when(M1, "request_closure", **fields)
    case.when(SUPERVISOR, "approve_closure")
    assert case.state.stage == "closed"
    assert deadlines(case.state) == []


def test_waiting_for_work_is_no_end_of_help_however_verified() -> None:
    case = Case().delivering()
    case.when(GRADUATE, "register_destination", code="70")
    case.when(SUPERVISOR, "verify_destination", destination_id="d1", level="department")
    case.when(CENTRE, "verify_destination", destination_id="d1", level="school")
    assert case.refused(M1, "request_closure", **PLACED) == "closure_not_supported"


def open_referral(case: Case) -> None:
    case.when(M1, "send_referral", kind="employer", to="p1", purpose="a job")


def open_training(case: Case) -> None:
    case.when(M1, "enrol_training", course="Welding")


def open_destination(case: Case) -> None:
    case.when(M1, "register_destination", code="70")


def open_transfer(case: Case) -> None:
    case.when(M1, "request_transfer", kind="mentor", to="m2", reason="leave")


@pytest.mark.parametrize("begin", [open_referral, open_training, open_destination, open_transfer])
def test_nothing_may_be_open(begin: Any) -> None:
    case = Case().delivering()
    begin(case)
    assert case.refused(M1, "request_closure", **WAIVED) == "open_items"
    case = Case().delivering()
    case.when(M1, "request_closure", **WAIVED)
    begin(case)
    assert case.refused(SUPERVISOR, "approve_closure") == "open_items"
    case.when(SUPERVISOR, "reject_closure", reason="something is open")
    case.when(M1, "request_closure", reason="deceased", outcome="x")
    case.when(SUPERVISOR, "approve_closure")


def test_what_bore_a_closure_out_may_have_gone() -> None:
    case = Case().verified()
    case.when(M1, "request_closure", **PLACED)
    case.when(GRADUATE, "register_destination", code="70")
    case.when(SUPERVISOR, "verify_destination", destination_id="d2", level="department")
    case.when(CENTRE, "verify_destination", destination_id="d2", level="school")
    assert case.refused(SUPERVISOR, "approve_closure") == "closure_not_supported"


def test_requesting_is_refused() -> None:
    case = Case().verified()
    assert case.refused(SUPERVISOR, "request_closure", **PLACED) == "role_not_allowed"
    case.when(M1, "request_closure", **PLACED)
    assert case.refused(COUNSELOR, "request_closure", **PLACED) == "closure_requested_already"


@pytest.mark.parametrize("verdict", ["approve_closure", "reject_closure"])
def test_a_verdict_on_a_closure_is_refused(verdict: str) -> None:
    case = Case().verified()
    assert case.refused(SUPERVISOR, verdict, reason="x") == "no_closure_requested"
    case.when(M1, "request_closure", **PLACED)
    assert case.refused(M1, verdict, reason="x") == "self_approval"
    assert case.refused(COUNSELOR, verdict, reason="x") == "role_not_allowed"


def test_a_supervisor_who_mentors_does_not_close_on_their_own_request() -> None:
    case = Case().eligible()
    case.when(CENTRE, "assign_mentor", mentor_id="d1", reason="leads by example")
    case.when(SUPERVISOR, "request_closure", **WAIVED)
    assert case.refused(SUPERVISOR, "approve_closure") == "self_approval"
    case.when(CENTRE, "approve_closure")


def test_rejecting_takes_a_reason() -> None:
    case = Case().verified()
    case.when(M1, "request_closure", **PLACED)
    assert case.refused(SUPERVISOR, "reject_closure") == "reason_required"
    assert types(case.when(SUPERVISOR, "reject_closure", reason="not yet")) == ["closure_rejected"]
    assert case.state.closure is None


def test_a_dissolved_contract_reopens_with_its_history() -> None:
    case = Case().closed().at("2026-11-02 09:00")
    assert types(case.when(SUPERVISOR, "reopen", reason="contract_dissolved")) == ["case_reopened"]
    assert case.state.stage == "delivery"
    assert case.state.destinations["d1"].status == "dissolved"
    assert case.state.waiting_since == case.now
    assert rungs_of(case.settle()) == [("measure", "due", "staff:m1")]
    assert case.refused(M1, "request_closure", **PLACED) == "closure_not_supported"


def test_a_failed_verification_reopens() -> None:
    case = Case().closed()
    case.when(SYSTEM, "reopen", reason="verification_failed")
    assert case.state.destinations["d1"].status == "rejected"


def test_a_mistake_leaves_the_destination_standing() -> None:
    case = Case().closed()
    case.when(SUPERVISOR, "reopen", reason="mistake", note="wrong case")
    case.when(M1, "request_closure", **PLACED)


def test_reopening_is_refused() -> None:
    assert Case().verified().refused(SUPERVISOR, "reopen", reason="asked") == "not_closed"
    assert Case().closed().refused(M1, "reopen", reason="asked") == "role_not_allowed"


def test_the_clocks_of_a_reopened_case_start_anew() -> None:
    case = Case(seconds()).planned()
    case.when(M1, "request_closure", **WAIVED)
    case.when(CENTRE, "approve_closure")
    case.after_outage(seconds=50)
    case.when(SUPERVISOR, "reopen", reason="asked")
    assert case.settle() == []
    assert all(item.due.at > case.now for item in deadlines(case.state))


def test_a_measure_missed_while_closed_is_due_on_the_day_of_reopening() -> None:
    case = Case().closed().at("2026-12-01 09:00")
    case.when(SUPERVISOR, "reopen", reason="contract_dissolved")
    (measure,) = [item for item in deadlines(case.state) if item.clock == "measure"]
    assert str(measure.due.on) == "2026-12-01"


def test_an_old_handover_does_not_close_a_reopened_case() -> None:
    case = Case().delivering()
    case.when(M1, "request_transfer", kind="hrss", to="hrss", reason="left unemployed")
    case.when(HRSS, "accept_transfer", transfer_id="x1")
    handed_over: dict[str, Any] = {"reason": "handed_over", "outcome": "taken by HRSS"}
    case.when(M1, "request_closure", **handed_over)
    case.when(SUPERVISOR, "approve_closure")
    case.wait(days=1)
    case.when(SUPERVISOR, "reopen", reason="asked")
    assert case.refused(M1, "request_closure", **handed_over) == "closure_not_supported"


def test_a_closed_case_takes_nothing_else() -> None:
    case = Case().closed()
    assert case.refused(M1, "record_contact", method="phone", content="x") == "case_closed"
    assert case.refused(SUPERVISOR, "request_closure", **PLACED) == "case_closed"
    assert case.refused(PARTNER, "annotate", text="x") == "case_unknown"


def test_closing_ends_a_hold() -> None:
    case = Case().verified()
    case.when(M1, "place_hold", reason="ill", until="2026-09-20")
    case.when(M1, "request_closure", **PLACED)
    case.when(SUPERVISOR, "approve_closure")
    assert case.state.hold is None
    assert case.wait(days=20) == []
