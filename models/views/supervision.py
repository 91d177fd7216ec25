"""What supervisors see: services delivered and lateness. There is no rate per counselor anywhere: the notice
forbids ranking and appraising by it (三不得)."""

from datetime import date
from typing import Literal

from pydantic import Field

from models.base import Model
from models.hardship import HardshipType
from models.views.inbox import DeadlineEntry

Count = int | None
"""A number of cases. For the province small ones are None and others rounded, so that they tell of no person."""


class StageCount(Model):
    """How many cases of a department stand at a stage."""

    school_id: str
    department_id: str
    stage: str
    count: Count


class CohortCount(Model):
    cohort: int
    open: Count
    closed: Count


class DepartmentTotals(Model):
    """One department in numbers. `unassigned`: open without a mentor; `unserved_count` (动态清零): open, owed a
    service, and none delivered yet; `settled` of `total` have a verified destination that counts."""

    school_id: str
    department_id: str
    total: Count
    open: Count
    unassigned: Count
    unserved_count: Count
    settled: Count
    services_due: Count
    services_done: Count
    services_confirmed: Count
    packages_complete: Count


class OverdueCount(Model):
    """How many deadlines of a department are overdue, by the last rung reached."""

    school_id: str
    department_id: str
    rung: str
    count: Count


class DestinationCount(Model):
    status: str
    code: str
    count: Count


class ReferralStatusCount(Model):
    """`acknowledged`: how many of them the sender has seen to the end."""

    status: str
    count: Count
    acknowledged: Count


class LoopTime(Model):
    """Hours between two moments of the loop, over the referrals that have both."""

    count: Count
    mean_hours: float | None
    median_hours: float | None


class ReferralLoop(Model):
    """How the referrals run: `to_answer` from sending to the answer, `to_close` from sending until the sender
    has seen the end."""

    by_status: list[ReferralStatusCount]
    to_answer: LoopTime
    to_close: LoopTime


class HardshipCount(Model):
    """The cases under one primary hardship type, each person once; `type` is None before eligibility is known."""

    type: str | None
    total: Count
    open: Count
    unassigned: Count
    packages_complete: Count
    settled: Count


FunnelStep = Literal["opened", "eligible", "paired", "assessed", "planned", "package_complete", "settled"]


class FunnelCount(Model):
    """How many cases have come as far as this step, whether or not they are closed by now; those to which no help
    is owed are left out."""

    step: FunnelStep
    count: Count


class AfterLeaving(Model):
    """Open cases that have left school: for how many a follow-up is due in time (`on_time`), is late, or is not
    due (`none_due`: held, without a mentor, or the period is over)."""

    open: Count
    on_time: Count
    late: Count
    none_due: Count


class OverviewFilter(Model):
    """Which cases to count."""

    department: str | None = Field(default=None, max_length=100)
    cohort: int | None = Field(default=None, ge=0, le=9999)
    hardship_type: HardshipType | None = Field(default=None, description="The primary one.")


class Overview(Model):
    """The school, or the department, in numbers. It names no person."""

    total: Count
    open: Count
    unassigned: Count
    unserved_count: Count
    overdue: Count
    settled: Count
    stages: list[StageCount]
    funnel: list[FunnelCount]
    cohorts: list[CohortCount]
    hardship_types: list[HardshipCount]
    departments: list[DepartmentTotals]
    overdue_by_rung: list[OverdueCount]
    destinations: list[DestinationCount]
    referrals: ReferralLoop
    after_leaving: AfterLeaving


class CampaignCount(Model):
    """What was done for a cohort within the dates of a campaign (both inclusive): files opened and closed,
    services and contacts recorded, referrals sent."""

    id: str
    zh: str
    en: str
    starts_on: date
    ends_on: date
    opened: Count
    closed: Count
    services: Count
    contacts: Count
    referrals: Count


class Campaigns(Model):
    """The campaigns of a cohort's last year, in the order of their dates."""

    cohort: int
    campaigns: list[CampaignCount]


class TrendWeek(Model):
    """The figures as they stood on the last day of a week that was counted: those of `DepartmentTotals`, `overdue`,
    and `stage.<stage>`, added up over the departments."""

    day: date
    figures: dict[str, int]


class Trends(Model):
    """The weeks in order; one in which nothing was counted is left out."""

    weeks: list[TrendWeek]


class Caseload(Model):
    """What a mentor carries against the room there is: `load` are places taken, proposals included.
    `uncovered`: absent today, or gone with cases left, and nobody stands in."""

    staff_id: str
    name: str
    role: str
    department_id: str | None
    capacity: int
    load: int
    open_cases: int
    overdue: int
    waiting_proposals: int
    absent_from: date | None
    absent_until: date | None
    departed_on: date | None
    uncovered: bool


RebalanceCause = Literal["overfull", "absent", "departed"]


class RebalanceSuggestion(Model):
    """A case that could go from a mentor with too many, or who is away uncovered, to another of its department.
    `to_room` is how many more that one could take before."""

    case_id: str
    display: str
    department_id: str
    cause: RebalanceCause
    from_id: str
    from_name: str
    to_id: str
    to_name: str
    to_room: int


class Rebalance(Model):
    """Suggestions, by name of the present mentor. `without_taker`: cases that should move, and nobody has room."""

    suggestions: list[RebalanceSuggestion]
    without_taker: int


class OverdueEntry(DeadlineEntry):
    """An overdue deadline, with the mentor of the case."""

    mentor_id: str | None
