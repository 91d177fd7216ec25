"""Transfer: responsibility moves on acceptance only."""

from typing import Any

import pytest

from models.case.kernel import Actor
from models.case.ladder import deadlines

from .given import PROOF, Case, types
from .people import (
    CENTRE,
    COUNSELOR,
    FAR_MENTOR,
    HRSS,
    M1,
    M2,
    M3,
    OTHER_SUPERVISOR,
    SUPERVISOR,
    days,
)

TO_MENTOR: dict[str, Any] = {"kind": "mentor", "to": "m2", "reason": "leave"}
TO_COLLEGE: dict[str, Any] = {"kind": "department", "to": "law", "reason": "changed major"}
TO_HRSS: dict[str, Any] = {"kind": "hrss", "to": "hrss", "reason": "left unemployed"}


def asked(transfer: dict[str, Any]) -> Case:
    case = Case().delivering()
    case.when(M1, "request_transfer", **transfer)
    return case


def clocks(case: Case) -> list[tuple[str, str]]:
    return [(item.clock, item.owner) for item in deadlines(case.state)]


def test_a_mentor_takes_over_on_acceptance() -> None:
    case = asked(TO_MENTOR)
    assert types(case.events)[-1] == "transfer_requested"
    assert case.state.pairing.mentor_id == "m1"
    assert ("answer_transfer", "staff:m2") in clocks(case)
    case.at("2026-09-10 09:00")
    assert types(case.when(M2, "accept_transfer", transfer_id="x1")) == ["transfer_accepted"]
    assert case.state.pairing.mentor_id == "m2"
    assert case.state.pairing.assigned_since == case.now
    assert case.state.waiting_since == case.opening.opened_at
    assert case.state.pairing.former == ("m1",)


def test_a_mentor_of_another_college_may_be_asked() -> None:
    case = asked(TO_MENTOR | {"to": "m9"})
    case.when(FAR_MENTOR, "accept_transfer", transfer_id="x1")
    assert case.state.pairing.mentor_id == "m9"


def test_another_college_looks_for_a_mentor_of_its_own() -> None:
    case = asked(TO_COLLEGE).at("2026-09-10 09:00")
    case.when(OTHER_SUPERVISOR, "accept_transfer", transfer_id="x1")
    assert case.state.department_id == "law"
    assert case.state.stage == "pairing"
    assert ("assign_mentor", "department:law") in clocks(case)
    assert case.refused(SUPERVISOR, "annotate", text="hello") == "case_unknown"
    case.when(OTHER_SUPERVISOR, "assign_mentor", mentor_id="m9", reason="ours")
    assert case.state.stage == "delivery"


def test_a_moved_case_asks_as_many_candidates_as_any() -> None:
    case = Case().proposed()
    case.when(SUPERVISOR, "request_transfer", **TO_COLLEGE)
    case.when(OTHER_SUPERVISOR, "accept_transfer", transfer_id="x1")
    assert case.state.pairing.round_proposals == 0


def test_a_case_that_moves_before_its_decision_is_still_decided_first() -> None:
    case = Case()
    case.when(SUPERVISOR, "request_transfer", **TO_COLLEGE)
    case.when(OTHER_SUPERVISOR, "accept_transfer", transfer_id="x1")
    assert clocks(case) == [("confirm_eligibility", "department:law")]
    case.at("2026-10-08 09:00")
    case.when(OTHER_SUPERVISOR, "confirm_eligibility", hardship_types=[PROOF], decision="open")
    assert case.settle() == []


def test_hrss_accepts_by_itself_or_on_paper() -> None:
    for actor in (HRSS, SUPERVISOR):
        case = asked(TO_HRSS)
        case.when(actor, "accept_transfer", transfer_id="x1")
        assert case.state.pairing.mentor_id == "m1"
        case.when(M1, "request_closure", reason="handed_over", outcome="taken by HRSS")


def test_a_declined_transfer_leaves_all_as_it_was() -> None:
    case = asked(TO_MENTOR)
    assert types(case.when(M2, "decline_transfer", transfer_id="x1", reason="full")) == ["transfer_declined"]
    assert case.state.pairing.mentor_id == "m1"
    assert "answer_transfer" not in [clock for clock, _ in clocks(case)]
    case.when(M1, "request_transfer", **TO_MENTOR)


def test_requesting_is_refused() -> None:
    case = asked(TO_MENTOR)
    assert case.refused(SUPERVISOR, "request_transfer", **TO_HRSS) == "transfer_open"
    case = Case().paired()
    assert case.refused(M1, "request_transfer", **TO_MENTOR | {"to": "m1"}) == "already_there"
    assert case.refused(M1, "request_transfer", **TO_COLLEGE | {"to": "cs"}) == "already_there"
    assert case.refused(COUNSELOR, "request_transfer", **TO_MENTOR) == "role_not_allowed"
    assert Case().refused(SUPERVISOR, "request_transfer", **TO_MENTOR) == "not_eligible_yet"


@pytest.mark.parametrize("answer", ["accept_transfer", "decline_transfer"])
def test_answering_is_refused(answer: str) -> None:
    assert Case().delivering().refused(SUPERVISOR, answer, transfer_id="x1") == "no_transfer_open"
    case = asked(TO_MENTOR)
    assert case.refused(M2, answer, transfer_id="x9") == "no_transfer_open"
    assert case.refused(COUNSELOR, answer, transfer_id="x1") == "not_the_receiver"
    assert case.refused(M3, answer, transfer_id="x1") == "case_unknown"


def test_nobody_accepts_in_the_receivers_place() -> None:
    case = asked(TO_MENTOR)
    assert case.refused(SUPERVISOR, "accept_transfer", transfer_id="x1") == "not_the_receiver"
    assert case.refused(M1, "accept_transfer", transfer_id="x1") == "not_the_receiver"


@pytest.mark.parametrize("transfer", [TO_MENTOR, TO_COLLEGE, TO_HRSS], ids=lambda transfer: transfer["kind"])
@pytest.mark.parametrize("actor", [M1, SUPERVISOR, CENTRE], ids=lambda actor: actor.id)
def test_a_transfer_that_nobody_can_answer_is_taken_back(transfer: dict[str, Any], actor: Actor) -> None:
    case = asked(transfer)
    assert types(case.when(actor, "decline_transfer", transfer_id="x1")) == ["transfer_declined"]
    assert case.state.pairing.mentor_id == "m1"
    case.when(M1, "request_transfer", **TO_MENTOR | {"to": "m3"})


def test_who_asked_takes_a_transfer_back_also_as_a_former_mentor() -> None:
    case = asked(TO_MENTOR)
    case.when(SUPERVISOR, "assign_mentor", mentor_id="m3", reason="at once")
    case.when(M1, "decline_transfer", transfer_id="x1")


def test_a_full_mentor_cannot_take_over() -> None:
    case = asked(TO_MENTOR)
    case.mentor_problems["m2"] = "no_capacity"
    assert case.refused(M2, "accept_transfer", transfer_id="x1") == "no_capacity"


def test_a_mentor_assigned_meanwhile_becomes_no_former_one_of_themselves() -> None:
    case = asked(TO_MENTOR)
    case.when(SUPERVISOR, "assign_mentor", mentor_id="m2", reason="at once")
    case.when(M2, "accept_transfer", transfer_id="x1")
    assert case.state.pairing.former == ("m1",)


def test_silence_on_a_transfer_is_urged() -> None:
    case = asked(TO_MENTOR)
    assert case.policy == days()
    (due,) = [str(item.due.on) for item in deadlines(case.state) if item.clock == "answer_transfer"]
    assert due == "2026-09-14"
