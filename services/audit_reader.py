"""Reading the audit: within the school, and of one file who had access to it."""

import json

from sqlalchemy import ColumnElement, Engine, and_, false
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.audit import ActClass, Outcome, acts
from models.case.kernel import Actor, Role
from models.purposes import purpose_texts
from models.tables import AuditEntry, Department, Staff
from models.views.audit import AccessLine, AuditFilter, AuditLine
from models.views.page import Page
from services.keyset import after, cursor_of, read_cursor

_ORDER = (col(AuditEntry.seq),)
# Administrators look after the installation and see nothing of cases.
_OF_ADMINISTRATION: frozenset[ActClass] = frozenset({"administration", "sign_on"})


class AuditReader:
    """The audit of one database. It holds what has its place in the chain: see `Audit.settle`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, actor: Actor, wanted: AuditFilter) -> Page[AuditLine]:
        """The newest first. Raises BadCursor."""
        conditions = [_entries_of(actor), *_conditions(wanted)]
        if wanted.cursor is not None:
            conditions.append(after(_ORDER, read_cursor("audit", wanted.cursor, int), descending=True))
        query = select(AuditEntry).where(*conditions).order_by(_ORDER[0].desc()).limit(wanted.limit + 1)
        with Session(self._engine) as session:
            rows = session.exec(query).all()
        items = [_line(row) for row in rows[: wanted.limit]]
        more = cursor_of("audit", (items[-1].seq,)) if len(rows) > wanted.limit else None
        return Page(items=items, next_cursor=more)

    def accesses(self, actor: Actor, case_id: str, *, cursor: str | None, limit: int) -> Page[AccessLine]:
        """Who had access to a file, the newest first; whether the actor may know is found out before.

        Raises BadCursor.
        """
        other = aliased(AuditEntry)
        refused = select(other.seq).where(
            col(other.case_id) == case_id,
            col(other.request_id) == col(AuditEntry.request_id),
            col(other.outcome) == Outcome.REFUSED,
        )
        query = (
            select(AuditEntry, Staff.name, Department.name)
            .outerjoin(
                Staff, and_(col(Staff.id) == AuditEntry.actor_id, col(Staff.school_id) == actor.school_id)
            )
            .outerjoin(Department, col(Department.id) == Staff.department_id)
            .where(
                AuditEntry.school_id == actor.school_id,
                AuditEntry.case_id == case_id,
                AuditEntry.outcome != Outcome.REFUSED,
                col(AuditEntry.act).in_([act.id for act in acts().values() if act.shown]),
                ~refused.exists(),
            )
        )
        if cursor is not None:
            query = query.where(after(_ORDER, read_cursor("access-log", cursor, int), descending=True))
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(_ORDER[0].desc()).limit(limit + 1)).all()
        items = [_access(row, name, department) for row, name, department in rows[:limit]]
        more = cursor_of("access-log", (rows[limit - 1][0].seq,)) if len(rows) > limit else None
        return Page(items=items, next_cursor=more)


def _entries_of(actor: Actor) -> ColumnElement[bool]:
    """The entries that this person may read."""
    of_school = col(AuditEntry.school_id) == actor.school_id
    match actor.role:
        case Role.SCHOOL_SUPERVISOR:
            return of_school
        case Role.ADMINISTRATOR:
            known = [act.id for act in acts().values() if act.kept in _OF_ADMINISTRATION]
            return of_school & col(AuditEntry.act).in_(known)
        case _:
            return false()


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found = [
        col(getattr(AuditEntry, name)) == value
        for name in ("case_id", "actor_id", "act", "outcome")
        if (value := getattr(wanted, name)) is not None
    ]
    if wanted.since is not None:
        found.append(col(AuditEntry.at) >= wanted.since)
    if wanted.until is not None:
        found.append(col(AuditEntry.at) < wanted.until)
    return found


def _line(row: AuditEntry) -> AuditLine:
    act = acts()[row.act]
    fields = row.model_dump(include=set(AuditLine.model_fields) - {"detail"})
    return AuditLine(**fields, act_zh=act.zh, act_en=act.en, detail=json.loads(row.detail))


def _access(row: AuditEntry, name: str | None, department: str | None) -> AccessLine:
    act = acts()[row.act]
    purpose = purpose_texts().get(row.purpose or "")
    return AccessLine(
        at=row.at,
        role=row.actor_role or "system",
        department=department,
        name=name,
        act=row.act,
        act_zh=act.zh,
        act_en=act.en,
        purpose=row.purpose,
        purpose_zh=purpose.zh if purpose else None,
        purpose_en=purpose.en if purpose else None,
        outcome=Outcome(row.outcome),
    )
