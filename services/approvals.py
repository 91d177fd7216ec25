"""What waits for a supervisor's decision (审批)."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.case.approvals import APPROVALS, ApprovalClock, Asked, asked
from models.case.kernel import Actor
from models.tables import CaseDeadline, CaseRow, Staff
from models.views.approvals import Approval
from models.views.page import Page
from services.access import readable
from services.inbox import DEADLINE_ORDER, deadline_entry, deadline_rows, own_deadlines
from services.keyset import after, cursor_of, read_cursor
from services.states import States
from services.vault import Vault


class Approvals:
    """Reads the ledger of one database for those who decide."""

    def __init__(self, engine: Engine, states: States, vault: Vault) -> None:
        self._engine = engine
        self._states = states
        self._vault = vault

    def waiting(
        self, actor: Actor, now: datetime, *, clock: ApprovalClock | None, cursor: str | None, limit: int
    ) -> Page[Approval]:
        """The decisions that this person, or the office the person holds, is due to make, the earliest due first.
        Raises BadCursor."""
        conditions = [
            col(CaseDeadline.school_id) == actor.school_id,
            own_deadlines(actor),
            col(CaseDeadline.clock).in_(APPROVALS if clock is None else (clock,)),
        ]
        if cursor is not None:
            conditions.append(after(DEADLINE_ORDER, read_cursor("approvals", cursor, datetime, str, str)))
        with Session(self._engine) as session:
            rows = deadline_rows(session, self._vault, actor, conditions, limit + 1)
            page = rows[:limit]
            found = self._asked(session, actor, [row for row, _ in page])
            names = _names(session, actor.school_id, {item.by for item in found if item.by is not None})
        items = [
            Approval(
                **deadline_entry(row, name, now).model_dump(),
                by=who.by,
                by_name=names.get(who.by or ""),
                own=who.own_work_of(actor),
            )
            for (row, name), who in zip(page, found, strict=True)
        ]
        more = None
        if len(rows) > limit:
            last, _ = page[-1]
            more = cursor_of("approvals", (last.due_at, last.case_id, last.key))
        return Page(items=items, next_cursor=more)

    def _asked(self, session: Session, actor: Actor, lines: Sequence[CaseDeadline]) -> list[Asked]:
        """Who asked, line by line, as far as the actor may read the cases."""
        ids = {line.case_id for line in lines}
        query = select(CaseRow).where(col(CaseRow.case_id).in_(ids), readable(actor))
        rows = session.exec(query).all()
        self._vault.warm(row.case_id for row in rows)
        states = {row.case_id: self._states.of(session, row) for row in rows}
        found: list[Asked] = []
        for line in lines:
            state = states.get(line.case_id)
            # The query asked for these clocks only.
            clock = cast("ApprovalClock", line.clock)
            found.append((state and asked(state, clock, line.subject)) or Asked(None))
        return found


def _names(session: Session, school_id: str, ids: set[str]) -> dict[str, str]:
    query = select(Staff.id, Staff.name).where(Staff.school_id == school_id, col(Staff.id).in_(ids))
    return dict(session.exec(query).all())
