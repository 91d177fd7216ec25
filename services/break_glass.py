"""Break-glass (紧急访问): reading a file of others for a few hours, with a reason; supervisors are told at once."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import StringConstraints
from sqlalchemy import ColumnElement, Engine, false
from sqlmodel import Session, col, select

from models.base import Model
from models.case.kernel import Actor, Role, department, school
from models.purposes import Purpose
from models.tables import BreakGlass, CaseRow
from models.views.page import Page
from services.access import readable
from services.data_key import KeyDestroyed, KeyMissing
from services.database import writing
from services.errors import Conflict, NotFound, case_unknown
from services.keyset import after, cursor_of, read_cursor
from services.notices import beside_events
from services.vault import Vault

_ORDER = (col(BreakGlass.opened_at), col(BreakGlass.id))
_REASON = "break_glass.reason"
_KIND = "break_glass"


class BreakGlassDraft(Model):
    """Why the file must be read now, and what for."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=1000)]
    purpose: Purpose


class BreakGlassByNumber(BreakGlassDraft):
    """The same, where only the student number is known."""

    student_no: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class BreakGlassView(Model):
    """`reason` is absent where the file was erased."""

    id: str
    case_id: str
    actor_id: str
    purpose: str
    reason: str | None
    opened_at: datetime
    until: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    active: bool


def open_now(now: datetime) -> ColumnElement[bool]:
    """Those that have neither ended nor been revoked."""
    return (col(BreakGlass.until) > now) & col(BreakGlass.revoked_at).is_(None)


class BreakGlasses:
    """The emergency openings of one database, each for `hours`."""

    def __init__(self, engine: Engine, vault: Vault, hours: int) -> None:
        self._engine = engine
        self._vault = vault
        self._lasts = timedelta(hours=hours)

    def case_of(self, actor: Actor, student_no: str) -> str:
        """The case that a student number of the actor's school would have."""
        return self._vault.case_id(actor.school_id, student_no)

    def open(self, actor: Actor, case_id: str, draft: BreakGlassDraft, now: datetime) -> BreakGlassView:
        """Open a case of the school for reading, and tell the supervisors of its college and school.

        Raises NotFound (`case_unknown`), Conflict (`already_readable`).
        """
        with Session(writing(self._engine), expire_on_commit=False) as session:
            query = select(CaseRow, readable(actor)).where(
                CaseRow.case_id == case_id, CaseRow.school_id == actor.school_id
            )
            found = session.exec(query).first()
            if found is None:
                raise case_unknown()
            case, seen = found
            if seen:
                raise Conflict("already_readable", "您已可以查看该档案。", "You may read this file already.")
            row = BreakGlass(
                id="bg-" + secrets.token_hex(6),
                school_id=actor.school_id,
                department_id=case.department_id,
                case_id=case_id,
                actor_id=actor.id,
                purpose=draft.purpose,
                reason=self._sealed(case_id, draft.reason),
                opened_at=now,
                until=now + self._lasts,
            )
            session.add(row)
            told = (department(row.department_id), school(row.school_id))
            session.add_all(beside_events(case, _KIND, row.actor_id, told, now))
            session.commit()
            return self._view(row, now)

    def page(self, actor: Actor, *, cursor: str | None, limit: int, now: datetime) -> Page[BreakGlassView]:
        """Those of the files that one supervises, and one's own; the newest first. Raises BadCursor."""
        query = select(BreakGlass).where(visible_openings(actor))
        if cursor is not None:
            key = read_cursor("break_glass", cursor, datetime, str)
            query = query.where(after(_ORDER, key, descending=True))
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(*(part.desc() for part in _ORDER)).limit(limit + 1)).all()
        items = [self._view(row, now) for row in rows[:limit]]
        more = cursor_of("break_glass", (items[-1].opened_at, items[-1].id)) if len(rows) > limit else None
        return Page(items=items, next_cursor=more)

    def revoke(self, actor: Actor, break_glass_id: str, now: datetime) -> BreakGlassView:
        """End it at once. Raises NotFound (`break_glass_unknown`), also where the actor may not know of it."""
        with Session(writing(self._engine), expire_on_commit=False) as session:
            row = session.exec(
                select(BreakGlass).where(BreakGlass.id == break_glass_id, visible_openings(actor))
            ).first()
            if row is None:
                raise NotFound(
                    "break_glass_unknown", "没有找到该次紧急访问。", "There is no such break-glass."
                )
            if row.revoked_at is None:
                row.revoked_at, row.revoked_by = now, actor.id
                session.commit()
            return self._view(row, now)

    def _sealed(self, case_id: str, reason: str) -> str:
        try:
            return self._vault.seal(case_id, reason, _REASON)
        except (KeyDestroyed, KeyMissing):
            # The file was erased: there is nothing to read.
            raise case_unknown() from None

    def _view(self, row: BreakGlass, now: datetime) -> BreakGlassView:
        try:
            reason = self._vault.open(row.case_id, row.reason, _REASON)
        except KeyDestroyed:
            reason = None
        fields = row.model_dump(include=set(BreakGlassView.model_fields) - {"reason"})
        active = row.revoked_at is None and row.until > now
        return BreakGlassView.model_validate(fields | {"reason": reason, "active": active})


def visible_openings(actor: Actor) -> ColumnElement[bool]:
    at_school = col(BreakGlass.school_id) == actor.school_id
    own = col(BreakGlass.actor_id) == actor.id
    match actor.role, actor.department_id:
        case Role.SCHOOL_SUPERVISOR, _:
            return at_school
        case Role.DEPARTMENT_SUPERVISOR, str(department_id):
            return at_school & (own | (col(BreakGlass.department_id) == department_id))
        case ((Role.MENTOR | Role.COUNSELOR | Role.DEPARTMENT_SUPERVISOR), _):
            return at_school & own
        case _:
            return false()
