"""Lists of commands, versions, who may know of a case, what is possible, and who is told."""

from collections.abc import Callable
from typing import Any

import pytest

from models.case.kernel import Actor, Context, NeedsFact, Refused
from models.case.ladder import deadlines
from models.case.machine import RULES, decide, possible
from models.case.notices import notices
from models.case.state import CaseState
from models.case.summary import deadline_lines, summarize

from .given import GOALS, Case, a_command, replayed, types
from .people import (
    CENTRE,
    COUNSELOR,
    EVERYBODY,
    FAR_MENTOR,
    GRADUATE,
    HRSS,
    M1,
    M2,
    M3,
    PARTNER,
    STRANGERS,
    SUPERVISOR,
    SYSTEM,
)

TALK = a_command("record_contact", method="face_to_face", content="long talk")
ASSESSMENT = a_command("record_assessment", intention="a job", risk_level="A")
PLAN = a_command("set_plan", goals=GOALS)


def test_a_list_is_decided_in_order() -> None:
    case = Case().paired()
    version = case.state.version
    recorded = case.when_all(M1, [TALK, ASSESSMENT, PLAN])
    assert types(recorded) == ["contact_recorded", "assessment_recorded", "plan_set"]
    assert [item.seq for item in recorded] == [version + 1, version + 2, version + 3]


def test_a_list_is_taken_whole_or_not_at_all() -> None:
    case = Case().paired()
    assert case.refused_all(M1, [TALK, PLAN, ASSESSMENT]) == "not_assessed"
    assert case.state.contacts == 0


def test_a_list_may_ask_the_world_in_its_middle() -> None:
    case = Case().paired()
    case.when_all(
        M1, [TALK, a_command("enrol_training", class_id="k1"), a_command("enrol_training", class_id="k2")]
    )
    assert list(case.state.trainings) == ["k1-1", "k2-1"]


def test_an_edit_of_an_older_version_is_refused() -> None:
    case = Case().paired()
    seen = case.state.version
    case.when_all(M1, [TALK], seen)
    assert case.refused_all(COUNSELOR, [TALK], seen) == "version_conflict"
    case.when_all(COUNSELOR, [TALK], seen + 1)


def test_a_place_is_asked_for_once_more_when_another_command_came_between() -> None:
    case = Case().paired()
    enrol = a_command("enrol_training", class_id="k1")
    context = Context(actor=M1, now=case.now)
    with pytest.raises(NeedsFact) as question:
        decide(case.state, [enrol], context, {})
    case.when(COUNSELOR, "enrol_training", class_id="k1")
    with pytest.raises(Refused) as refused:
        decide(case.state, [enrol], context, {question.value.index: case.answer(question.value.need)})
    assert refused.value.code == "already_enrolled"


def referred(case: Case) -> Case:
    case.paired().when(M1, "send_referral", kind="employer", to="p1", purpose="a job")
    return case


def transferring(case: Case) -> Case:
    case.delivering().when(M1, "request_transfer", kind="mentor", to="m2", reason="leave")
    return case


def registered(case: Case) -> Case:
    case.paired().when(GRADUATE, "register_destination", code="70")
    return case


def declined(case: Case) -> Case:
    fields: dict[str, Any] = {"hardship_types": [], "decision": "not_open", "reason": "income"}
    case.when(COUNSELOR, "confirm_eligibility", **fields)
    return case


def held(case: Case) -> Case:
    case.delivering().when(M1, "place_hold", reason="ill", until="2026-09-20")
    return case


def closing(case: Case) -> Case:
    case.verified().when(M1, "request_closure", reason="destination_verified", outcome="employed")
    return case


