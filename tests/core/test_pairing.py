"""Pairing: proposals, answers, assignment, and what happens when nobody answers."""

import pytest

from models.case.kernel import MentorProblem
from models.case.ladder import deadlines
from models.case.pairing import ProposeNextMentor

from .given import PROOF, Case, rungs_of, types
from .people import COUNSELOR, FAR_MENTOR, GRADUATE, M1, M2, M3, SUPERVISOR, SYSTEM, adapted, days, seconds


def test_a_proposal_without_a_name_goes_by_the_rules() -> None:
    case = Case().eligible()
    assert types(case.when(COUNSELOR, "propose_mentor")) == ["mentor_proposed"]
    assert case.state.pairing.proposal is not None
    assert case.state.pairing.proposal.mentor_id == "m1"
    assert case.state.stage == "pairing"


def test_an_accepted_proposal_pairs() -> None:
    case = Case().proposed()
    assert types(case.when(M1, "accept_pairing")) == ["pairing_accepted"]
    assert case.state.pairing.mentor_id == "m1"
    assert case.state.pairing.assigned_since == case.now
    assert case.state.stage == "assessment"


def test_the_question_for_a_mentor_carries_the_rules() -> None:
    case = Case().eligible()
    case.when(COUNSELOR, "propose_mentor")
    need = case.needs[-1].model_dump()
    assert need["hard_cap"] == case.policy.pairing.hard_cap
    assert not need["experienced"]


def test_risk_level_a_asks_for_an_experienced_mentor() -> None:
    case = Case().assessed("A")
    case.when(GRADUATE, "refuse_mentor")
    case.when(COUNSELOR, "propose_mentor")
    assert case.needs[-1].model_dump()["experienced"]
    assert case.needs[-1].model_dump()["excluded"] == ("m1",)


def test_proposals_are_refused_in_the_wrong_state() -> None:
    case = Case()
    assert case.refused(COUNSELOR, "propose_mentor") == "not_eligible_yet"
    case.proposed()
    assert case.refused(COUNSELOR, "propose_mentor") == "proposal_open"
    case.when(M1, "accept_pairing")
    assert case.refused(COUNSELOR, "propose_mentor") == "already_paired"


@pytest.mark.parametrize("problem", ["no_capacity", "mentor_absent", "mentor_unknown"])
def test_the_office_s_answer_refuses(problem: MentorProblem) -> None:
    case = Case().eligible()
    case.mentor_problems["m1"] = problem
    assert case.refused(COUNSELOR, "propose_mentor", mentor_id="m1") == problem
    assert case.refused(SUPERVISOR, "assign_mentor", mentor_id="m1", reason="near") == problem


def test_nobody_has_room() -> None:
    case = Case().eligible()
    case.candidates = []
    assert case.refused(COUNSELOR, "propose_mentor") == "no_capacity"


def test_only_the_proposed_mentor_answers() -> None:
    case = Case().proposed()
    assert case.refused(M2, "accept_pairing") == "not_yours"
    assert case.refused(COUNSELOR, "accept_pairing") == "not_yours"
    assert case.refused(M2, "decline_pairing", reason="no") == "not_yours"
    assert case.refused(FAR_MENTOR, "accept_pairing") == "case_unknown"


def test_an_answer_needs_a_proposal() -> None:
    case = Case().eligible()
    assert case.refused(M1, "accept_pairing") == "no_proposal_open"
    case.when(COUNSELOR, "propose_mentor")
    case.when(M1, "accept_pairing")
    assert case.refused(M1, "accept_pairing") == "already_paired"


def test_declining_takes_a_reason_and_asks_the_next() -> None:
    case = Case().proposed()
    assert case.refused(M1, "decline_pairing") == "reason_required"
    assert types(case.when(M1, "decline_pairing", reason="leave")) == ["pairing_declined"]
    assert types(case.settle()) == ["mentor_proposed"]
    assert case.state.pairing.proposal is not None
    assert case.state.pairing.proposal.mentor_id == "m2"
    assert case.refused(COUNSELOR, "propose_mentor", mentor_id="m3") == "proposal_open"


def test_one_who_declined_is_not_proposed_again_but_may_be_assigned() -> None:
    case = Case().proposed()
    case.candidates = []
    case.when(M1, "decline_pairing", reason="leave")
    assert types(case.settle()) == ["candidates_exhausted"]
    assert case.refused(COUNSELOR, "propose_mentor", mentor_id="m1") == "mentor_excluded"
    case.when(SUPERVISOR, "assign_mentor", mentor_id="m1", reason="back from leave")
    assert case.state.pairing.mentor_id == "m1"


