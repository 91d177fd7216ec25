"""The service standards of a province and cohort (服务标准): every number of the domain, as data.

A policy file is versioned. A case pins the whole document when it is opened and moves to another version
only on purpose (`change_policy`), so that no rule changes under a case in flight. Source of the defaults:
domain notes §§3-6; each school overrides them in its own file.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from models.base import Codes, Model
from models.calendar import Calendar, Delay, Due, Duration, DurationValue, Interval, Span, elapse

ClockName = Literal[
    "confirm_eligibility",
    "propose_mentor",
    "answer_pairing",
    "assign_mentor",
    "first_talk",
    "set_plan",
    "approve_plan",
    "psychological_support",
    "answer_referral",
    "report_referral_outcome",
    "acknowledge_referral",
    "verify_destination",
    "answer_transfer",
    "approve_closure",
    "approve_erasure",
    "answer_objection",
    "contact",
    "measure",
    "follow_up",
    "stability_check",
]
"""What a person is due to do. Each has a ladder; those in `Policy.clocks` also a duration of their own."""

RungName = Literal["before_due", "due", "overdue", "college", "school"]
RiskLevel = Literal["A", "B", "C"]
Ending = Literal["destination_verified", "waived", "handed_over", "withdrawn", "deceased", "not_open"]
"""How the service to a graduate ends: the reason of a closure, or that no help was owed."""


class Rung(Model):
    """One step of a ladder of reminders: `offset` from the due date, and who is told."""

    rung: RungName
    offset: Duration
    notify: Literal["owner", "department", "school"] = "owner"


class Clock(Model):
    """How long an act may take, and, where silence has an effect of its own, how long after the due time."""

    within: Delay
    ladder: str = "default"
    lapse_after: Delay | None = None


def _all_local(*times: time) -> None:
    if len({item.tzinfo is None for item in times}) > 1:
        raise ValueError("times of day are local: they have no offset")


class Window(Model):
    """Local times of day; deadlines counted in dates fall due spread over it."""

    start: time = time(0, 30)
    end: time = time(5, 30)

    @property
    def length(self) -> timedelta:
        return datetime.combine(date.min, self.end) - datetime.combine(date.min, self.start)

    @model_validator(mode="after")
    def _ordered(self) -> "Window":
        _all_local(self.start, self.end)
        if self.end <= self.start:
            raise ValueError("the window must end after it starts, on the same day")
        return self


class Digest(Model):
    """When each person gets one message that gathers what is due: at `at` each day, or, for trials, `every`.

    Nothing is sent outside the product in the quiet hours (they may span midnight)."""

    at: time = time(9, 0)
    every: Interval | None = None
    quiet_from: time = time(21, 0)
    quiet_to: time = time(8, 0)

    @model_validator(mode="after")
    def _awake(self) -> "Digest":
        _all_local(self.at, self.quiet_from, self.quiet_to)
        if self.every is None and self.is_quiet(self.at):
            raise ValueError(f"the digest at {self.at} falls in the quiet hours")
        return self

    def is_quiet(self, at: time) -> bool:
        """True when nothing may be sent at that local time of day."""
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= at < self.quiet_to
        return at >= self.quiet_from or at < self.quiet_to


class PackageItem(Model):
    """A due service: `count` deliveries of any of `types` (service type codes)."""

    item: str
    types: tuple[str, ...] = Field(min_length=1)
    count: int = Field(ge=1)


class PairingRules(Model):
    """Loads are numbers of open cases per mentor."""

    soft_load: int = Field(default=5, ge=1)
    hard_cap: int = Field(default=40, ge=1)
    max_proposals: int = Field(default=3, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> "PairingRules":
        if self.soft_load > self.hard_cap:
            raise ValueError(f"soft_load {self.soft_load} lies above hard_cap {self.hard_cap}")
        return self


class MonthDay(Model):
    """A date within the year of leaving, shifted by `years`."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    years: int = Field(default=0, ge=0, le=9)

    @model_validator(mode="after")
    def _in_every_year(self) -> "MonthDay":
        try:
            date(2001, self.month, self.day)
        except ValueError:
            raise ValueError(f"not every year has a day {self.month}-{self.day}") from None
        return self


class FollowUpRules(Model):
    """Follow-up after leaving school [18]: how often, and until which date of the leaving year."""

    every: Interval
    until: MonthDay = MonthDay(month=12, day=31)


