"""Nobody makes a case so large that Temporal cannot carry it, and what a case has taken it takes again in a replay."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from models.case.admission import admit, limits_of_admission
from models.case.kernel import Actor, Context, Refused, Role
from models.case.machine import AnyCommand, Recorded, decide
from models.case.profile import Profile
from models.case.state import CaseState

from .given import GOALS, PROOF, Case, a_command
from .people import CENTRE, COUNSELOR, GRADUATE, M1, SUPERVISOR

# What Temporal takes at once.
MOST = 2 * 1024 * 1024
TEXT = "同" * 500
FIELDS = sorted(Profile.model_fields)


def consents(count: int) -> list[AnyCommand]:
    return [
        a_command("record_consent", fields=FIELDS, given_on="2026-09-01", purpose=TEXT) for _ in range(count)
    ]


def taken(case: Case, actor: Actor, commands: list[AnyCommand]) -> str | None:
    """The code with which commands are refused when they come; what is not refused is taken."""
    try:
        case.when_all(actor, commands)
    except Refused as refused:
        return refused.code
    return None


def filled(case: Case, actor: Actor, commands: list[AnyCommand]) -> Case:
    """The case after that person has given these commands until they are refused."""
    for _ in range(1000):
        if code := taken(case, actor, commands):
            assert code == "case_too_large"
            return case
    raise AssertionError("the case is never full")


def size(state: CaseState) -> int:
    return len(state.model_dump_json(exclude={"policy"}).encode())


def one(name: str, **fields: Any) -> list[AnyCommand]:
    return [a_command(name, **fields)]


@pytest.mark.parametrize("count", [1, 3, 20])
def test_a_graduate_alone_does_not_fill_a_case(count: int) -> None:
    case = filled(Case().paired(), GRADUATE, consents(count))
    limit = limits_of_admission().state_bytes[Role.GRADUATE]
    assert abs(size(case.state) - limit) < 20 * 2500
    assert taken(case, M1, one("record_assessment", intention="a job", risk_level="A")) is None
    assert taken(case, M1, one("set_plan", goals=GOALS)) is None
    assert taken(case, SUPERVISOR, one("approve_plan", plan_version=1)) is None


def test_small_commands_are_measured_together() -> None:
    small = one("record_consent", fields=["phone"], given_on="2026-09-01", purpose=TEXT)
    case = filled(Case(), GRADUATE, small)
    limit = limits_of_admission().state_bytes[Role.GRADUATE]
    assert abs(size(case.state) - limit) < 8 * limits_of_admission().measured_from_bytes


def test_each_answers_for_those_below_and_has_room_left() -> None:
    case = Case().paired()
    for actor in (GRADUATE, M1, SUPERVISOR, CENTRE):
        commands = consents(20)
        before = size(case.state)
        filled(case, actor, commands)
        assert size(case.state) - before > 50_000
    assert size(case.state) * 2 < MOST


def test_every_role_has_a_limit_that_can_be_carried() -> None:
    limits = limits_of_admission()
    assert limits.state_bytes.keys() == set(Role)
    # What waits for the world may come on top of what has been taken meanwhile.
    assert max(limits.state_bytes.values()) * 2 < MOST


def test_a_file_that_is_too_large_may_become_smaller() -> None:
    case = Case(other={"remark": "x" * 600_000}, remark="y" * 2000)
    note = a_command("annotate", text="字" * 4000)
    assert taken(case, SUPERVISOR, consents(3)) == "case_too_large"
    shorter = a_command("correct_profile", remark="z", reason="x")
    assert taken(case, SUPERVISOR, [note, shorter]) is None


def test_those_that_wait_for_the_world_must_fit_together() -> None:
    evidence = [{"type": "labor_contract", "file_id": f"a{number}", "note": TEXT} for number in range(20)]
    command = one("register_destination", code="11", monthly_pay=5000, evidence=evidence)
    case = Case().paired()
    assert taken(case, GRADUATE, command) is None
    assert case.state.destinations
    filled(case, SUPERVISOR, consents(20))
    for actor in (GRADUATE, COUNSELOR):
        assert taken(case, actor, command) == "case_too_large"


def test_what_the_ledger_does_not_have_yet_counts() -> None:
    case = Case()
    unwritten: list[Recorded] = []
    for _ in range(40):
        unwritten += case.when(COUNSELOR, "annotate", text="字" * 4000)
    context = Context(actor=COUNSELOR, now=case.now)
    admit(case.state, one("annotate", text="x"), context)
    with pytest.raises(Refused) as caught:
        admit(case.state, one("annotate", text="x"), context, unwritten)
    assert (caught.value.code, caught.value.details) == ("case_too_large", {"limit": 256})


def test_what_was_taken_is_taken_again_in_a_replay() -> None:
    case = filled(Case(), GRADUATE, consents(20))
    context = Context(actor=GRADUATE, now=case.now)
    with pytest.raises(Refused):
        admit(case.state, consents(20), context)
    after, _ = decide(case.state, consents(20), context, {})
    assert len(after.consents) == len(case.state.consents) + 20


@pytest.mark.parametrize("blank", [" ", "\u3000", "\u200b", "\n\t", "\ufeff "])
@pytest.mark.parametrize(
    ("actor", "name", "fields", "field"),
    [
        (M1, "record_contact", {"method": "phone"}, "content"),
        (M1, "record_service", {"service_type": "career_guidance", "method": "phone"}, "content"),
        (M1, "send_referral", {"kind": "other", "purpose": "x"}, "to"),
        (M1, "request_transfer", {"kind": "hrss", "reason": "x"}, "to"),
        (SUPERVISOR, "place_hold", {"until": "2026-09-10"}, "reason"),
        (COUNSELOR, "correct_profile", {"major": "Law"}, "reason"),
        (M1, "request_closure", {"reason": "withdrawn"}, "outcome"),
    ],
)
def test_a_text_that_must_be_given_says_something(
    actor: Actor, name: str, fields: dict[str, Any], field: str, blank: str
) -> None:
    case = Case().paired()
    with pytest.raises(Refused) as caught:
        case.when(actor, name, **fields, **{field: blank})
    assert (caught.value.code, caught.value.details) == ("field_required", {"fields": field})
    case.when(actor, name, **fields, **{field: f"{blank}x"})


def test_a_note_shows_something() -> None:
    assert Case().refused(COUNSELOR, "annotate", text="\u200b") == "empty_text"


def test_a_goal_and_a_measure_have_titles() -> None:
    measures = [{"title": " ", "due_on": "2026-10-16"}]
    with pytest.raises(Refused) as caught:
        Case().assessed().when(M1, "set_plan", goals=[*GOALS, {"title": "\u200b", "measures": measures}])
    assert caught.value.details == {"fields": "goals.1.measures.0.title, goals.1.title"}


@pytest.mark.parametrize("fields", [["banana"], [""], ["phone", "Phone"]])
def test_consent_is_to_fields_that_there_are(fields: list[str]) -> None:
    consent: dict[str, Any] = {"given_on": "2026-09-01", "purpose": "x"}
    case = Case()
    assert case.refused(GRADUATE, "record_consent", fields=fields, **consent) == "unknown_fields"
    known = sorted(case.policy.disclosure.consent | case.policy.disclosure.free)
    case.when(GRADUATE, "record_consent", fields=known, **consent)


def test_a_hardship_type_is_given_once() -> None:
    twice = {"hardship_types": [PROOF, PROOF], "decision": "open"}
    assert Case().refused(SUPERVISOR, "confirm_eligibility", **twice) == "hardship_twice"
    others = [{"type": "OTHER", "text": text} for text in ("left alone", "in debt")]
    Case().when(SUPERVISOR, "confirm_eligibility", hardship_types=[PROOF, *others], decision="open")


def test_nobody_leaves_before_their_studies() -> None:
    assert Case().refused(COUNSELOR, "mark_left_school", on="1900-01-01") == "left_before_study"
    case = Case(enrolled_on="2023-09-01")
    assert case.refused(COUNSELOR, "mark_left_school", on="2023-08-31") == "left_before_study"
    case.when(COUNSELOR, "mark_left_school", on="2023-09-01")


def test_a_follow_up_is_not_put_off_for_years() -> None:
    case = Case().delivering()
    case.when(COUNSELOR, "mark_left_school")
    talk = {"situation": "seeking", "content": "x"}
    assert case.refused(M1, "record_follow_up", next_on="2199-12-31", **talk) == "too_far_ahead"
    assert (
        case.refused(M1, "record_follow_up", next_on=str(case.today + timedelta(731)), **talk)
        == "too_far_ahead"
    )
    case.when(M1, "record_follow_up", next_on=str(case.today + timedelta(730)), **talk)


def test_a_pay_can_be_meant() -> None:
    with pytest.raises(ValidationError):
        a_command("register_destination", code="11", monthly_pay=1e308)
    a_command("register_destination", code="11", monthly_pay=9_999_999)
