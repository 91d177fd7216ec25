"""Working days, vacations and pauses: the arithmetic behind every deadline."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from models.calendar import Calendar, DateRange, Due, Duration, DurationValue, Span, Unit
from services.policies import CalendarSource, compile_calendar

STATE = compile_calendar(CalendarSource(holidays_from="chinesecalendar"))
SHANGHAI = STATE.zone
DURATION: TypeAdapter[DurationValue] = TypeAdapter(Duration)


def of(text: str) -> DurationValue:
    return DURATION.validate_python(text)


def at(text: str) -> datetime:
    """A local time of Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def dates(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=index) for index in range((end - start).days + 1)]


@pytest.mark.parametrize(
    "day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]
)
def test_a_make_up_day_on_a_weekend_is_a_working_day(day: str):
    assert date.fromisoformat(day).weekday() >= 5
    assert STATE.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("new year", "2026-01-01", "2026-01-03"),
        ("spring festival", "2026-02-15", "2026-02-23"),
        ("national day", "2026-10-01", "2026-10-07"),
        ("national day of the year before", "2025-10-01", "2025-10-08"),
    ],
)
def test_nobody_works_on_a_statutory_holiday(name: str, first: str, last: str):
    assert [day for day in dates(first, last) if STATE.is_working_day(day)] == [], name


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2026-09-30", "1 working days", "2026-10-08"),  # the whole National Day holiday
        ("2026-10-08", "2 working days", "2026-10-10"),  # Saturday is made up for
        ("2026-10-10", "1 working day", "2026-10-12"),
        ("2026-02-13", "2 working days", "2026-02-24"),  # over Spring Festival, after one make-up day
        ("2026-02-24", "-1 working days", "2026-02-14"),
        ("2026-10-08", "-1 working days", "2026-09-30"),
        ("2026-03-02", "5 working days", "2026-03-09"),
        ("2026-03-07", "0 working days", "2026-03-07"),  # no time at all, even on a Saturday
        ("2026-03-02", "30 days", "2026-04-01"),
        ("2026-03-02", "-2 days", "2026-02-28"),
        ("2026-01-31", "1 months", "2026-02-28"),
        ("2028-01-31", "1 months", "2028-02-29"),
        ("2026-11-30", "3 months", "2027-02-28"),
        ("2026-12-15", "1 month", "2027-01-15"),
        ("2026-03-31", "-1 months", "2026-02-28"),
    ],
)
def test_a_date_shifted(start: str, duration: str, expected: str):
    assert STATE.shift(date.fromisoformat(start), of(duration)) == date.fromisoformat(expected)


def test_years_not_announced_fall_back_to_weekdays_and_say_so():
    announced = max(STATE.announced_years)
    later = date(announced + 1, 10, 1)

    assert 2026 in STATE.announced_years
    assert STATE.is_estimate(later)
    assert not STATE.is_estimate(date(announced, 10, 1))
    assert STATE.is_working_day(later) == (later.weekday() < 5)


def test_vacations_stop_the_working_days_both_ends_included():
    source = CalendarSource(vacations=(DateRange(start=date(2026, 7, 13), end=date(2026, 8, 21)),))
    pausing = compile_calendar(source)
    running = compile_calendar(source, vacations_pause_clocks=False)

    assert pausing.shift(date(2026, 7, 10), of("1 working days")) == date(2026, 8, 24)
    assert running.shift(date(2026, 7, 10), of("1 working days")) == date(2026, 7, 13)
    assert pausing.shift(date(2026, 7, 10), of("3 days")) == date(2026, 7, 13)
    assert running.vacations == ()


def test_a_school_adds_days_off_and_days_at_work():
    calendar = compile_calendar(
        CalendarSource.model_validate(
            {
                "holidays_from": "chinesecalendar",
                "extra_holidays": ["2026-03-04", "2026-10-10"],
                "extra_workdays": ["2026-10-07", "2026-03-07"],
            }
        )
    )

    assert not calendar.is_working_day(date(2026, 3, 4))
    assert not calendar.is_working_day(date(2026, 10, 10))
    assert calendar.is_working_day(date(2026, 10, 7))
    assert not calendar.holidays & calendar.workdays
    assert calendar.is_working_day(date(2026, 3, 7))


def test_a_clock_of_dates_ends_with_its_last_date_in_local_time():
    # 17:00 UTC on Sunday is already Monday in Shanghai.
    due = STATE.due(datetime(2026, 3, 1, 17, 0, tzinfo=UTC), of("1 working days"))

    assert due.on == date(2026, 3, 3)
    assert due.at == at("2026-03-04 00:00")


@pytest.mark.parametrize(
    ("duration", "length"),
    [
        ("90 seconds", timedelta(seconds=90)),
        ("1 second", timedelta(seconds=1)),
        ("15 minutes", timedelta(minutes=15)),
        ("36 hours", timedelta(hours=36)),
    ],
)
def test_an_exact_duration_is_elapsed_time(duration: str, length: timedelta):
    start = at("2026-10-01 08:30")

    assert STATE.due(start, of(duration)) == Due(on=None, at=start + length)