class RetentionRules(Model):
    """How long a file is kept once its service has ended (PIPL art. 19): `after`, or what `by_ending` says for
    that ending. The career centre is told `notice` before."""

    after: Interval
    by_ending: dict[Ending, Interval] = Field(default_factory=dict[Ending, Interval])
    notice: Interval


class DisclosureRules(Model):
    """Which fields a referral may carry on which ground (PIPL art. 13, 28): `free` needs none beyond the
    service itself, `statutory` maps a kind of receiver to the fields it is owed by duty, `duties` names the rule
    of each such duty, `consent` lists the fields that need the graduate's recorded consent."""

    free: Codes
    statutory: dict[str, Codes] = Field(default_factory=dict[str, Codes])
    duties: dict[str, str] = Field(default_factory=dict[str, str])
    consent: Codes

    @model_validator(mode="after")
    def _duties_named(self) -> "DisclosureRules":
        unnamed = sorted(self.statutory.keys() - self.duties.keys())
        if unnamed:
            raise ValueError(f"duties must name the rule by which these are owed data: {', '.join(unnamed)}")
        return self


class Policy(Model):
    """One version of the service standards, complete with the calendar that its working days use."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: int = Field(ge=1)
    title: str
    provinces: tuple[str, ...] = ("*",)
    cohorts: tuple[int, ...] = ()
    calendar: Calendar = Calendar()
    vacations_pause_clocks: bool = True
    hardship_order: tuple[str, ...] = Field(min_length=1)
    proof_required: Codes = frozenset()
    clocks: dict[ClockName, Clock]
    ladders: dict[str, tuple[Rung, ...]]
    night_window: Window = Window()
    digest: Digest = Digest()
    contact_every: dict[RiskLevel, Interval]
    service_types: Codes = Field(min_length=1)
    service_package: tuple[PackageItem, ...] = Field(min_length=1)
    short_package: tuple[PackageItem, ...] = ()
    pairing: PairingRules = PairingRules()
    mentor_hold_limit: Interval
    follow_up: FollowUpRules
    stability_checks: tuple[Interval, ...]
    minimum_monthly_pay: int = Field(ge=0)
    minimum_attendance: float = Field(default=0.8, ge=0, le=1)
    disclosure: DisclosureRules
    retention: RetentionRules
    closure_proof_required: Codes = frozenset({"waived"})
    continue_after_commands: int = Field(default=10, ge=1)

    @model_validator(mode="after")
    def _consistent(self) -> "Policy":
        problems = [*_clock_problems(self), *_ladder_problems(self), *_code_problems(self)]
        if problems:
            # A nested validation error keeps the place of each problem, which the loader turns into its line.
            raise ValidationError.from_exception_data("Policy", problems)
        return self

    @property
    def ref(self) -> str:
        """`id@version`, as shown to people."""
        return f"{self.id}@{self.version}"

    @cached_property
    def digest_of_content(self) -> str:
        """A fingerprint of the content: two documents under one `ref` must have the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def __copy__(self) -> Self:
        copied = super().__copy__()
        # What a copy changes has another one.
        vars(copied).pop("digest_of_content", None)
        return copied

    def ladder(self, clock: ClockName) -> tuple[Rung, ...]:
        """The rungs of a clock, in order of time."""
        name = self.clocks[clock].ladder if clock in self.clocks else clock
        return self.ladders.get(name, self.ladders["default"])

    def rung_time(
        self, due: Due, offset: DurationValue, spread: float, pauses: Sequence[Span] = ()
    ) -> datetime:
        """When a rung is reached. Where whole dates count, inside the night window, at `spread` (0 to 1).

        The time inside `pauses` does not count; give the pauses with which `due` was computed.
        """
        if due.on is None:
            length = timedelta(days=offset.amount) if offset.by_the_day else offset.exact
            return elapse(due.at, length, pauses)
        if offset.by_the_day:
            return self._in_the_night(self.calendar.shift(due.on, offset, pauses), spread)
        return elapse(self._in_the_night(due.on, spread), offset.exact, pauses)

    def lapse_time(
        self, due: Due, clock: ClockName, spread: float, pauses: Sequence[Span] = ()
    ) -> datetime | None:
        """When silence takes its effect, None where it has none. Where whole dates count, in the night
        after the last date of grace, so that this date is still there to act on."""
        delay = self.clocks[clock].lapse_after if clock in self.clocks else None
        if delay is None:
            return None
        if due.on is None or not delay.by_the_day:
            return self.calendar.due(due.at, delay, pauses).at
        last = self.calendar.shift(due.on, delay, pauses)
        return self._in_the_night(last + timedelta(days=1), spread)

    def retention_times(self, since: datetime, ending: Ending, spread: float) -> tuple[datetime, datetime]:
        """When the end of a file kept `since` then is announced, and when it has come. Where whole dates count,
        both lie in the night: the second one after the last date."""
        rules = self.retention
        due = self.calendar.due(since, rules.by_ending.get(ending, rules.after))
        before = rules.notice.model_copy(update={"amount": -rules.notice.amount})
        ends_at = due.at if due.on is None else self._in_the_night(due.on + timedelta(days=1), spread)
        return self.rung_time(due, before, spread), ends_at

    def notice_after(self, moment: datetime, spread: float) -> datetime:
        """The end of a notice of erasure that is given at that moment."""
        due = self.calendar.due(moment, self.retention.notice)
        return due.at if due.on is None else self._in_the_night(due.on + timedelta(days=1), spread)

    def _in_the_night(self, day: date, spread: float) -> datetime:
        night = self.night_window
        start = timedelta(hours=night.start.hour, minutes=night.start.minute)
        return self.calendar.midnight(day) + start + night.length * spread


