"""When reminders are due: in the night, spread over the cases, exact where the clock is exact."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import Due, DurationValue, Span, parse_duration
from models.policy import Digest, Policy


def of(text: str) -> DurationValue:
    return DurationValue.model_validate(parse_duration(text))


def at(national: Policy, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=national.calendar.zone)


def due_on(national: Policy, day: str) -> Due:
    on = date.fromisoformat(day)
    return Due(on=on, at=national.calendar.midnight(on + timedelta(days=1)))


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ("-1 working days", "2026-09-30 00:30"),
        ("0 working days", "2026-10-08 00:30"),
        ("1 working days", "2026-10-09 00:30"),
        ("3 working days", "2026-10-12 00:30"),  # Saturday the 10th is made up for
        ("1 days", "2026-10-09 00:30"),
        ("2 hours", "2026-10-08 02:30"),
    ],
)
def test_a_rung_of_a_clock_of_dates_falls_into_the_night_of_its_date(
    national: Policy, offset: str, expected: str
):
    assert national.rung_time(due_on(national, "2026-10-08"), of(offset), 0.0) == at(national, expected)


@given(spread=st.floats(0, 1), other=st.floats(0, 1))
def test_the_spread_fills_the_night_window_in_order(national: Policy, spread: float, other: float):
    due = due_on(national, "2026-03-03")
    first, second = (national.rung_time(due, of("0 days"), value) for value in sorted((spread, other)))

    assert at(national, "2026-03-03 00:30") <= first <= second <= at(national, "2026-03-03 05:30")


def test_a_rung_of_an_exact_clock_is_exact_and_not_spread(national: Policy):
    due = Due(on=None, at=at(national, "2026-03-02 10:00:05"))

    assert national.rung_time(due, of("-2 seconds"), 0.7) == at(national, "2026-03-02 10:00:03")
    assert national.rung_time(due, of("2 days"), 0.7) == at(national, "2026-03-04 10:00:05")


def test_a_hold_after_the_due_date_postpones_the_rungs_that_are_left(national: Policy):
    dates = due_on(national, "2026-03-03")
    exact = Due(on=None, at=at(national, "2026-03-02 10:00:05"))
    hold = Span(start=at(national, "2026-03-04 12:00"), end=at(national, "2026-03-06 12:00"))
    short = Span(start=exact.at + timedelta(seconds=1), end=exact.at + timedelta(seconds=31))

    assert national.rung_time(dates, of("1 working days"), 0, [hold]) == at(national, "2026-03-06 00:30")
    assert national.rung_time(exact, of("3 seconds"), 0, [short]) == exact.at + timedelta(seconds=33)


def test_a_rung_before_the_due_time_looks_back_over_a_hold(national: Policy):
    dates = due_on(national, "2026-03-06")
    exact = Due(on=None, at=at(national, "2026-03-02 10:00:40"))
    hold = Span(start=at(national, "2026-03-04 12:00"), end=at(national, "2026-03-06 12:00"))
    short = Span(start=exact.at - timedelta(seconds=31), end=exact.at - timedelta(seconds=1))
    beyond = Span(start=exact.at - timedelta(seconds=10), end=exact.at + timedelta(seconds=10))

    assert national.rung_time(dates, of("-1 working days"), 0, [hold]) == at(national, "2026-03-03 00:30")
    assert national.rung_time(exact, of("-3 seconds"), 0, [short]) == exact.at - timedelta(seconds=33)
    assert national.rung_time(exact, of("-3 seconds"), 0, [beyond]) == exact.at - timedelta(seconds=13)


def test_silence_takes_effect_in_the_night_after_the_last_date_of_grace(national: Policy):
    due = due_on(national, "2026-03-03")

    assert national.lapse_time(due, "answer_pairing", 0) == at(national, "2026-03-04 00:30")
    assert national.lapse_time(due, "answer_referral", 0) == at(national, "2026-03-11 00:30")
    assert national.lapse_time(due, "first_talk", 0) is None
    assert national.lapse_time(due, "contact", 0) is None


def test_silence_on_an_exact_clock_takes_effect_exactly(national: Policy):
    clock = national.clocks["answer_referral"].model_copy(update={"lapse_after": of("5 seconds")})
    policy = national.model_copy(update={"clocks": {**national.clocks, "answer_referral": clock}})
    due = Due(on=None, at=at(national, "2026-03-02 10:00:05"))

    assert policy.lapse_time(due, "answer_referral", 0.5) == at(national, "2026-03-02 10:00:10")


def test_a_clock_has_its_own_ladder_else_the_default(national: Policy):
    assert [rung.rung for rung in national.ladder("answer_pairing")] == ["before_due", "due"]
    assert [rung.rung for rung in national.ladder("first_talk")] == [
        "before_due",
        "due",
        "overdue",
        "college",
        "school",
    ]
    assert national.ladder("contact") == national.ladders["default"]


@pytest.mark.parametrize(
    ("quiet_from", "quiet_to", "quiet", "awake"),
    [("21:00", "08:00", ["21:00", "23:59", "00:00", "07:59"], ["08:00", "20:59"]),
     ("12:00", "14:00", ["12:00", "13:59"], ["11:59", "14:00"])],
)  # fmt: skip
def test_quiet_hours_may_span_midnight(quiet_from: str, quiet_to: str, quiet: list[str], awake: list[str]):
    digest = Digest.model_validate({"quiet_from": quiet_from, "quiet_to": quiet_to})

    clock = datetime.fromisoformat
    assert all(digest.is_quiet(clock(f"2026-01-01 {time}").time()) for time in quiet)
    assert not any(digest.is_quiet(clock(f"2026-01-01 {time}").time()) for time in awake)