LIFE: list[Callable[[Case], Case]] = [
    lambda case: case,
    Case.eligible,
    Case.proposed,
    Case.paired,
    Case.assessed,
    Case.planned,
    Case.delivering,
    Case.left,
    Case.verified,
    Case.closed,
    referred,
    transferring,
    registered,
    declined,
    held,
    closing,
]
EXAMPLES: dict[str, dict[str, Any]] = {
    "correct_profile": {"reason": "x", "phone": "10000000009"},
    "annotate": {"text": "x"},
    "record_consent": {"fields": ["email"], "given_on": "2026-09-07", "purpose": "x"},
    "withdraw_consent": {"consent_id": "c1"},
    "confirm_eligibility": {"hardship_types": [{"type": "OTHER"}], "decision": "open"},
    "propose_mentor": {},
    "accept_pairing": {},
    "decline_pairing": {"reason": "x"},
    "assign_mentor": {"mentor_id": "m3", "reason": "x"},
    "refuse_mentor": {},
    "record_assessment": {"intention": "x", "risk_level": "B"},
    "set_plan": {"goals": GOALS},
    "approve_plan": {"plan_version": 1},
    "reject_plan": {"plan_version": 1, "reason": "x"},
    "complete_measure": {"measure_id": "m1"},
    "record_contact": {"method": "phone", "content": "x"},
    "record_service": {"service_type": "career_guidance", "method": "phone", "content": "x"},
    "confirm_service": {"service_id": "s1", "agreed": True},
    "enrol_training": {"course": "Welding"},
    "complete_training": {"enrolment_id": "t1"},
    "withdraw_training": {"enrolment_id": "t1", "reason": "x"},
    "send_referral": {"kind": "other", "to": "p2", "purpose": "x"},
    "answer_referral": {"referral_id": "r1", "answer": "accepted"},
    "report_referral_outcome": {"referral_id": "r1", "outcome": "failed", "result": "x"},
    "acknowledge_referral": {"referral_id": "r1"},
    "cancel_referral": {"referral_id": "r1", "reason": "x"},
    "place_hold": {"reason": "x", "until": "2026-09-10"},
    "release_hold": {},
    "request_transfer": {"kind": "hrss", "to": "hrss", "reason": "x"},
    "accept_transfer": {"transfer_id": "x1"},
    "decline_transfer": {"transfer_id": "x1"},
    "register_destination": {"code": "70"},
    "verify_destination": {"destination_id": "d1", "level": "department"},
    "reject_destination": {"destination_id": "d1", "level": "department", "reason": "x"},
    "mark_left_school": {},
    "record_follow_up": {"situation": "seeking", "content": "x"},
    "record_stability_check": {"stable": True, "content": "x"},
    "request_closure": {"reason": "withdrawn", "outcome": "x"},
    "approve_closure": {},
    "reject_closure": {"reason": "x"},
    "reopen": {"reason": "asked"},
    "place_legal_hold": {"reason": "x"},
    "lift_legal_hold": {"reason": "x"},
    "request_erasure": {"reason": "x"},
    "approve_erasure": {},
    "reject_erasure": {"reason": "x"},
    "raise_objection": {"about": "data", "text": "wrong"},
    "answer_objection": {"objection_id": "o1", "verdict": "upheld", "reason": "right"},
    "change_policy": {"policy_ref": "national@1", "reason": "x"},
}


def code_of(state: CaseState, actor: Actor, name: str, case: Case) -> str | None:
    try:
        decide(state, [a_command(name, **EXAMPLES[name])], Context(actor=actor, now=case.now), {})
    except NeedsFact:
        return None
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize("given", LIFE, ids=lambda given: getattr(given, "__name__", "opened"))
def test_what_is_possible_is_what_is_decided(given: Callable[[Case], Case]) -> None:
    """A command said to be impossible is refused for that very reason; one said to be possible is refused for
    its fields at most."""
    case = given(Case())
    for actor in EVERYBODY:
        answers = {answer.type: answer for answer in possible(case.state, actor, case.now)}
        assert answers.keys() == EXAMPLES.keys()
        for name, answer in answers.items():
            code = code_of(case.state, actor, name, case)
            if not answer.allowed:
                assert (answer.code, bool(answer.zh), bool(answer.en)) == (code, True, True), (actor.id, name)
            else:
                assert code in FIELD_CODES | {None}, (actor.id, name)


# What the fields of a possible command may still be refused for.
FIELD_CODES = frozenset(
    {
        "already_there",
        "already_paired",
        "closure_not_supported",
        "destination_not_pending",
        "evidence_missing",
        "measure_done",
        "no_capacity",
        "no_outcome_yet",
        "not_enrolled",
        "not_the_receiver",
        "not_yours",
        "nothing_changed",
        "open_items",
        "out_of_order",
        "own_contact_data_only",
        "referral_not_accepted",
        "referral_not_open",
        "unknown_policy",
        "unknown_service",
        "wrong_level",
    }
)


