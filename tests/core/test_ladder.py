"""Time: every rung once and in order, in the night, shifted by holds, also after an outage."""

from datetime import time, timedelta
from typing import Any

import pytest

from models.case.ladder import RungReached, deadlines, due_of, next_wake, no_deadline_reason, tick
from models.case.summary import deadline_lines

from .given import PROOF, Case, replayed, rungs_of, types
from .people import COUNSELOR, M1, SUPERVISOR, adapted, days, seconds

EVERY_RUNG = [
    ("confirm_eligibility", "before_due", "department:cs"),
    ("confirm_eligibility", "due", "department:cs"),
    ("confirm_eligibility", "overdue", "department:cs"),
    ("confirm_eligibility", "college", "department:cs"),
    ("confirm_eligibility", "school", "school:nhu"),
]


@pytest.mark.parametrize("policy", [days(), seconds()], ids=lambda policy: policy.id)
def test_every_rung_once_and_in_order(policy: Any) -> None:
    case = Case(policy)
    assert rungs_of(case.wait(days=60)) == EVERY_RUNG
    assert case.wait(days=600) == []


@pytest.mark.parametrize("policy", [days(), seconds()], ids=lambda policy: policy.id)
def test_after_a_long_outage_each_missed_rung_comes_once(policy: Any) -> None:
    case = Case(policy)
    assert rungs_of(case.after_outage(days=60)) == EVERY_RUNG
    assert case.settle() == []
    assert next_wake(case.state) is None


def test_a_rung_that_was_reached_is_told_when_it_was_due() -> None:
    case, late = Case(seconds()), Case(seconds())
    in_time = [item.at for item in case.wait(days=60)]
    reached = [item.event for item in late.after_outage(days=60) if isinstance(item.event, RungReached)]
    assert [due_of(late.state, event) for event in reached] == in_time
    late.when(COUNSELOR, "confirm_eligibility", decision="open", hardship_types=[PROOF])
    assert due_of(late.state, reached[0]) is None


def test_what_happened_during_an_outage_happens_in_the_order_of_time() -> None:
    case = Case(seconds(), graduates_on="2026-09-07").delivering()
    recorded = case.after_outage(days=30)
    left = types(recorded).index("left_school")
    assert {rung[0] for rung in rungs_of(recorded[:left])} == {"contact"}
    assert "contact" not in {rung[0] for rung in rungs_of(recorded[left:])}


def test_rungs_that_count_days_come_in_the_night_on_the_dates_of_working_days() -> None:
    case = Case()
    recorded = case.wait(days=60)
    local = [case.local(item.at) for item in recorded]
    assert [str(moment.date()) for moment in local] == [
        "2026-09-11",  # Friday before
        "2026-09-14",  # Monday, five working days after the opening
        "2026-09-15",
        "2026-09-17",
        "2026-09-23",
    ]
    assert all(time(0, 30) <= moment.time() <= time(5, 30) for moment in local)


def test_the_night_is_spread_over_the_cases() -> None:
    case = Case()
    others = [case.state.but(case_id=f"case-{number}") for number in range(2, 60)]
    wakes = {next_wake(other) for other in others}
    assert len(wakes) == len(others)
    hours = {case.local(wake).hour for wake in wakes if wake is not None}
    assert hours >= {1, 2, 3, 4}


def test_a_warning_from_before_the_clock_started_is_left_out() -> None:
    case = Case(adapted(days(), clocks={"confirm_eligibility": {"within": "1 working days"}}))
    assert rungs_of(case.wait(days=60)) == EVERY_RUNG[1:]


def test_a_warning_that_a_hold_brings_back_repeats_no_other_rung() -> None:
    case = Case(adapted(days(), clocks={"confirm_eligibility": {"within": "1 working days"}}))
    seen = rungs_of(case.wait(days=1))
    assert seen == EVERY_RUNG[1:2]
    case.when(SUPERVISOR, "place_hold", reason="papers on their way", until="2026-09-20")
    seen += rungs_of(case.wait(days=90))
    assert sorted(seen) == sorted(EVERY_RUNG[1:])


def test_a_hold_freezes_and_shifts() -> None:
    held = Case()
    held.at("2026-09-08 09:00").when(SUPERVISOR, "place_hold", reason="papers", until="2026-09-13")
    recorded = held.wait(days=60)
    assert types(recorded)[0] == "hold_ended"
    # From the 8th to the 13th four working days were lost: the fifth is the Friday of the week after.
    assert [str(held.local(item.at).date()) for item in recorded[1:]] == [
        "2026-09-17",
        "2026-09-18",
        "2026-09-21",
        "2026-09-23",
        "2026-09-29",
    ]
    assert rungs_of(recorded) == EVERY_RUNG


def test_a_hold_after_the_due_time_puts_off_the_escalation() -> None:
    case = Case(seconds())
    case.wait(seconds=6)
    case.when(SUPERVISOR, "place_hold", reason="papers", until=(case.now + timedelta(seconds=60)).isoformat())
    recorded = case.wait(seconds=60)
    assert rungs_of(recorded) == []
    assert rungs_of(case.wait(seconds=1)) == []
    assert rungs_of(case.wait(seconds=1)) == [("confirm_eligibility", "college", "department:cs")]


def test_the_worklist_shows_the_last_rung() -> None:
    case = Case(seconds())
    assert [line.rung for line in deadline_lines(case.state)] == [None]
    case.wait(seconds=6)
    assert [line.rung for line in deadline_lines(case.state)] == ["overdue"]


def test_a_lapse_on_a_clock_without_an_effect_of_silence_wakes_nobody() -> None:
    policy = adapted(seconds(), clocks={"first_talk": {"within": "5 seconds", "lapse_after": "0 seconds"}})
    case = Case(policy).paired()
    case.wait(days=1)
    assert next_wake(case.state) is None


def test_the_case_seeks_before_the_college_is_urged() -> None:
    case = Case(seconds()).proposed()
    case.after_outage(days=1)
    assert case.state.pairing.proposals == 2
    assert not [rung for rung in rungs_of(case.events) if rung[0] == "propose_mentor"]


def test_a_reason_is_given_where_nothing_is_due() -> None:
    case = Case().proposed()
    assert no_deadline_reason(case.state) is None
    case.when(M1, "decline_pairing", reason="leave")
    assert deadlines(case.state) == []
    assert no_deadline_reason(case.state) == "seeking_mentor"
    declined = Case()
    declined.when(COUNSELOR, "confirm_eligibility", hardship_types=[], decision="not_open", reason="rich")
    assert no_deadline_reason(declined.state) == "not_open"


def test_reminders_survive_their_replay() -> None:
    case = Case(seconds()).delivering()
    case.wait(seconds=100)
    assert replayed(case) == case.state
    assert tick(replayed(case), case.now) == []


def test_many_ended_deadlines_leave_few_records() -> None:
    case = Case(seconds()).delivering()
    for _ in range(200):
        case.wait(seconds=8)
        case.when(M1, "record_contact", method="phone", content="hello")
    assert len(case.state.rungs) <= 60
