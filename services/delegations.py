"""Standing in (代理): while a mentor is away, a colleague reads and acts in that mentor's cases, until a date."""

import secrets
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, Engine, or_
from sqlmodel import Session, col, select

from models.base import Model
from models.case.kernel import Actor, Day, Role
from models.tables import Delegation, Staff
from models.views.page import Page
from services.database import writing
from services.errors import NotAllowed, NotFound, Unprocessable
from services.keyset import after, cursor_of, read_cursor
from services.pairing import MENTOR_ROLES
from services.school_day import today

_ORDER = (col(Delegation.created_at), col(Delegation.id))


class DelegationDraft(Model):
    """Who stands in for whom, and until when; dates are inclusive. Without `from_id` it is who asks, without
    `from_on` it begins today."""

    to_id: str = Field(max_length=100)
    from_id: str | None = Field(default=None, max_length=100)
    from_on: Day | None = None
    until_on: Day
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class DelegationView(Model):
    """A delegation. `active`: it counts today."""

    id: str
    from_id: str
    to_id: str
    from_on: date
    until_on: date
    reason: str
    created_by: str
    created_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    active: bool


def counts_on(day: date) -> ColumnElement[bool]:
    """The delegations that count on a day."""
    return (
        (col(Delegation.from_on) <= day)
        & (col(Delegation.until_on) >= day)
        & col(Delegation.revoked_at).is_(None)
    )


class Delegations:
    """The delegations of one database. `max_days` is the longest that one may last."""

    def __init__(self, engine: Engine, max_days: int) -> None:
        self._engine = engine
        self._max_days = max_days

    def give(self, actor: Actor, draft: DelegationDraft) -> DelegationView:
        """Have somebody stand in for oneself, or as supervisor for one of one's own people.

        Raises NotAllowed, NotFound (`staff_unknown`), Unprocessable (`stand_in_invalid`, `delegation_dates`).
        """
        from_id = draft.from_id or actor.id
        with Session(writing(self._engine), expire_on_commit=False) as session:
            absent = _required(session, actor, from_id)
            if absent.id != actor.id and not _supervises(actor, absent.department_id):
                raise NotAllowed
            _check_stand_in(actor, absent, session.get(Staff, draft.to_id))
            row = Delegation(
                id="dlg-" + secrets.token_hex(6),
                school_id=actor.school_id,
                department_id=absent.department_id,
                from_id=absent.id,
                to_id=draft.to_id,
                from_on=self._checked_start(draft),
                until_on=draft.until_on,
                reason=draft.reason,
                created_by=actor.id,
                created_at=datetime.now(UTC),
            )
            session.add(row)
            session.commit()
            return _view(row)

    def page(self, actor: Actor, *, cursor: str | None, limit: int) -> Page[DelegationView]:
        """One's own, and as supervisor those of one's people; the newest first. Raises BadCursor."""
        query = select(Delegation).where(Delegation.school_id == actor.school_id, visible_delegations(actor))
        if cursor is not None:
            key = read_cursor("delegations", cursor, datetime, str)
            query = query.where(after(_ORDER, key, descending=True))
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(*(part.desc() for part in _ORDER)).limit(limit + 1)).all()
        items = [_view(row) for row in rows[:limit]]
        more = cursor_of("delegations", (items[-1].created_at, items[-1].id)) if len(rows) > limit else None
        return Page(items=items, next_cursor=more)

    def revoke(self, actor: Actor, delegation_id: str) -> DelegationView:
        """End it at once. Raises NotFound (`delegation_unknown`), also where the actor may not know of it."""
        with Session(writing(self._engine), expire_on_commit=False) as session:
            query = select(Delegation).where(
                Delegation.id == delegation_id,
                Delegation.school_id == actor.school_id,
                visible_delegations(actor),
            )
            row = session.exec(query).first()
            if row is None:
                raise NotFound("delegation_unknown", "没有找到该代理。", "There is no such delegation.")
            if row.revoked_at is None:
                row.revoked_at, row.revoked_by = datetime.now(UTC), actor.id
                session.commit()
            return _view(row)

    def _checked_start(self, draft: DelegationDraft) -> date:
        start = draft.from_on or today()
        if start < today() or draft.until_on < start or (draft.until_on - start).days >= self._max_days:
            raise Unprocessable(
                "delegation_dates",
                f"代理须从今天或以后开始，最长 {self._max_days} 天。",
                f"A delegation begins today or later and lasts at most {self._max_days} days.",
            )
        return start


def visible_delegations(actor: Actor) -> ColumnElement[bool]:
    if actor.role == Role.SCHOOL_SUPERVISOR:
        return col(Delegation.school_id) == actor.school_id
    own = or_(col(Delegation.from_id) == actor.id, col(Delegation.to_id) == actor.id)
    if actor.role == Role.DEPARTMENT_SUPERVISOR and actor.department_id is not None:
        return or_(own, col(Delegation.department_id) == actor.department_id)
    return own


def _supervises(actor: Actor, department_id: str | None) -> bool:
    if actor.role == Role.SCHOOL_SUPERVISOR:
        return True
    own = actor.department_id is not None and actor.department_id == department_id
    return actor.role == Role.DEPARTMENT_SUPERVISOR and own


def _required(session: Session, actor: Actor, staff_id: str) -> Staff:
    person = session.get(Staff, staff_id)
    if person is None or person.school_id != actor.school_id:
        raise NotFound(
            "staff_unknown", f"没有找到人员 {staff_id}。", f"There is no member of staff {staff_id}."
        )
    return person


def _check_stand_in(actor: Actor, absent: Staff, chosen: Staff | None) -> None:
    """A colleague of the same college; only the school's supervisors reach over colleges."""
    fits = (
        chosen is not None
        and chosen.id != absent.id
        and chosen.school_id == absent.school_id
        and chosen.role in MENTOR_ROLES
        and chosen.departed_on is None
        and (actor.role == Role.SCHOOL_SUPERVISOR or chosen.department_id == absent.department_id)
    )
    if not fits:
        raise Unprocessable(
            "stand_in_invalid",
            "代理人须为同院系在岗的帮扶人员；跨院系须由学校负责人办理。",
            "The stand-in must be an active colleague of the same college; only the school's supervisors may "
            "choose one of another.",
        )


def _view(row: Delegation) -> DelegationView:
    fields = row.model_dump(include=set(DelegationView.model_fields))
    active = row.revoked_at is None and row.from_on <= today() <= row.until_on
    return DelegationView.model_validate(fields | {"active": active})
