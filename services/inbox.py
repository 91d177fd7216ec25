"""What a person has to do, what others still owe, and what happened meanwhile."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, SQLColumnExpression, and_, false, func, or_
from sqlmodel import Session, col, select

from models.case.kernel import Actor, Role, department, school, staff
from models.policy import ClockName
from models.tables import CaseDeadline, CaseNotice, CaseRow
from models.views.inbox import DeadlineEntry, Inbox, InboxCounts, NoticeEntry, Section
from models.views.wording import wording
from services.access import readable, shown
from services.errors import Unprocessable
from services.keyset import after, cursor_of, read_cursor
from services.masking import name_for
from services.sealed import NAME, open_all
from services.vault import Vault

# The acts of a department that its counselors may do as well.
COUNSELOR_CLOCKS: tuple[ClockName, ...] = ("confirm_eligibility", "propose_mentor")
_COUNSELOR_KINDS = tuple(f"rung:{clock}:" for clock in COUNSELOR_CLOCKS)
DEADLINE_ORDER = (col(CaseDeadline.due_at), col(CaseDeadline.case_id), col(CaseDeadline.key))
_NOTICE_ORDER = (
    col(CaseNotice.at),
    col(CaseNotice.case_id),
    col(CaseNotice.seq),
    col(CaseNotice.audience),
)


@dataclass(frozen=True)
class InboxWish:
    """What to show: all sections from their start, or one from a cursor. `days` looks ahead for what falls
    due, and back for counting notices."""

    section: Section | None = None
    cursor: str | None = None
    limit: int = 50
    days: int = 7


def own_deadlines(actor: Actor) -> ColumnElement[bool]:
    """The deadlines that this person, or the office the person holds, is due to meet."""
    owner = col(CaseDeadline.owner)
    return _audience(actor, owner, col(CaseDeadline.clock).in_(COUNSELOR_CLOCKS))


def own_notices(actor: Actor) -> ColumnElement[bool]:
    """The notices that are for this person."""
    theirs = or_(*(col(CaseNotice.kind).startswith(kind, autoescape=True) for kind in _COUNSELOR_KINDS))
    return _audience(actor, col(CaseNotice.audience), theirs)


def _audience(
    actor: Actor, column: SQLColumnExpression[str], for_counselors: ColumnElement[bool]
) -> ColumnElement[bool]:
    # Who stands in for a mentor has the mentor's work as well.
    mine = tuple(staff(item) for item in (actor.id, *actor.covering))
    own = column.in_(mine)
    match actor.role, actor.department_id:
        case Role.SCHOOL_SUPERVISOR, _:
            return column.in_((*mine, school(actor.school_id)))
        case Role.DEPARTMENT_SUPERVISOR, str(department_id):
            return column.in_((*mine, department(department_id)))
        case Role.COUNSELOR, str(department_id):
            return or_(own, and_(column == department(department_id), for_counselors))
        case _:
            return own


def overdue_by(now: datetime) -> ColumnElement[bool]:
    """Past its due time; nothing is overdue while the case is held."""
    return and_(col(CaseDeadline.due_at) <= now, col(CaseDeadline.paused).is_(False))


def _owed_by_others(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """What others are due to do in the cases of a mentor or graduate; what mentors are late with, for those
    who supervise them."""
    mentors = (actor.id, *actor.covering)
    others = col(CaseDeadline.owner).not_in([staff(item) for item in mentors])
    mine = and_(col(CaseDeadline.mentor_id).in_(mentors), others, ~own_deadlines(actor))
    late = and_(overdue_by(now), others, col(CaseDeadline.owner).startswith(staff(""), autoescape=True))
    match actor.role:
        case Role.GRADUATE:
            return col(CaseDeadline.case_id) == actor.case_id
        case Role.DEPARTMENT_SUPERVISOR:
            return or_(mine, and_(late, col(CaseDeadline.department_id) == actor.department_id))
        case Role.SCHOOL_SUPERVISOR:
            return or_(mine, late)
        case Role.MENTOR | Role.COUNSELOR:
            return mine
        case _:
            return false()


def _deadlines_of(actor: Actor, section: Section, now: datetime, days: int) -> ColumnElement[bool]:
    at_school = col(CaseDeadline.school_id) == actor.school_id
    if section == "waiting_for_others":
        return and_(at_school, _owed_by_others(actor, now))
    own = and_(at_school, own_deadlines(actor))
    if section == "overdue":
        return and_(own, overdue_by(now))
    soon = or_(col(CaseDeadline.due_at) <= now + timedelta(days=days), col(CaseDeadline.rung).is_not(None))
    return and_(own, col(CaseDeadline.due_at) > now, col(CaseDeadline.paused).is_(False), soon)


class InboxReader:
    """The inboxes of one database."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def inbox(self, actor: Actor, wish: InboxWish, now: datetime) -> Inbox:
        """The inbox of a person. Raises BadCursor, Unprocessable (`section_required`)."""
        if wish.cursor is not None and wish.section is None:
            raise Unprocessable(
                "section_required", "cursor 须与 section 一起使用。", "A cursor goes with its section."
            )
        shown: dict[Section, list[DeadlineEntry]] = {"due": [], "overdue": [], "waiting_for_others": []}
        told: list[NoticeEntry] = []
        cursors: dict[Section, str] = {}
        with Session(self._engine) as session:
            for section in shown:
                if wish.section in (None, section):
                    shown[section] = self._deadlines(session, actor, section, wish, now, cursors)
            if wish.section in (None, "notices"):
                told = self._notices(session, actor, wish, cursors)
            counts = self._counts(session, actor, wish.days, now)
        return Inbox(
            due=shown["due"],
            overdue=shown["overdue"],
            waiting_for_others=shown["waiting_for_others"],
            notices=told,
            counts=counts,
            next_cursors=cursors,
        )

    def _deadlines(
        self,
        session: Session,
        actor: Actor,
        section: Section,
        wish: InboxWish,
        now: datetime,
        cursors: dict[Section, str],
    ) -> list[DeadlineEntry]:
        conditions = [_deadlines_of(actor, section, now, wish.days)]
        if wish.cursor is not None:
            key = read_cursor(section, wish.cursor, datetime, str, str)
            conditions.append(after(DEADLINE_ORDER, key))
        rows = deadline_rows(session, self._vault, actor, conditions, wish.limit + 1)
        page = rows[: wish.limit]
        if len(rows) > wish.limit:
            last, _ = page[-1]
            cursors[section] = cursor_of(section, (last.due_at, last.case_id, last.key))
        return [deadline_entry(row, name, now) for row, name in page]

    def _notices(
        self, session: Session, actor: Actor, wish: InboxWish, cursors: dict[Section, str]
    ) -> list[NoticeEntry]:
        nullable_name: Any = CaseRow.name
        query = (
            select(CaseNotice, nullable_name, shown(actor, "name"))
            .join(
                CaseRow, and_(col(CaseRow.case_id) == col(CaseNotice.case_id), readable(actor)), isouter=True
            )
            .where(CaseNotice.school_id == actor.school_id, own_notices(actor))
        )
        if wish.cursor is not None:
            key = read_cursor("notices", wish.cursor, datetime, str, int, str)
            query = query.where(after(_NOTICE_ORDER, key, descending=True))
        rows = session.exec(
            query.order_by(*(column.desc() for column in _NOTICE_ORDER)).limit(wish.limit + 1)
        ).all()
        page = rows[: wish.limit]
        if len(rows) > wish.limit:
            last, _, _ = page[-1]
            cursors["notices"] = cursor_of("notices", (last.at, last.case_id, last.seq, last.audience))
        names = open_all(self._vault, NAME, [(row.case_id, name) for row, name, _ in page])
        return [
            _notice_entry(row, None if name is None else name_for(name, plain=plain))
            for (row, _, plain), name in zip(page, names, strict=True)
        ]

    def _counts(self, session: Session, actor: Actor, days: int, now: datetime) -> InboxCounts:
        def count(section: Section) -> int:
            query = select(func.count()).select_from(CaseDeadline)
            return session.exec(query.where(_deadlines_of(actor, section, now, days))).one()

        recent = (
            select(func.count())
            .select_from(CaseNotice)
            .where(
                CaseNotice.school_id == actor.school_id,
                own_notices(actor),
                CaseNotice.at > now - timedelta(days=days),
            )
        )
        return InboxCounts(
            due=count("due"),
            overdue=count("overdue"),
            waiting_for_others=count("waiting_for_others"),
            notices=session.exec(recent).one(),
        )


