"""The overview of a school or department: services delivered, lateness. Counted in SQL, never by loading cases; for an
observer of the province without any name."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, select
from sqlmodel import col

from models.case.kernel import Actor, Role
from models.tables import CaseDeadline, CaseReferral, CaseRow
from models.views.supervision import (
    AfterLeaving,
    CohortCount,
    DepartmentTotals,
    DestinationCount,
    FunnelCount,
    FunnelStep,
    HardshipCount,
    OverdueCount,
    Overview,
    OverviewFilter,
    StageCount,
)
from services.access import shown_everywhere
from services.inbox import overdue_by
from services.loop_times import referral_loop
from services.small_counts import without_small_counts
from services.supervised import OPEN, count_if, department_of, sum_if, supervised

_NO_RUNG = "due"
_STAGES_BEHIND = ("intake", "not_open")


class Overviews:
    """Counts in the ledger of one database. Groups smaller than `smallest_count` are not told to those who could
    know people by them."""

    def __init__(self, engine: Engine, smallest_count: int) -> None:
        self._engine = engine
        self._smallest = smallest_count

    def overview(self, actor: Actor, now: datetime, wanted: OverviewFilter) -> Overview:
        """Everything in numbers, within the actor's scope. Raises NotAllowed.

        Who does not see the hardship in the files is told nothing of small groups by it.
        """
        with self._engine.connect() as connection:
            overview = _overview(connection, actor, now, wanted)
        if actor.role == Role.PROVINCIAL_OBSERVER:
            return without_small_counts(overview, self._smallest)
        if shown_everywhere(actor, "hardship"):
            return overview
        coarse = without_small_counts(overview, self._smallest)
        if wanted.hardship_type is not None:
            return coarse
        return overview.model_copy(update={"hardship_types": coarse.hardship_types})


def _overview(connection: Connection, actor: Actor, now: datetime, wanted: OverviewFilter) -> Overview:
    scope = supervised(connection, actor)
    department = department_of(actor, wanted.department)
    narrowed = {CaseRow.cohort: wanted.cohort, CaseRow.primary_type: wanted.hardship_type}
    among = [col(column) == value for column, value in narrowed.items() if value is not None]

    def within(table: type[CaseRow] | type[CaseDeadline] | type[CaseReferral]) -> list[ColumnElement[bool]]:
        found = [scope(table.school_id, table.department_id)]
        if department is not None:
            found.append(col(table.department_id) == department)
        return found

    cases = [*within(CaseRow), *among]
    # Rows that hang on a case are looked up by it only where their own columns do not say enough.
    chosen = select(col(CaseRow.case_id)).where(*cases)
    deadlines = within(CaseDeadline) + ([col(CaseDeadline.case_id).in_(chosen)] if among else [])
    referrals = within(CaseReferral) + ([col(CaseReferral.case_id).in_(chosen)] if among else [])
    departments = departments_of(connection, cases)
    late = overdue_of(connection, deadlines, now)
    return Overview(
        total=_sum(item.total for item in departments),
        open=_sum(item.open for item in departments),
        unassigned=_sum(item.unassigned for item in departments),
        unserved_count=_sum(item.unserved_count for item in departments),
        overdue=_sum(item.count for item in late),
        settled=_sum(item.settled for item in departments),
        stages=stages_of(connection, cases),
        funnel=_funnel(connection, cases),
        cohorts=_cohorts(connection, cases),
        hardship_types=_hardship_types(connection, cases),
        departments=departments,
        overdue_by_rung=late,
        destinations=_destinations(connection, cases),
        referrals=referral_loop(connection, referrals),
        after_leaving=_after_leaving(connection, cases, deadlines, now),
    )


def _sum(counts: Iterable[int | None]) -> int:
    return sum(count or 0 for count in counts)


def departments_of(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[DepartmentTotals]:
    """The departments in numbers."""
    due, done = col(CaseRow.services_due), col(CaseRow.services_done)
    figures: dict[str, Any] = {
        "total": func.count(),
        "open": count_if(OPEN),
        "unassigned": count_if(and_(OPEN, col(CaseRow.mentor_id).is_(None))),
        "unserved_count": count_if(and_(OPEN, due > 0, done == 0)),
        "settled": count_if(col(CaseRow.settled).is_(True)),
        "services_due": sum_if(OPEN, due),
        "services_done": sum_if(OPEN, done),
        "services_confirmed": sum_if(OPEN, col(CaseRow.services_confirmed)),
        "packages_complete": count_if(and_(OPEN, due > 0, done >= due)),
    }
    keys = (col(CaseRow.school_id), col(CaseRow.department_id))
    query = select(*keys, *(figure.label(name) for name, figure in figures.items())).where(*where)
    rows = connection.execute(query.group_by(*keys).order_by(*keys)).mappings()
    return [DepartmentTotals.model_validate(row) for row in rows]


def stages_of(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[StageCount]:
    """How many cases stand at which stage, by department."""
    keys = (col(CaseRow.school_id), col(CaseRow.department_id), col(CaseRow.stage))
    rows = connection.execute(
        select(*keys, func.count().label("count")).where(*where).group_by(*keys).order_by(*keys)
    )
    return [StageCount.model_validate(row) for row in rows.mappings()]


def _cohorts(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[CohortCount]:
    cohort = col(CaseRow.cohort)
    closed = col(CaseRow.closed_at).is_not(None)
    query = select(cohort, count_if(OPEN).label("open"), count_if(closed).label("closed")).where(*where)
    rows = connection.execute(query.group_by(cohort).order_by(cohort))
    return [CohortCount.model_validate(row) for row in rows.mappings()]


def _destinations(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[DestinationCount]:
    status, code = col(CaseRow.destination_status), col(CaseRow.destination_code)
    query = select(status, code, func.count()).where(*where, code.is_not(None))
    rows = connection.execute(query.group_by(status, code).order_by(status, code))
    return [
        DestinationCount.model_validate({"status": row[0], "code": row[1], "count": row[2]}) for row in rows
    ]


def _funnel(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[FunnelCount]:
    due, done = col(CaseRow.services_due), col(CaseRow.services_done)
    steps: dict[FunnelStep, Any] = {
        "opened": func.count(),
        "eligible": count_if(col(CaseRow.stage).not_in(_STAGES_BEHIND)),
        "paired": count_if(col(CaseRow.mentor_id).is_not(None)),
        "assessed": count_if(col(CaseRow.risk_level).is_not(None)),
        "planned": count_if(col(CaseRow.planned).is_(True)),
        "package_complete": count_if(and_(due > 0, done >= due)),
        "settled": count_if(col(CaseRow.settled).is_(True)),
    }
    # What is left of an erased file says nothing of its steps.
    kept = (col(CaseRow.stage) != "not_open", col(CaseRow.erased_at).is_(None))
    row = connection.execute(select(*steps.values()).where(*where, *kept)).one()
    return [FunnelCount(step=step, count=count) for step, count in zip(steps, row, strict=True)]


def _hardship_types(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[HardshipCount]:
    due, done = col(CaseRow.services_due), col(CaseRow.services_done)
    type_: Any = CaseRow.primary_type
    figures: dict[str, Any] = {
        "type": type_,
        "total": func.count(),
        "open": count_if(OPEN),
        "unassigned": count_if(and_(OPEN, col(CaseRow.mentor_id).is_(None))),
        "packages_complete": count_if(and_(OPEN, due > 0, done >= due)),
        "settled": count_if(col(CaseRow.settled).is_(True)),
    }
    columns = [figure.label(name) for name, figure in figures.items()]
    query = select(*columns).where(*where, col(CaseRow.erased_at).is_(None))
    rows = connection.execute(query.group_by(type_)).mappings()
    return sorted((HardshipCount.model_validate(row) for row in rows), key=lambda item: item.type or "")


def overdue_of(
    connection: Connection, where: Sequence[ColumnElement[bool]], now: datetime
) -> list[OverdueCount]:
    """How many deadlines are overdue, by department and rung."""
    rung = func.coalesce(col(CaseDeadline.rung), _NO_RUNG)
    keys = (col(CaseDeadline.school_id), col(CaseDeadline.department_id))
    query = select(*keys, rung.label("rung"), func.count().label("count")).where(*where, overdue_by(now))
    rows = connection.execute(query.group_by(*keys, rung).order_by(*keys, rung))
    return [OverdueCount.model_validate(row) for row in rows.mappings()]


def _after_leaving(
    connection: Connection,
    cases: Sequence[ColumnElement[bool]],
    deadlines: Sequence[ColumnElement[bool]],
    now: datetime,
) -> AfterLeaving:
    left = select(func.count()).where(*cases, OPEN, col(CaseRow.left_school).is_(True))
    due = select(func.count(), count_if(overdue_by(now))).where(
        *deadlines, col(CaseDeadline.clock) == "follow_up", col(CaseDeadline.paused).is_(False)
    )
    total = connection.execute(left).scalar_one()
    waiting, late = connection.execute(due).one()
    return AfterLeaving(open=total, on_time=waiting - late, late=late, none_due=total - waiting)
