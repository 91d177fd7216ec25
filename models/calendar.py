"""Working-day arithmetic: statutory holidays, make-up workdays, school vacations and pauses.

A calendar is data. It is compiled once into the policy of a case (see `services.policies`), so that a
deadline computed today is computed alike when the workflow is replayed years later.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, model_validator

from models.base import Dates, Model

Unit = Literal["working_days", "days", "months", "hours", "minutes", "seconds"]

_DURATION = re.compile(r"^\s*([+-]?\d+)\s*(working[ _]days?|days?|months?|hours?|minutes?|seconds?)\s*$")
_EXACT_SECONDS: Mapping[str, int] = {"hours": 3600, "minutes": 60, "seconds": 1}
_AT_MOST_DAYS: Mapping[str, float] = {
    "working_days": 1.5,
    "days": 1,
    "months": 31,
    "hours": 1 / 24,
    "minutes": 1 / 1440,
}
_LONGEST_DAYS = 3660
_SEASON_STARTS_IN_MONTH = 9


class DurationValue(Model):
    """A length of time as people state it. `amount` may be negative for an offset before a due date."""

    amount: int
    unit: Unit

    @model_validator(mode="after")
    def _within_ten_years(self) -> "DurationValue":
        # Beyond the calendar's end date arithmetic overflows, in the middle of somebody's case.
        if abs(self.amount) * _AT_MOST_DAYS.get(self.unit, 1 / 86400) > _LONGEST_DAYS:
            raise ValueError(f"{self} is longer than ten years")
        return self

    @property
    def by_the_day(self) -> bool:
        """True when the duration counts whole dates rather than elapsed seconds."""
        return self.unit not in _EXACT_SECONDS

    @property
    def exact(self) -> timedelta:
        """Elapsed time of a duration in hours, minutes or seconds."""
        return timedelta(seconds=self.amount * _EXACT_SECONDS[self.unit])

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


def parse_duration(value: Any) -> Any:
    """Read `"5 working days"`, `"30 days"`, `"-10 seconds"`; a ready value passes through.

    Raises ValueError naming the accepted forms.
    """
    if isinstance(value, dict | DurationValue):
        return value  # pyright: ignore[reportUnknownVariableType]
    found = _DURATION.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            f"{value!r} is no duration: write a number and one of "
            "working days, days, months, hours, minutes, seconds"
        )
    unit = found[2].replace(" ", "_").rstrip("s") + "s"
    return {"amount": int(found[1]), "unit": unit}


def _not_negative(value: DurationValue) -> DurationValue:
    if value.amount < 0:
        raise ValueError(f"{value} is negative")
    return value


def _positive(value: DurationValue) -> DurationValue:
    if value.amount <= 0:
        raise ValueError(f"{value} is not longer than nothing")
    return value


Duration = Annotated[DurationValue, BeforeValidator(parse_duration), PlainSerializer(str, return_type=str)]
Delay = Annotated[Duration, AfterValidator(_not_negative)]
"""A duration from now on; none at all is allowed."""
Interval = Annotated[Duration, AfterValidator(_positive)]
"""A duration that takes time, such as the beat of something repeated."""


class Span(Model):
    """A pause of the clocks, from `start` (inclusive) to `end` (exclusive)."""

    start: datetime
    end: datetime


class DateRange(Model):
    """Dates from `start` to `end`, both inclusive."""

    start: date
    end: date

    @model_validator(mode="after")
    def _ordered(self) -> "DateRange":
        if self.end < self.start:
            raise ValueError(f"the range ends on {self.end}, before it starts on {self.start}")
        return self


class Due(Model):
    """When something is due. `on` is the date for a clock that counts dates, None for an exact instant.

    `at` is always the instant from which it is overdue: the end of the date `on`, or the instant itself.
    """

    on: date | None
    at: datetime


class Calendar(Model):
    """Which dates are working days. `announced_years` are those whose holidays the State has published;
    in other years Monday to Friday count, and a due date there is an estimate."""

    timezone: str = "Asia/Shanghai"
    holidays: Dates = frozenset()
    workdays: Dates = frozenset()
    vacations: tuple[DateRange, ...] = ()
    announced_years: tuple[int, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def date_of(self, moment: datetime) -> date:
        """The local date of an instant."""
        return moment.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """The instant at which the local date begins, in UTC."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def is_working_day(self, day: date) -> bool:
        """True on a day on which the clocks of the service standards run."""
        if any(span.start <= day <= span.end for span in self.vacations):
            return False
        if day in self.workdays:
            return True
        return day.weekday() < 5 and day not in self.holidays

    def is_estimate(self, day: date) -> bool:
        """True when the statutory holidays of that year are not announced yet."""
        return day.year not in self.announced_years

    def shift(self, day: date, duration: DurationValue, pauses: Sequence[Span] = ()) -> date:
        """The date that lies `duration` (counted in dates) after `day`; paused dates do not count."""
        amount = duration.amount
        if duration.unit == "months":
            amount = (_add_months(day, duration.amount) - day).days
        if not pauses and duration.unit != "working_days":
            return day + timedelta(days=amount)
        counted = self._counts(duration, pauses)
        step = 1 if amount >= 0 else -1
        remaining = abs(amount)
        while remaining:
            day += timedelta(days=step)
            if counted(day):
                remaining -= 1
        return day

    def due(self, start: datetime, duration: DurationValue, pauses: Sequence[Span] = ()) -> Due:
        """When a clock started at `start` runs out. The time inside `pauses` does not count."""
        if duration.by_the_day:
            on = self.shift(self.date_of(start), duration, pauses)
            return Due(on=on, at=self.midnight(on + timedelta(days=1)))
        return Due(on=None, at=elapse(start, duration.exact, pauses))

    def _counts(self, duration: DurationValue, pauses: Sequence[Span]) -> Callable[[date], bool]:
        paused = [(self.date_of(span.start), self.date_of(span.end)) for span in pauses]

        def counts(day: date) -> bool:
            if any(start <= day < end for start, end in paused):
                return False
            return duration.unit != "working_days" or self.is_working_day(day)

        return counts


def elapse(start: datetime, length: timedelta, pauses: Sequence[Span] = ()) -> datetime:
    """The instant `length` after `start` (or before it, if negative), time inside `pauses` not counted."""
    at = start + length
    reached = start
    if length >= timedelta(0):
        for pause in sorted(pauses, key=lambda span: span.start):
            if pause.start < at and pause.end > reached:
                at += pause.end - max(pause.start, reached)
                reached = pause.end
        return at
    for pause in sorted(pauses, key=lambda span: span.end, reverse=True):
        if pause.end > at and pause.start < reached:
            at -= min(pause.end, reached) - pause.start
            reached = pause.start
    return at


def season_of(day: date) -> int:
    """The graduating year (届) of the season that a day belongs to, which begins in September of the year before."""
    return day.year + (day.month >= _SEASON_STARTS_IN_MONTH)


def _add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))
