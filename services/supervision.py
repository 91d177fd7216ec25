"""The overview of a school or department: services delivered, lateness, load. Counted in SQL, never by loading
cases; for an observer of the province without any name."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    SQLColumnExpression,
    and_,
    case,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.case.kernel import Actor, Role, staff
from models.policy import RungName
from models.tables import CaseDeadline, CaseReferral, CaseRow, Reservation, School, Staff
from models.views.page import Page
from models.views.supervision import (
    Caseload,
    CohortCount,
    DepartmentTotals,
    DestinationCount,
    OverdueCount,
    OverdueEntry,
    Overview,
    StageCount,
)
from services.absence import uncovered_on
from services.errors import NotAllowed
from services.inbox import DEADLINE_ORDER, deadline_entry, deadline_rows, overdue_by
from services.keyset import after, cursor_of, read_cursor
from services.loop_times import referral_loop
from services.pairing import MENTOR_ROLES
from services.school_day import date_of
from services.small_counts import without_small_counts
from services.vault import Vault

_OPEN = and_(col(CaseRow.closed_at).is_(None), col(CaseRow.stage) != "not_open")
_NO_RUNG = "due"


class Supervision:
    """Reads the ledger of one database for supervisors."""

    def __init__(self, engine: Engine, vault: Vault, smallest_count: int) -> None:
        self._engine = engine
        self._vault = vault
        self._smallest = smallest_count

    def overview(self, actor: Actor, now: datetime, *, cohort: int | None = None) -> Overview:
        """Everything in numbers, within the actor's scope. Raises NotAllowed."""
        with self._engine.connect() as connection:
            scope = _scope(connection, actor)
            at_cohort = [] if cohort is None else [col(CaseRow.cohort) == cohort]
            cases = [scope(CaseRow.school_id, CaseRow.department_id), *at_cohort]
            departments = _departments(connection, cases)
            late = _overdue(
                connection, [scope(CaseDeadline.school_id, CaseDeadline.department_id)], at_cohort, now
            )
            referrals = [scope(CaseReferral.school_id, CaseReferral.department_id)]
            if at_cohort:
                chosen = select(col(CaseRow.case_id)).where(*cases)
                referrals.append(col(CaseReferral.case_id).in_(chosen))
            overview = Overview(
                total=_sum(item.total for item in departments),
                open=_sum(item.open for item in departments),
                unassigned=_sum(item.unassigned for item in departments),
                unserved_count=_sum(item.unserved_count for item in departments),
                overdue=_sum(item.count for item in late),
                settled=_sum(item.settled for item in departments),
                stages=_stages(connection, cases),
                cohorts=_cohorts(connection, cases),
                departments=departments,
                overdue_by_rung=late,
                destinations=_destinations(connection, cases),
                referrals=referral_loop(connection, referrals),
            )
        if actor.role == Role.PROVINCIAL_OBSERVER:
            return without_small_counts(overview, self._smallest)
        return overview

    def caseload(
        self,
        actor: Actor,
        now: datetime,
        *,
        department: str | None,
        uncovered: bool | None,
        cursor: str | None,
        limit: int,
    ) -> Page[Caseload]:
        """Mentors with their load against their room, by id; with `uncovered` only those who are away without
        a stand-in, or only the others. Raises NotAllowed, BadCursor."""
        department = _own_department(actor, department)
        lacking = uncovered_on(date_of(now))
        query = select_rows(Staff, lacking).where(
            Staff.school_id == actor.school_id,
            or_(col(Staff.departed_on).is_(None), _has_cases()),
            col(Staff.role).in_(MENTOR_ROLES),
        )
        if uncovered is not None:
            query = query.where(lacking if uncovered else ~lacking)
        if department is not None:
            query = query.where(Staff.department_id == department)
        if cursor is not None:
            (last,) = read_cursor("caseload", cursor, str)
            query = query.where(Staff.id > last)
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(col(Staff.id)).limit(limit + 1)).all()
            items = _caseloads(session.connection(), rows[:limit], now)
        more = cursor_of("caseload", (items[-1].staff_id,)) if len(rows) > limit else None
        return Page(items=items, next_cursor=more)

    def overdue(
        self,
        actor: Actor,
        now: datetime,
        *,
        rung: RungName | None,
        department: str | None,
        cursor: str | None,
        limit: int,
    ) -> Page[OverdueEntry]:
        """What is overdue, the longest first. Raises NotAllowed, BadCursor."""
        department = _own_department(actor, department)
        conditions = [col(CaseDeadline.school_id) == actor.school_id, overdue_by(now)]
        if department is not None:
            conditions.append(col(CaseDeadline.department_id) == department)
        if rung is not None:
            conditions.append(func.coalesce(col(CaseDeadline.rung), _NO_RUNG) == rung)
        if cursor is not None:
            conditions.append(after(DEADLINE_ORDER, read_cursor("overdue", cursor, datetime, str, str)))
        with Session(self._engine) as session:
            rows = deadline_rows(session, self._vault, actor, conditions, limit + 1)
        items = [
            OverdueEntry(**deadline_entry(row, name, now).model_dump(), mentor_id=row.mentor_id)
            for row, name in rows[:limit]
        ]
        more = None
        if len(rows) > limit:
            last, _ = rows[limit - 1]
            more = cursor_of("overdue", (last.due_at, last.case_id, last.key))
        return Page(items=items, next_cursor=more)


