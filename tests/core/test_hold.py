"""Hold: a pause with a reason and an end, which stops the clocks."""

from datetime import timedelta
from typing import Any

import pytest

from models.case.ladder import deadlines, next_wake, no_deadline_reason

from .given import Case, types
from .people import COUNSELOR, GRADUATE, M1, SUPERVISOR, seconds

HOLD: dict[str, Any] = {"reason": "in hospital", "until": "2026-09-20"}


def test_a_hold_is_placed_and_released() -> None:
    case = Case().delivering()
    assert types(case.when(M1, "place_hold", **HOLD)) == ["hold_placed"]
    assert no_deadline_reason(case.state) == "on_hold"
    assert case.state.hold is not None
    assert case.local(case.state.hold.until).isoformat() == "2026-09-21T00:00:00+08:00"
    assert types(case.when(SUPERVISOR, "release_hold")) == ["hold_ended"]
    assert case.state.hold is None


def test_a_hold_may_end_at_an_instant() -> None:
    case = Case().delivering()
    case.when(M1, "place_hold", reason="exam", until="2026-09-07T12:00:00+08:00")
    assert types(case.wait(hours=3)) == ["hold_ended"]


@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("2026-09-06", "end_in_the_past"),
        ("2026-09-07T09:00:00+08:00", "end_in_the_past"),
        ("2026-10-08", "hold_too_long"),
        ("2199-12-31", "hold_too_long"),
    ],
)
def test_a_hold_of_a_mentor_is_refused(until: str, code: str) -> None:
    assert Case().delivering().refused(M1, "place_hold", reason="x", until=until) == code


def test_a_mentor_may_hold_for_thirty_days_a_supervisor_for_longer() -> None:
    Case().delivering().when(M1, "place_hold", reason="x", until="2026-10-07")
    Case().delivering().when(SUPERVISOR, "place_hold", reason="military training", until="2199-12-31")


def test_holding_is_refused() -> None:
    case = Case().delivering()
    assert case.refused(M1, "release_hold") == "not_held"
    assert case.refused(COUNSELOR, "place_hold", **HOLD) == "role_not_allowed"
    assert case.refused(GRADUATE, "place_hold", **HOLD) == "role_not_allowed"
    case.when(M1, "place_hold", **HOLD)
    assert case.refused(SUPERVISOR, "place_hold", **HOLD) == "already_held"


def test_commands_are_allowed_in_a_hold() -> None:
    case = Case().delivering()
    case.when(M1, "place_hold", **HOLD)
    case.when(M1, "record_contact", method="phone", content="in hospital")


def test_nothing_falls_due_in_a_hold_and_both_waits_run_on() -> None:
    case = Case(seconds()).delivering()
    waiting, assigned = case.state.waiting_since, case.state.pairing.assigned_since
    case.when(M1, "place_hold", reason="ill", until=(case.now + timedelta(seconds=40)).isoformat())
    assert next_wake(case.state) == case.now + timedelta(seconds=40)
    assert case.wait(seconds=39) == []
    assert types(case.wait(seconds=1)) == ["hold_ended"]
    assert case.state.waiting_since == waiting
    assert case.state.pairing.assigned_since == assigned


def test_a_hold_shifts_what_is_due_by_its_length() -> None:
    case = Case(seconds()).delivering()
    (before,) = [item.due.at for item in deadlines(case.state) if item.clock == "contact"]
    case.wait(seconds=2)
    case.when(M1, "place_hold", reason="ill", until=(case.now + timedelta(seconds=40)).isoformat())
    case.wait(seconds=40)
    (after,) = [item.due.at for item in deadlines(case.state) if item.clock == "contact"]
    assert after - before == timedelta(seconds=40)


def test_paused_dates_do_not_count() -> None:
    case = Case().paired()
    assert [str(item.due.on) for item in deadlines(case.state)] == ["2026-09-14"]
    case.at("2026-09-09 09:00").when(M1, "place_hold", reason="ill", until="2026-09-13")
    case.wait(days=5)
    # 8th and then, from the 14th on, four more working days.
    assert [str(item.due.on) for item in deadlines(case.state)] == ["2026-09-17"]


def test_a_hold_seen_to_end_late_paused_until_its_end() -> None:
    for release in (False, True):
        case = Case(seconds()).delivering()
        case.when(M1, "place_hold", reason="ill", until=(case.now + timedelta(seconds=10)).isoformat())
        case.now += timedelta(seconds=30)
        if release:
            case.when(M1, "release_hold")
        case.settle()
        (pause,) = case.state.pauses
        assert pause.end - pause.start == timedelta(seconds=10)
