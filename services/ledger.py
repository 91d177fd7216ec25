"""Reading the ledger: lists, files and timelines, always within what the actor may read."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, or_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from models.case.kernel import Actor
from models.case.machine import Recorded, possible
from models.case.state import CaseState
from models.tables import CaseEvent, CaseRow
from models.views.case import CaseLine, CaseView, CommandsView, TimelineEntry, case_view
from models.views.page import Page
from services.access import plain_groups, readable
from services.actors import graduate_actor_id
from services.case_filter import CaseFilter, conditions, cursor_after, parts
from services.database import reading
from services.erasures import unreadable
from services.errors import BadCursor
from services.masking import check_shown, entry_for, line_for, view_for
from services.sealed import NAME, STUDENT_NO, event_place, open_all
from services.states import States
from services.vault import IndexKind, Vault

_SEQ = re.compile("[0-9]{1,9}")
# The whole state is many times the row itself, and lists show none of it.
_STATE: Any = CaseRow.state
_PARTS: Any = CaseRow.parts
_WITHOUT_STATE = (defer(_STATE), defer(_PARTS))


class LedgerReader:
    """The ledger of one database, for reading."""

    def __init__(self, engine: Engine, states: States, vault: Vault) -> None:
        self._engine = reading(engine)
        self._states = states
        self._vault = vault

    def cases(self, actor: Actor, wanted: CaseFilter, now: datetime) -> Page[CaseLine]:
        """A page of the cases that the actor may read. Raises BadCursor, FieldMasked."""
        if wanted.hardship_type is not None or wanted.primary_type is not None:
            check_shown(actor, "hardship")
        query = select(CaseRow).options(*_WITHOUT_STATE).where(readable(actor), *conditions(wanted, now))
        if wanted.q:
            query = query.where(self._said_to_be(actor.school_id, wanted.q))
        rows: list[CaseRow] = []
        with Session(self._engine) as session:
            for part in parts(wanted):
                if len(rows) <= wanted.limit:
                    some = query.where(*part.where).order_by(*part.order).limit(wanted.limit + 1 - len(rows))
                    rows += session.exec(some).all()
        page = rows[: wanted.limit]
        cursor = cursor_after(wanted, page[-1]) if len(rows) > wanted.limit else None
        return Page(items=self._lines(actor, page, now), next_cursor=cursor)

    def _said_to_be(self, school_id: str, text: str) -> ColumnElement[bool]:
        """What a search means: who has exactly this name, number or id."""
        columns: dict[IndexKind, Any] = {
            "student_no": CaseRow.student_no_key,
            "id_number": CaseRow.id_number_key,
            "phone": CaseRow.phone_key,
            "name": CaseRow.name_key,
        }
        keys = {kind: self._vault.index(school_id, kind, text) for kind in columns}
        found = [col(column) == keys[kind] for kind, column in columns.items()]
        return or_(col(CaseRow.case_id) == text, *found)

    def _lines(self, actor: Actor, rows: Sequence[CaseRow], now: datetime) -> list[CaseLine]:
        names = open_all(self._vault, NAME, [(row.case_id, row.name) for row in rows])
        numbers = open_all(self._vault, STUDENT_NO, [(row.case_id, row.student_no) for row in rows])
        lines: list[CaseLine] = []
        for row, name, number in zip(rows, names, numbers, strict=True):
            fields = row.model_dump(include=set(CaseLine.model_fields))
            overdue = row.next_due_at is not None and row.next_due_at <= now
            opened = {"name": name or "", "student_no": number or "", "overdue": overdue}
            lines.append(line_for(actor, row, fields | opened))
        return lines

    def state(self, actor: Actor, case_id: str) -> CaseState:
        """The state of one case. Raises NotFound (`case_unknown`), CaseErased."""
        with Session(self._engine) as session:
            row = session.exec(select(CaseRow).where(CaseRow.case_id == case_id, readable(actor))).first()
            if row is None:
                raise unreadable(session, actor, case_id)
            return self._states.of(session, row)

    def case(self, actor: Actor, case_id: str, now: datetime) -> CaseView:
        """One whole file. Raises NotFound (`case_unknown`), CaseErased."""
        return shown_case(actor, self.state(actor, case_id), now)

    def commands(self, actor: Actor, case_id: str, now: datetime) -> CommandsView:
        """Which commands are possible now, and why not for the others. Raises NotFound (`case_unknown`), CaseErased."""
        state = self.state(actor, case_id)
        return CommandsView(case_id=case_id, version=state.version, commands=possible(state, actor, now))

    def plain(self, actor: Actor, case_id: str) -> frozenset[str]:
        """The groups of fields that the actor sees plain in a case. Raises NotFound (`case_unknown`) unless the
        actor may read it."""
        with Session(self._engine) as session:
            row = session.exec(select(CaseRow).where(CaseRow.case_id == case_id, readable(actor))).first()
            if row is None:
                raise unreadable(session, actor, case_id)
        return plain_groups(actor, row)

    def timeline(
        self, actor: Actor, case_id: str, *, cursor: str | None = None, limit: int = 100
    ) -> Page[TimelineEntry]:
        """A page of the events, oldest first; the cursor is the number of the last one seen.

        Raises NotFound (`case_unknown`), BadCursor.
        """
        plain = self.plain(actor, case_id)
        if cursor is not None and not _SEQ.fullmatch(cursor):
            raise BadCursor
        rows = self._events(actor, case_id, int(cursor or 0), limit + 1)
        page = rows[:limit]
        items = [
            entry_for(
                plain,
                TimelineEntry(
                    seq=row.seq,
                    at=row.at,
                    type=row.type,
                    actor_id=row.actor_id,
                    actor_role=row.actor_role,
                    data=self._data(row),
                ),
            )
            for row in page
        ]
        return Page(items=items, next_cursor=str(page[-1].seq) if len(rows) > limit else None)

    def event_data(self, actor: Actor, case_id: str, seq: int) -> dict[str, Any]:
        """What an event of a case holds, unmasked; empty where there is none."""
        found = self._events(actor, case_id, seq - 1, 1)
        return self._data(found[0]) if found and found[0].seq == seq else {}

    def _events(self, actor: Actor, case_id: str, after_seq: int, limit: int) -> Sequence[CaseEvent]:
        query = select(CaseEvent).where(
            CaseEvent.case_id == case_id,
            col(CaseEvent.case_id).in_(select(CaseRow.case_id).where(readable(actor))),
            CaseEvent.seq > after_seq,
        )
        with Session(self._engine) as session:
            return session.exec(query.order_by(col(CaseEvent.seq)).limit(limit)).all()

    def _data(self, row: CaseEvent) -> dict[str, Any]:
        return _without_type(json.loads(self._vault.open(row.case_id, row.data, event_place(row.seq))))


def shown_case(actor: Actor, state: CaseState, now: datetime) -> CaseView:
    """A whole file as the actor may see it."""
    view = case_view(state, now, graduate_actor_id(state.case_id))
    return view_for(plain_groups(actor, state), view)


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