def _sum(counts: Iterable[int | None]) -> int:
    return sum(count or 0 for count in counts)


def _own_department(actor: Actor, wanted: str | None) -> str | None:
    """The department to look at. Raises NotAllowed for one that is not the supervisor's own."""
    if actor.role == Role.SCHOOL_SUPERVISOR:
        return wanted
    if actor.role != Role.DEPARTMENT_SUPERVISOR or wanted not in (None, actor.department_id):
        raise NotAllowed
    return actor.department_id


def _scope(connection: Connection, actor: Actor) -> Any:
    """A condition on school and department columns for what the actor supervises. Raises NotAllowed."""
    schools = [actor.school_id]
    if actor.role == Role.PROVINCIAL_OBSERVER:
        schools = _schools_of_province(connection, actor.school_id)
    elif actor.role not in (Role.SCHOOL_SUPERVISOR, Role.DEPARTMENT_SUPERVISOR):
        raise NotAllowed

    def condition(school_id: Any, department_id: Any) -> ColumnElement[bool]:
        within = col(school_id).in_(schools)
        if actor.role != Role.DEPARTMENT_SUPERVISOR:
            return within
        if actor.department_id is None:
            return false()
        return and_(within, col(department_id) == actor.department_id)

    return condition


def _schools_of_province(connection: Connection, school_id: str) -> list[str]:
    """The schools of the same province. Where the province is not set, `*`, only the school itself."""
    own = select(col(School.province)).where(col(School.id) == school_id)
    province = connection.execute(own).scalar()
    if province in (None, "*"):
        return [school_id]
    same = select(col(School.id)).where(col(School.province) == province)
    return list(connection.execute(same).scalars())


def _count_if(condition: SQLColumnExpression[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _sum_if(condition: SQLColumnExpression[bool], column: SQLColumnExpression[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, column), else_=0)), 0)