def deadline_rows(
    session: Session, vault: Vault, actor: Actor, conditions: list[ColumnElement[bool]], limit: int
) -> list[tuple[CaseDeadline, str | None]]:
    """Deadlines, the earliest first, each with the graduate's name, or its mask, where the actor may read
    the case."""
    nullable_name: Any = CaseRow.name
    query = (
        select(CaseDeadline, nullable_name, shown(actor, "name"))
        .join(CaseRow, and_(col(CaseRow.case_id) == col(CaseDeadline.case_id), readable(actor)), isouter=True)
        .where(*conditions)
    )
    rows = session.exec(query.order_by(*DEADLINE_ORDER).limit(limit)).all()
    names = open_all(vault, NAME, [(row.case_id, sealed) for row, sealed, _ in rows])
    return [
        (row, None if name is None else name_for(name, plain=plain))
        for (row, _, plain), name in zip(rows, names, strict=True)
    ]


def deadline_entry(row: CaseDeadline, name: str | None, now: datetime) -> DeadlineEntry:
    """A deadline as lists show it."""
    overdue = row.due_at <= now and not row.paused
    text = wording().deadline(row.clock, row.rung, overdue=overdue)
    return DeadlineEntry(
        case_id=row.case_id,
        display=name or row.case_id,
        department_id=row.department_id,
        clock=row.clock,
        subject=row.subject,
        owner=row.owner,
        since=row.since,
        due_on=row.due_on,
        due_at=row.due_at,
        rung=row.rung,
        overdue=overdue,
        zh=text.zh,
        en=text.en,
    )


def _notice_entry(row: CaseNotice, name: str | None) -> NoticeEntry:
    text = wording().notice(row.kind)
    clock, rung = row.kind.split(":")[1:] if row.kind.startswith("rung:") else (None, None)
    return NoticeEntry(
        case_id=row.case_id,
        display=name or row.case_id,
        seq=row.seq,
        kind=row.kind,
        clock=clock,
        rung=rung,
        subject=row.subject,
        audience=row.audience,
        at=row.at,
        zh=text.zh,
        en=text.en,
    )
