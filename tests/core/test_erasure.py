"""Retention, legal hold and erasure: kept for its time, never erased under a hold, never by one person alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from models.case.erasure import ErasureBegun, erasure_due, keeping
from models.case.ladder import deadlines, next_wake, no_deadline_reason
from models.case.machine import possible
from models.case.notices import notices
from models.case.summary import deadline_lines, summarize

from .given import Case, replayed, rungs_of, types
from .people import CENTRE, COUNSELOR, GRADUATE, M1, SUPERVISOR, adapted, days, person, seconds

CENTRE_2 = person("s2", CENTRE.role)
ASKED: dict[str, Any] = {"reason": "I want it gone"}


def withdrawn(case: Case) -> Case:
    case.delivering().when(M1, "request_closure", reason="withdrawn", outcome="left the school")
    case.when(SUPERVISOR, "approve_closure")
    return case


def requested(case: Case) -> Case:
    case.closed().when(GRADUATE, "request_erasure", **ASKED)
    return case


def test_a_file_is_kept_three_years_then_erased_by_itself() -> None:
    case = Case().closed()
    case.when(M1, "record_stability_check", stable=True, content="still there")
    almost = [name for name in types(case.wait(days=3 * 365)) if name != "rung_reached"]
    assert almost == ["retention_near"]
    assert not case.state.erasing
    assert types(case.wait(days=2)) == ["retention_ended", "erasure_begun"]
    assert case.state.erasing
    ended = case.local(case.events[-1].at)
    assert str(ended.date()) == "2029-09-08"
    assert 0 <= ended.hour < 6
    assert case.events[-1].actor_id == "system"
    assert case.wait(days=4000) == []
    assert replayed(case) == case.state


def test_how_long_depends_on_how_the_service_ended() -> None:
    placed, gone, unowed = keeping(Case().closed().state), withdrawn(Case()).state, Case().unowed().state
    assert placed is not None
    years = {
        kept.ending: (kept.ends_at - kept.since).days // 364
        for kept in (placed, keeping(gone), keeping(unowed))
        if kept is not None
    }
    assert years == {"destination_verified": 3, "withdrawn": 1, "not_open": 1}


def test_a_file_that_is_owed_service_has_no_end() -> None:
    assert keeping(Case().left().state) is None
    assert keeping(Case().closed().state) is not None


def test_the_notice_comes_as_the_policy_says() -> None:
    policy = adapted(seconds(), retention={"after": "60 seconds", "by_ending": {}, "notice": "20 seconds"})
    case = Case(policy).closed()
    told = [item for item in case.wait(seconds=41) if item.event.type == "retention_near"]
    assert [item.at - case.state.closure.closed_at for item in told if case.state.closure] == [  # pyright: ignore
        timedelta(seconds=40)
    ]
    assert [(each.audience, each.kind) for item in told for each in notices(case.state, item)] == [
        ("school:nhu", "retention_near")
    ]


def test_a_notice_that_is_longer_than_the_retention_comes_at_once() -> None:
    policy = adapted(seconds(), retention={"after": "5 seconds", "by_ending": {}, "notice": "1 months"})
    case = Case(policy).closed()
    assert types(case.settle()) == ["retention_near"]
    assert "erasure_begun" in types(case.wait(seconds=6))


def test_after_an_outage_everything_comes_once_and_in_order() -> None:
    case = withdrawn(Case())
    assert types(case.after_outage(days=3000)) == ["retention_near", "retention_ended", "erasure_begun"]


@pytest.mark.parametrize("given", [Case.delivering, Case.closed, Case.unowed])
def test_a_legal_hold_stops_erasure_until_it_is_lifted(given: Callable[[Case], Case]) -> None:
    case = given(Case())
    case.when(CENTRE, "place_legal_hold", reason="dispute", reference="2027-17")
    assert case.refused(CENTRE, "place_legal_hold", reason="again") == "legal_hold_placed"
    if keeping(case.state) is None:
        case.when(M1, "request_closure", reason="withdrawn", outcome="left")
        case.when(SUPERVISOR, "approve_closure")
    case.wait(days=2000)
    assert "erasure_begun" not in types(case.events)
    assert "retention_ended" in types(case.events)
    assert next_wake(case.state) is None
    assert case.refused(GRADUATE, "request_erasure", **ASKED) == "legal_hold"
    assert erasure_due(case.state) is None
    case.when(CENTRE, "lift_legal_hold", reason="settled")
    # There is time to place it again.
    assert types(case.wait(days=29)) == []
    assert types(case.wait(days=3)) == ["erasure_begun"]


def test_a_hold_lifted_early_changes_nothing() -> None:
    case, untouched = Case().closed(), Case().closed()
    case.when(CENTRE, "place_legal_hold", reason="dispute")
    case.when(CENTRE, "lift_legal_hold", reason="settled")
    assert erasure_due(case.state) == erasure_due(untouched.state)
    assert case.refused(CENTRE, "lift_legal_hold", reason="again") == "no_legal_hold"


def test_reopening_cancels_retention_and_request() -> None:
    case = requested(Case())
    case.when(SUPERVISOR, "reopen", reason="asked")
    assert case.state.erasure is None
    assert keeping(case.state) is None
    case.wait(days=1200)
    assert not case.state.erasing
    assert case.refused(CENTRE, "approve_erasure") == "no_erasure_requested"


def test_a_file_closed_again_is_kept_anew() -> None:
    policy = adapted(seconds(), retention={"after": "60 seconds", "by_ending": {}, "notice": "3 seconds"})
    case = Case(policy).closed()
    case.wait(seconds=58)
    assert "retention_near" in types(case.events)
    case.when(SUPERVISOR, "reopen", reason="mistake")
    case.when(M1, "request_closure", reason="destination_verified", outcome="employed")
    case.when(SUPERVISOR, "approve_closure")
    again = [name for name in types(case.wait(seconds=59)) if name != "rung_reached"]
    assert again == ["retention_near"]
    assert types(case.wait(seconds=2))[-1:] == ["erasure_begun"]


def test_the_graduate_asks_and_the_centre_approves() -> None:
    case = requested(Case())
    (waiting,) = [item for item in deadlines(case.state) if item.clock == "approve_erasure"]
    assert waiting.owner == "school:nhu"
    assert case.refused(CENTRE, "request_erasure", **ASKED) == "erasure_open"
    (begun,) = case.when(CENTRE, "approve_erasure")
    assert begun.event == ErasureBegun(ground="graduate_asked")
    erasure = case.state.erasure
    assert erasure is not None
    assert (erasure.requested_by, erasure.approved_by, erasure.decided_at) == ("g1", "s1", case.now)


def test_nobody_approves_their_own_request() -> None:
    case = Case().closed()
    case.when(CENTRE, "request_erasure", reason="opened by mistake")
    assert case.refused(CENTRE, "approve_erasure") == "self_approval"
    assert case.refused(CENTRE, "reject_erasure", reason="x") == "self_approval"
    (begun,) = case.when(CENTRE_2, "approve_erasure", reason="seen")
    assert begun.event == ErasureBegun(ground="school_asked", remark="seen")


@pytest.mark.parametrize("actor", [M1, COUNSELOR, SUPERVISOR], ids=lambda actor: actor.id)
@pytest.mark.parametrize("name", ["request_erasure", "place_legal_hold"])
def test_erasure_is_the_career_centre_s(actor: Any, name: str) -> None:
    assert Case().closed().refused(actor, name, reason="x") == "role_not_allowed"


@pytest.mark.parametrize("given", [Case.delivering, Case.left, Case.verified])
def test_a_file_that_is_owed_service_is_not_erased(given: Callable[[Case], Case]) -> None:
    case = given(Case())
    assert case.refused(GRADUATE, "request_erasure", **ASKED) == "case_open"


def test_a_file_found_to_be_owed_help_after_all_is_not_erased() -> None:
    case = Case().unowed()
    case.when(GRADUATE, "request_erasure", **ASKED)
    case.eligible()
    assert case.refused(CENTRE, "approve_erasure") == "case_open"
    case.when(CENTRE, "reject_erasure", reason="owed help")


def test_a_hold_placed_meanwhile_stops_the_approval() -> None:
    case = requested(Case())
    case.when(CENTRE, "place_legal_hold", reason="dispute")
    assert case.refused(CENTRE, "approve_erasure") == "legal_hold"


def test_a_refusal_gives_its_reason_to_who_asked() -> None:
    case = requested(Case())
    assert case.refused(CENTRE, "reject_erasure") == "reason_required"
    (rejected,) = case.when(CENTRE, "reject_erasure", reason="evidence is kept three years")
    assert [each.audience for each in notices(case.state, rejected)] == ["staff:g1"]
    assert case.state.erasure is None
    case.when(GRADUATE, "request_erasure", **ASKED)


def test_a_request_left_alone_goes_up_its_ladder() -> None:
    case = Case(seconds())
    requested(case)
    reached = [rung for clock, rung, _ in rungs_of(case.wait(seconds=12)) if clock == "approve_erasure"]
    assert reached == ["before_due", "due", "overdue", "college", "school"]


def test_nothing_happens_in_a_file_that_is_being_erased() -> None:
    case = requested(Case())
    case.when(CENTRE, "approve_erasure")
    for actor in (M1, COUNSELOR, SUPERVISOR, CENTRE, GRADUATE):
        assert {answer.code for answer in possible(case.state, actor, case.now)} == {"case_erased"}
    assert no_deadline_reason(case.state) == "being_erased"
    assert case.after_outage(days=5000) == []
    row = summarize(case.state, deadline_lines(case.state))
    assert row.erased_at == case.now - timedelta(days=5000)
    assert row.next_due_at is None


def test_the_ledger_s_row_tells_when_and_what_stops_it() -> None:
    case = Case().closed()
    due = summarize(case.state, []).retention_ends_at
    assert due == erasure_due(case.state)
    case.when(CENTRE, "place_legal_hold", reason="dispute")
    held = summarize(case.state, [])
    assert (held.legal_hold_since, held.retention_ends_at) == (case.now, due)
    assert summarize(Case().delivering().state, []).retention_ends_at is None


def test_the_evidence_of_a_destination_is_kept_three_years_at_least() -> None:
    kept = days().retention
    assert kept.by_ending.get("destination_verified", kept.after).amount >= 36