def test_a_pause_adds_its_length_to_an_exact_clock_from_the_moment_it_began():
    start = at("2026-03-02 08:00")
    before = Span(start=start - timedelta(hours=5), end=start - timedelta(hours=1))
    over_the_start = Span(start=start - timedelta(minutes=30), end=start + timedelta(minutes=10))
    within = Span(start=start + timedelta(minutes=20), end=start + timedelta(minutes=50))
    after = Span(start=start + timedelta(hours=5), end=start + timedelta(hours=6))

    due = STATE.due(start, of("1 hours"), [after, within, over_the_start, before])

    assert due.at == start + timedelta(hours=1, minutes=40)


def test_pauses_that_overlap_count_once():
    start = at("2026-03-02 08:00")
    first = Span(start=start + timedelta(minutes=10), end=start + timedelta(minutes=30))
    second = Span(start=start + timedelta(minutes=20), end=start + timedelta(minutes=40))

    assert STATE.due(start, of("1 hours"), [first, second]).at == start + timedelta(hours=1, minutes=30)


def test_a_pause_of_whole_dates_postpones_a_clock_of_working_days():
    pause = Span(start=at("2026-03-03 10:00"), end=at("2026-03-06 09:00"))

    assert STATE.shift(date(2026, 3, 2), of("2 working days"), [pause]) == date(2026, 3, 9)
    assert STATE.shift(date(2026, 3, 2), of("5 days"), [pause]) == date(2026, 3, 10)


def test_a_pause_within_one_date_does_not_cost_that_date():
    pause = Span(start=at("2026-03-03 10:00"), end=at("2026-03-03 16:00"))

    assert STATE.shift(date(2026, 3, 2), of("1 working days"), [pause]) == date(2026, 3, 3)


@pytest.mark.parametrize(
    "wrong",
    ["5", "five days", "5 weeks", "days", "1.5 hours", "", 5, None, True, "4000 days", "99999999999 seconds"],
)
def test_what_is_no_duration_is_refused(wrong: object):
    with pytest.raises(ValidationError):
        DURATION.validate_python(wrong)


@pytest.mark.parametrize("text", ["5 working_days", "-1 working_days", "30 days", "6 months", "0 seconds"])
def test_a_duration_is_written_as_it_is_read(text: str):
    assert DURATION.dump_python(of(text)) == text
    assert DURATION.validate_json(DURATION.dump_json(of(text))) == of(text)


def test_a_range_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValidationError, match="before it starts"):
        DateRange(start=date(2026, 8, 21), end=date(2026, 7, 13))


day_of_life = st.dates(date(2025, 1, 1), date(2029, 12, 31))
moments = st.datetimes(datetime(2025, 1, 1), datetime(2029, 12, 31), timezones=st.just(SHANGHAI))  # noqa: DTZ001
calendars = st.sampled_from(
    [
        STATE,
        Calendar(),
        STATE.model_copy(update={"vacations": (DateRange(start=date(2026, 7, 1), end=date(2026, 8, 31)),)}),
    ]
)


@st.composite
def pauses(draw: st.DrawFn) -> list[Span]:
    """Up to three holds, none overlapping, the last one over by 2031."""
    edges = sorted(draw(st.lists(moments, min_size=0, max_size=6, unique=True)))
    return [Span(start=start, end=end) for start, end in zip(edges[::2], edges[1::2], strict=False)]


@given(calendars, day_of_life, st.integers(-60, 60).filter(bool))
def test_a_shift_by_working_days_lands_on_one_and_counts_right(calendar: Calendar, day: date, amount: int):
    landed = calendar.shift(day, DurationValue(amount=amount, unit="working_days"))

    passed = dates((day + timedelta(days=1)).isoformat(), landed.isoformat())
    if amount < 0:
        passed = dates(landed.isoformat(), (day - timedelta(days=1)).isoformat())
    assert calendar.is_working_day(landed)
    assert sum(calendar.is_working_day(one) for one in passed) == abs(amount)


units: st.SearchStrategy[Unit] = st.sampled_from(
    ["working_days", "days", "months", "hours", "minutes", "seconds"]
)


@given(calendars, moments, st.integers(0, 60), units, pauses())
def test_a_pause_never_brings_a_deadline_forward(
    calendar: Calendar, start: datetime, amount: int, unit: Unit, held: list[Span]
):
    duration = DurationValue(amount=amount, unit=unit)

    free, paused = calendar.due(start, duration), calendar.due(start, duration, held)

    assert paused.at >= free.at
    if not any(span.start < free.at and span.end > start for span in held):
        assert paused == free


@given(moments, st.integers(1, 10_000), pauses())
def test_an_exact_clock_runs_exactly_its_length_outside_the_pauses(
    start: datetime, minutes: int, held: list[Span]
):
    due = STATE.due(start, DurationValue(amount=minutes, unit="minutes"), held)

    inside = [max(timedelta(0), min(due.at, span.end) - max(start, span.start)) for span in held]
    assert due.at - start - sum(inside, timedelta(0)) == timedelta(minutes=minutes)
