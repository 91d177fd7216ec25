"""Load and lateness, mentor by mentor and deadline by deadline; never a rate of anybody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, SQLColumnExpression, and_, exists, func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.case.kernel import Actor, Role, staff
from models.policy import ClockName, RungName
from models.tables import CaseDeadline, CaseRow, Reservation, Staff
from models.views.page import Page
from models.views.supervision import Caseload, OverdueEntry
from services.absence import uncovered_on
from services.errors import NotAllowed
from services.inbox import DEADLINE_ORDER, deadline_entry, deadline_rows, overdue_by
from services.keyset import after, cursor_of, read_cursor
from services.pairing import MENTOR_ROLES
from services.school_day import date_of
from services.supervised import OPEN
from services.vault import Vault

_NO_RUNG = "due"


class Supervision:
    """Reads the ledger of one database for supervisors."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

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
        clock: ClockName | None,
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
        if clock is not None:
            conditions.append(col(CaseDeadline.clock) == clock)
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


def _own_department(actor: Actor, wanted: str | None) -> str | None:
    """The department to look at. Raises NotAllowed for one that is not the supervisor's own."""
    if actor.role == Role.SCHOOL_SUPERVISOR:
        return wanted
    if actor.role != Role.DEPARTMENT_SUPERVISOR or wanted not in (None, actor.department_id):
        raise NotAllowed
    return actor.department_id


def _has_cases() -> ColumnElement[bool]:
    return exists().where(col(CaseRow.mentor_id) == col(Staff.id), OPEN)


def _caseloads(connection: Connection, people: Sequence[tuple[Staff, bool]], now: datetime) -> list[Caseload]:
    ids = [person.id for person, _ in people]
    loads = _counted(connection, col(Reservation.mentor_id), col(Reservation.mentor_id).in_(ids))
    open_cases = _counted(connection, col(CaseRow.mentor_id), and_(col(CaseRow.mentor_id).in_(ids), OPEN))
    asked = col(CaseRow.proposed_mentor_id)
    proposals = _counted(connection, asked, and_(asked.in_(ids), OPEN))
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