_RHYTHMS: frozenset[ClockName] = frozenset({"contact", "measure", "follow_up", "stability_check"})
_CLOCKS_NEEDED: frozenset[ClockName] = frozenset(get_args(ClockName)) - _RHYTHMS


def _problem(reason: str, *place: str | int) -> InitErrorDetails:
    kind = PydanticCustomError("policy", "{reason}", {"reason": reason})
    return InitErrorDetails(type=kind, loc=place, input=None)


def _clock_problems(policy: Policy) -> Iterator[InitErrorDetails]:
    missing = sorted(_CLOCKS_NEEDED - set(policy.clocks))
    if missing:
        yield _problem(f"has no entry for {', '.join(missing)}", "clocks")
    for name, clock in policy.clocks.items():
        if clock.ladder not in policy.ladders:
            yield _problem(f"{clock.ladder!r} is not among ladders", "clocks", name, "ladder")
    absent = sorted({"A", "B", "C"} - set(policy.contact_every))
    if absent:
        yield _problem(f"has no entry for the risk level {', '.join(absent)}", "contact_every")


def _ladder_problems(policy: Policy) -> Iterator[InitErrorDetails]:
    if "default" not in policy.ladders:
        yield _problem("needs a ladder named 'default'", "ladders")
    used = {clock.ladder for clock in policy.clocks.values()} | {"default", *get_args(ClockName)}
    for name, rungs in policy.ladders.items():
        if name not in used:
            yield _problem("no clock has this ladder", "ladders", name)
        for index, rung in enumerate(rungs):
            earlier = rungs[:index]
            if any(other.rung == rung.rung for other in earlier):
                yield _problem(f"the rung {rung.rung!r} comes twice", "ladders", name, index, "rung")
            if any(
                other.offset.unit == rung.offset.unit and other.offset.amount > rung.offset.amount
                for other in earlier
            ):
                yield _problem("comes before the rung above it", "ladders", name, index, "offset")


def _code_problems(policy: Policy) -> Iterator[InitErrorDetails]:
    for place, package in (
        ("service_package", policy.service_package),
        ("short_package", policy.short_package),
    ):
        for index, item in enumerate(package):
            for position, code in enumerate(item.types):
                if code not in policy.service_types:
                    yield _problem(f"{code!r} is not among service_types", place, index, "types", position)
    if len(set(policy.hardship_order)) < len(policy.hardship_order):
        yield _problem("names a hardship type twice", "hardship_order")
    unordered = sorted(policy.proof_required - set(policy.hardship_order))
    if unordered:
        yield _problem(f"{', '.join(unordered)} not among hardship_order", "proof_required")


def choose(policies: Iterable[Policy], province: str, cohort: int) -> Policy | None:
    """The policy for a province and cohort: the most specific one, then the newest version."""
    fitting = [
        policy
        for policy in policies
        if (province in policy.provinces or "*" in policy.provinces)
        and (not policy.cohorts or cohort in policy.cohorts)
    ]
    return max(
        fitting,
        key=lambda policy: (province in policy.provinces, bool(policy.cohorts), policy.version),
        default=None,
    )