def _departments(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[DepartmentTotals]:
    due, done = col(CaseRow.services_due), col(CaseRow.services_done)
    figures: dict[str, Any] = {
        "total": func.count(),
        "open": _count_if(_OPEN),
        "unassigned": _count_if(and_(_OPEN, col(CaseRow.mentor_id).is_(None))),
        "unserved_count": _count_if(and_(_OPEN, due > 0, done == 0)),
        "settled": _count_if(col(CaseRow.settled).is_(True)),
        "services_due": _sum_if(_OPEN, due),
        "services_done": _sum_if(_OPEN, done),
        "services_confirmed": _sum_if(_OPEN, col(CaseRow.services_confirmed)),
        "packages_complete": _count_if(and_(_OPEN, due > 0, done >= due)),
    }
    keys = (col(CaseRow.school_id), col(CaseRow.department_id))
    query = select(*keys, *(figure.label(name) for name, figure in figures.items())).where(*where)
    rows = connection.execute(query.group_by(*keys).order_by(*keys)).mappings()
    return [DepartmentTotals.model_validate(row) for row in rows]


def _stages(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[StageCount]:
    keys = (col(CaseRow.school_id), col(CaseRow.department_id), col(CaseRow.stage))
    rows = connection.execute(
        select(*keys, func.count().label("count")).where(*where).group_by(*keys).order_by(*keys)
    )
    return [StageCount.model_validate(row) for row in rows.mappings()]


def _cohorts(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[CohortCount]:
    cohort = col(CaseRow.cohort)
    closed = col(CaseRow.closed_at).is_not(None)
    query = select(cohort, _count_if(_OPEN).label("open"), _count_if(closed).label("closed")).where(*where)
    rows = connection.execute(query.group_by(cohort).order_by(cohort))
    return [CohortCount.model_validate(row) for row in rows.mappings()]


def _destinations(connection: Connection, where: Sequence[ColumnElement[bool]]) -> list[DestinationCount]:
    status, code = col(CaseRow.destination_status), col(CaseRow.destination_code)
    query = select(status, code, func.count()).where(*where, code.is_not(None))
    rows = connection.execute(query.group_by(status, code).order_by(status, code))
    return [
        DestinationCount.model_validate({"status": row[0], "code": row[1], "count": row[2]}) for row in rows
    ]


def _overdue(
    connection: Connection,
    where: Sequence[ColumnElement[bool]],
    at_cohort: Sequence[ColumnElement[bool]],
    now: datetime,
) -> list[OverdueCount]:
    rung = func.coalesce(col(CaseDeadline.rung), _NO_RUNG)
    keys = (col(CaseDeadline.school_id), col(CaseDeadline.department_id))
    query = select(*keys, rung.label("rung"), func.count().label("count")).where(*where, overdue_by(now))
    if at_cohort:
        query = query.where(col(CaseDeadline.case_id).in_(select(col(CaseRow.case_id)).where(*at_cohort)))
    rows = connection.execute(query.group_by(*keys, rung).order_by(*keys, rung))
    return [OverdueCount.model_validate(row) for row in rows.mappings()]


def _has_cases() -> ColumnElement[bool]:
    return exists().where(col(CaseRow.mentor_id) == col(Staff.id), _OPEN)


def _caseloads(connection: Connection, people: Sequence[tuple[Staff, bool]], now: datetime) -> list[Caseload]:
    ids = [person.id for person, _ in people]
    loads = _counted(connection, col(Reservation.mentor_id), col(Reservation.mentor_id).in_(ids))
    open_cases = _counted(connection, col(CaseRow.mentor_id), and_(col(CaseRow.mentor_id).in_(ids), _OPEN))
    asked = col(CaseRow.proposed_mentor_id)
    proposals = _counted(connection, asked, and_(asked.in_(ids), _OPEN))
    owner = col(CaseDeadline.owner)
    late = _counted(connection, owner, and_(owner.in_([staff(id_) for id_ in ids]), overdue_by(now)))
    return [
        Caseload(
            staff_id=person.id,
            name=person.name,
            role=person.role,
            department_id=person.department_id,
            capacity=person.capacity,
            load=loads.get(person.id, 0),
            open_cases=open_cases.get(person.id, 0),
            overdue=late.get(staff(person.id), 0),
            waiting_proposals=proposals.get(person.id, 0),
            absent_from=person.absent_from,
            absent_until=person.absent_until,
            departed_on=person.departed_on,
            uncovered=uncovered,
        )
        for person, uncovered in people
    ]


def _counted(
    connection: Connection, key: SQLColumnExpression[Any], where: ColumnElement[bool]
) -> dict[str, int]:
    rows = connection.execute(select(key, func.count()).where(where).group_by(key)).all()
    return {row[0]: row[1] for row in rows}