def test_silence_passes_the_case_on_and_the_late_one_learns_that_it_is_not_theirs() -> None:
    case = Case(seconds()).proposed()
    recorded = case.wait(seconds=4)
    assert rungs_of(recorded) == [
        ("answer_pairing", "before_due", "staff:m1"),
        ("answer_pairing", "due", "staff:m1"),
    ]
    assert types(recorded)[-2:] == ["proposal_lapsed", "mentor_proposed"]
    assert case.refused(M1, "accept_pairing") == "not_yours"
    case.when(M2, "accept_pairing")
    assert case.state.pairing.mentor_id == "m2"


def test_after_the_last_candidate_the_college_assigns() -> None:
    case = Case(seconds()).proposed()
    recorded = case.wait(seconds=12)
    assert types(recorded).count("proposal_lapsed") == 3
    assert types(recorded)[-1] == "candidates_exhausted"
    assert [item.clock for item in deadlines(case.state)] == ["assign_mentor"]
    assert ("propose_mentor", "school", "school:nhu") not in rungs_of(recorded)


def test_only_so_many_are_asked() -> None:
    case = Case(adapted(seconds(), pairing={"max_proposals": 1})).proposed()
    assert types(case.wait(seconds=4))[-2:] == ["proposal_lapsed", "candidates_exhausted"]


def test_assignment_needs_no_acceptance() -> None:
    case = Case().eligible()
    recorded = case.when(SUPERVISOR, "assign_mentor", mentor_id="m3", reason="knows the family")
    assert types(recorded) == ["mentor_assigned"]
    assert case.state.pairing.mentor_id == "m3"
    assert case.refused(SUPERVISOR, "assign_mentor", mentor_id="m3", reason="again") == "already_paired"
    assert case.refused(COUNSELOR, "assign_mentor", mentor_id="m1", reason="x") == "role_not_allowed"


def test_assignment_waits_for_eligibility() -> None:
    case = Case()
    assert case.refused(SUPERVISOR, "assign_mentor", mentor_id="m1", reason="x") == "not_eligible_yet"


def test_a_reassignment_resets_the_owner_s_clock_only() -> None:
    case = Case().paired().at("2026-09-20 09:00")
    waiting = case.state.waiting_since
    case.when(SUPERVISOR, "assign_mentor", mentor_id="m2", reason="leave")
    assert case.state.pairing.assigned_since == case.now
    assert case.state.waiting_since == waiting
    assert case.state.pairing.former == ("m1",)
    assert case.refused(M1, "record_contact", method="phone", content="hello") == "not_yours"


def test_the_graduate_refuses_a_proposed_mentor() -> None:
    case = Case().proposed()
    assert types(case.when(GRADUATE, "refuse_mentor")) == ["mentor_refused"]
    case.settle()
    assert case.state.pairing.proposal is not None
    assert case.state.pairing.proposal.mentor_id == "m2"


def test_the_graduate_wants_another_mentor() -> None:
    case = Case(seconds()).paired()
    case.when(GRADUATE, "refuse_mentor", reason="no trust")
    assert case.state.pairing.mentor_id == "m1"
    assert "assign_mentor" in [item.clock for item in deadlines(case.state)]
    case.when(COUNSELOR, "propose_mentor", mentor_id="m2")
    assert "assign_mentor" not in [item.clock for item in deadlines(case.state)]
    recorded = case.wait(seconds=4)
    assert "proposal_lapsed" in types(recorded)
    case.when(M3, "accept_pairing")
    assert case.state.pairing.mentor_id == "m3"
    assert "assign_mentor" not in [item.clock for item in deadlines(case.state)]


def test_there_must_be_a_mentor_to_refuse() -> None:
    case = Case()
    assert case.refused(GRADUATE, "refuse_mentor") == "not_paired"
    case.paired()
    assert case.refused(M1, "refuse_mentor") == "role_not_allowed"


def test_the_next_mentor_is_the_case_s_own_question() -> None:
    case = Case().eligible()
    assert case.when_all(SYSTEM, [ProposeNextMentor()]) == []
    assert case.refused_all(SUPERVISOR, [ProposeNextMentor()]) == "role_not_allowed"


def test_the_clock_of_a_next_candidate_counts_working_days() -> None:
    case = Case(days()).proposed()
    (deadline,) = deadlines(case.state)
    assert str(deadline.due.on) == "2026-09-10"
    case.wait(days=8)
    (deadline,) = deadlines(case.state)
    assert deadline.owner == "staff:m2"
    assert str(deadline.due.on) == "2026-09-16"


def test_pairing_waits_for_the_decision_on_eligibility() -> None:
    case = Case().eligible()
    (deadline,) = deadlines(case.state)
    assert (deadline.clock, deadline.owner) == ("propose_mentor", "department:cs")
    case.when(COUNSELOR, "confirm_eligibility", hardship_types=[PROOF], decision="open")
    assert [item.key for item in deadlines(case.state)] == [deadline.key]
