"""Reading the ledger: lists, files and timelines, always within what the actor may read."""

import base64
import binascii
import json
from datetime import datetime
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Engine, and_, func, or_
from sqlmodel import Session, col, select

from models.base import Model
from models.case.kernel import Actor, Role
from models.case.machine import Recorded, possible
from models.case.state import CaseState
from models.tables import CaseEvent, CaseHardship, CaseRow
from models.views.case import CaseLine, CaseView, CommandsView, TimelineEntry, case_view
from models.views.page import Page
from services.actors import graduate_actor_id, readable
from services.errors import BadCursor, NotAllowed, case_unknown
from services.states import States

Sort = Literal["due", "-due", "opened", "-opened", "updated", "-updated", "student_no", "name"]

_FAR = datetime.fromisoformat("9999-01-01T00:00:00+00:00")
# Cases without a deadline come after all others.
_SORTS: dict[str, Any] = {
    "due": func.coalesce(col(CaseRow.next_due_at), _FAR),
    "opened": col(CaseRow.opened_at),
    "updated": col(CaseRow.updated_at),
    "student_no": col(CaseRow.student_no),
    "name": col(CaseRow.name),
}
_TIMES = frozenset({"due", "opened", "updated"})


class CaseFilter(Model):
    """What to list. `q` looks into name, student number and case id; `due_before` is exclusive."""

    stage: list[str] | None = None
    cohort: int | None = None
    department: str | None = None
    mentor: str | None = None
    hardship_type: str | None = None
    risk_level: str | None = None
    overdue: bool | None = None
    due_before: datetime | None = None
    q: str | None = Field(default=None, max_length=100)
    sort: Sort = "due"
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class LedgerReader:
    """The ledger of one database, for reading."""

    def __init__(self, engine: Engine, states: States) -> None:
        self._engine = engine
        self._states = states

    def cases(self, actor: Actor, wanted: CaseFilter, now: datetime) -> Page[CaseLine]:
        """A page of the cases that the actor may read. Raises BadCursor."""
        name = wanted.sort.removeprefix("-")
        key, descending = _SORTS[name], wanted.sort.startswith("-")
        query = select(CaseRow, key).where(readable(actor), *_conditions(wanted, now))
        if wanted.cursor is not None:
            value, case_id = _read_cursor(wanted.cursor, wanted.sort)
            query = query.where(_after(key, value, case_id, descending))
        ordered = (key.desc(), col(CaseRow.case_id).desc()) if descending else (key, col(CaseRow.case_id))
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(*ordered).limit(wanted.limit + 1)).all()
        page = rows[: wanted.limit]
        cursor = None
        if len(rows) > wanted.limit:
            last, value = page[-1]
            cursor = _cursor(wanted.sort, value, last.case_id)
        return Page(items=[_line(row, now) for row, _ in page], next_cursor=cursor)

    def state(self, actor: Actor, case_id: str) -> CaseState:
        """The state of one case. Raises NotFound (`case_unknown`)."""
        with Session(self._engine) as session:
            row = session.exec(select(CaseRow).where(CaseRow.case_id == case_id, readable(actor))).first()
            if row is None:
                raise case_unknown()
            return self._states.of(session, row)

    def case(self, actor: Actor, case_id: str, now: datetime) -> CaseView:
        """One whole file. Raises NotFound (`case_unknown`)."""
        return case_view(self.state(actor, case_id), now, graduate_actor_id(case_id))

    def commands(self, actor: Actor, case_id: str, now: datetime) -> CommandsView:
        """Which commands are possible now, and why not for the others. Raises NotFound (`case_unknown`)."""
        state = self.state(actor, case_id)
        return CommandsView(case_id=case_id, version=state.version, commands=possible(state, actor, now))

    def require(self, actor: Actor, case_id: str, *, staff_only: bool = False) -> None:
        """Raises NotFound (`case_unknown`) unless the actor may read the case, NotAllowed for a graduate where
        only staff may."""
        with Session(self._engine) as session:
            seen = select(CaseRow.case_id).where(CaseRow.case_id == case_id, readable(actor))
            if session.exec(seen).first() is None:
                raise case_unknown()
        if staff_only and actor.role == Role.GRADUATE:
            raise NotAllowed

    def timeline(
        self, actor: Actor, case_id: str, *, after: int = 0, limit: int = 100
    ) -> Page[TimelineEntry]:
        """The events after the one numbered `after`, oldest first. Raises NotFound (`case_unknown`)."""
        self.require(actor, case_id)
        with Session(self._engine) as session:
            query = select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.seq > after)
            rows = session.exec(query.order_by(col(CaseEvent.seq)).limit(limit + 1)).all()
        page = rows[:limit]
        items = [
            TimelineEntry(
                seq=row.seq,
                at=row.at,
                type=row.type,
                actor_id=row.actor_id,
                actor_role=row.actor_role,
                data=_without_type(json.loads(row.data)),
            )
            for row in page
        ]
        return Page(items=items, next_cursor=str(page[-1].seq) if len(rows) > limit else None)