def test_every_public_command_has_an_example() -> None:
    system_only = {"propose_next_mentor", "update_from_roster", "give_training_place"}
    names = {command.model_fields["type"].default for command in RULES}
    assert names == EXAMPLES.keys() | system_only


@pytest.mark.parametrize("given", LIFE, ids=lambda given: getattr(given, "__name__", "opened"))
@pytest.mark.parametrize(
    "actor", [actor for actor in STRANGERS if actor is not PARTNER], ids=lambda actor: actor.id
)
def test_strangers_do_not_learn_that_the_case_exists(given: Callable[[Case], Case], actor: Actor) -> None:
    case = given(Case())
    assert {answer.code for answer in possible(case.state, actor, case.now)} == {"case_unknown"}
    assert case.refused(actor, "annotate", text="hello") == "case_unknown"


def test_colleagues_know_of_a_case_until_it_is_paired() -> None:
    case = Case().proposed()
    assert case.refused(M3, "record_contact", method="phone", content="x") == "not_yours"
    assert case.refused(FAR_MENTOR, "record_contact", method="phone", content="x") == "case_unknown"
    case.when(M1, "accept_pairing")
    for actor in (M2, M3):
        assert case.refused(actor, "record_contact", method="phone", content="x") == "case_unknown"


def test_a_partner_knows_of_a_case_that_was_referred_to_them() -> None:
    case = Case().paired()
    assert case.refused(PARTNER, "annotate", text="x") == "case_unknown"
    case.when(M1, "send_referral", kind="employer", to="p1", purpose="a job")
    assert case.refused(PARTNER, "annotate", text="x") == "role_not_allowed"
    assert case.refused(HRSS, "annotate", text="x") == "case_unknown"


def told(case: Case, recorded: list[Any]) -> set[tuple[str, str]]:
    return {(notice.kind, notice.audience) for item in recorded for notice in notices(case.state, item)}


def test_both_sides_of_a_referral_are_told() -> None:
    case = referred(Case())
    answered = case.when(PARTNER, "answer_referral", referral_id="r1", answer="accepted")
    assert told(case, answered) == {("referral_answered", "staff:m1")}
    cancel = a_command("cancel_referral", referral_id="r1", reason="found work")
    cancelled = case.when_all(SUPERVISOR, [cancel], case.state.version)
    assert told(case, cancelled) == {("referral_cancelled", "staff:m1"), ("referral_cancelled", "staff:p1")}


def test_both_mentors_are_told_of_a_transfer() -> None:
    case = Case().delivering()
    case.when(SUPERVISOR, "request_transfer", kind="mentor", to="m2", reason="leave")
    accepted = case.when(M2, "accept_transfer", transfer_id="x1")
    assert told(case, accepted) == {("transfer_accepted", "staff:m1"), ("transfer_accepted", "staff:d1")}


def test_a_reopened_case_is_told_to_its_mentor() -> None:
    case = Case().closed()
    assert told(case, case.when(CENTRE, "reopen", reason="asked")) == {("case_reopened", "staff:m1")}


@pytest.mark.parametrize("given", LIFE, ids=lambda given: getattr(given, "__name__", "opened"))
def test_the_ledger_s_row_and_the_replay(given: Callable[[Case], Case]) -> None:
    case = given(Case())
    lines = deadline_lines(case.state)
    row = summarize(case.state, lines)
    assert row.stage == case.state.stage
    assert [line.deadline for line in lines] == deadlines(case.state)
    assert (row.next_due_at is None) == (not lines or case.state.hold is not None)
    assert replayed(case) == case.state
    assert CaseState.model_validate_json(case.state.model_dump_json()) == case.state
    assert case.when_all(SYSTEM, []) == []


def test_a_placement_that_did_not_last_is_told_to_the_college() -> None:
    case = Case().closed()
    lost = case.when(M1, "record_stability_check", stable=False, content="laid off")
    assert told(case, lost) == {("stability_checked", "department:cs")}