def timeline_entry(item: Recorded) -> TimelineEntry:
    """An event as the timeline shows it, as it comes from the case itself."""
    return TimelineEntry(
        seq=item.seq,
        at=item.at,
        type=item.event.type,
        actor_id=item.actor_id,
        actor_role=item.actor_role,
        data=_without_type(item.event.model_dump(mode="json")),
    )


def _without_type(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "type"}


def _conditions(wanted: CaseFilter, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    exact = {
        "cohort": CaseRow.cohort,
        "department": CaseRow.department_id,
        "mentor": CaseRow.mentor_id,
        "risk_level": CaseRow.risk_level,
    }
    for field, column in exact.items():
        value = getattr(wanted, field)
        if value is not None:
            found.append(col(column) == value)
    if wanted.stage:
        found.append(col(CaseRow.stage).in_(wanted.stage))
    if wanted.hardship_type is not None:
        typed = select(CaseHardship.case_id).where(CaseHardship.type == wanted.hardship_type)
        found.append(col(CaseRow.case_id).in_(typed))
    if wanted.overdue is not None:
        late = and_(col(CaseRow.next_due_at).is_not(None), col(CaseRow.next_due_at) <= now)
        found.append(late if wanted.overdue else ~late)
    if wanted.due_before is not None:
        found.append(col(CaseRow.next_due_at) < wanted.due_before)
    if wanted.q:
        pattern = "%" + wanted.q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        texts = (CaseRow.name, CaseRow.student_no, CaseRow.case_id)
        found.append(or_(*(col(text).like(pattern, escape="\\") for text in texts)))
    return found


def _after(key: ColumnElement[Any], value: Any, case_id: str, descending: bool) -> ColumnElement[bool]:
    row_id = col(CaseRow.case_id)
    if descending:
        return or_(key < value, and_(key == value, row_id < case_id))
    return or_(key > value, and_(key == value, row_id > case_id))


def _cursor(sort: str, value: Any, case_id: str) -> str:
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([sort, plain, case_id]).encode()).decode()


def _read_cursor(cursor: str, sort: str) -> tuple[Any, str]:
    try:
        given, value, case_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if given != sort or not isinstance(case_id, str) or not isinstance(value, str):
            raise ValueError(cursor)
        moment = datetime.fromisoformat(value) if sort.removeprefix("-") in _TIMES else value
    except (ValueError, TypeError, binascii.Error):
        raise BadCursor from None
    return moment, case_id


def _line(row: CaseRow, now: datetime) -> CaseLine:
    fields = row.model_dump(include=set(CaseLine.model_fields))
    return CaseLine.model_validate(
        fields | {"overdue": row.next_due_at is not None and row.next_due_at <= now}
    )
