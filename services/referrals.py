"""Referrals as lists: a partner sees what was sent to them while it is open, staff those of their cases."""

import json
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Engine, and_
from sqlmodel import Session, col, select

from models.case.kernel import Actor, Role
from models.case.referral import RUNNING
from models.case.state import CaseState
from models.hardship import HardshipType
from models.masks import masked
from models.tables import CaseDeadline, CaseEvent, CaseReferral, CaseRow
from models.views.page import Page
from models.views.referral import ReferralEntry
from services.access import plain_groups, readable
from services.keyset import after, cursor_of, read_cursor
from services.sealed import event_place
from services.states import States
from services.vault import Vault

_CLOCKS = ("answer_referral", "report_referral_outcome")
_ORDER = (col(CaseReferral.sent_at), col(CaseReferral.case_id), col(CaseReferral.referral_id))

Value = str | bool | list[str] | None


class ReferralReader:
    """The referrals of one database."""

    def __init__(self, engine: Engine, states: States, vault: Vault) -> None:
        self._engine = engine
        self._states = states
        self._vault = vault

    def referrals(
        self, actor: Actor, *, status: str | None, cursor: str | None, limit: int
    ) -> Page[ReferralEntry]:
        """The newest first. Raises BadCursor."""
        conditions = _seen_by(actor)
        if status is not None:
            conditions.append(col(CaseReferral.status) == status)
        if cursor is not None:
            key = read_cursor("referrals", cursor, datetime, str, str)
            conditions.append(after(_ORDER, key, descending=True))
        query = (
            select(CaseReferral, CaseRow)
            .join(CaseRow, col(CaseRow.case_id) == col(CaseReferral.case_id))
            .where(CaseReferral.school_id == actor.school_id, col(CaseRow.erased_at).is_(None), *conditions)
        )
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(*(part.desc() for part in _ORDER)).limit(limit + 1)).all()
            self._vault.warm(row.case_id for row, _ in rows)
            due = _due_times(session, [row.case_id for row, _ in rows[:limit]])
            items = [self._entry(session, actor, row, case, due) for row, case in rows[:limit]]
        more = None
        if len(rows) > limit:
            last = items[-1]
            more = cursor_of("referrals", (last.sent_at, last.case_id, last.referral_id))
        return Page(items=items, next_cursor=more)

    def _entry(
        self,
        session: Session,
        actor: Actor,
        row: CaseReferral,
        case: CaseRow,
        due: dict[tuple[str, str], datetime],
    ) -> ReferralEntry:
        state = self._states.of(session, case)
        referral = state.referrals[row.referral_id]
        disclosed = {field: self._value(session, state, field) for field in referral.shown}
        if actor.role != Role.PARTNER:
            disclosed, _ = masked(disclosed, plain_groups(actor, case))
        return ReferralEntry(
            case_id=row.case_id,
            referral_id=row.referral_id,
            kind=row.kind,
            receiver=row.receiver,
            sender_id=row.sender_id,
            purpose=referral.purpose,
            status=row.status,
            sent_at=row.sent_at,
            answered_at=row.answered_at,
            acknowledged_at=row.acknowledged_at,
            due_at=due.get((row.case_id, row.referral_id)),
            grounds=referral.grounds,
            disclosed=disclosed,
        )

    def _value(self, session: Session, state: CaseState, field: str) -> Value:
        """The value of a disclosed field, which may be of the profile or of the assessment."""
        hardship = state.eligibility.hardship if state.eligibility else state.declared
        types = list(dict.fromkeys(item.type for item in hardship))
        match field:
            case "hardship_types":
                return types
            case "disability":
                return HardshipType.DISABILITY in types
            case "psychological":
                return state.assessment is not None and state.assessment.needs_psychological_support
            case "assessment_notes":
                return self._assessment_notes(session, state.case_id)
            case _:
                value = getattr(state.profile, field, None)
                return value.isoformat() if isinstance(value, date) else value

    def _assessment_notes(self, session: Session, case_id: str) -> str | None:
        """The notes of the last talk, which only the timeline keeps."""
        query = select(CaseEvent.seq, CaseEvent.data).where(
            CaseEvent.case_id == case_id, CaseEvent.type == "assessment_recorded"
        )
        found = session.exec(query.order_by(col(CaseEvent.seq).desc()).limit(1)).first()
        if found is None:
            return None
        seq, data = found
        return json.loads(self._vault.open(case_id, data, event_place(seq)))["notes"]


def _seen_by(actor: Actor) -> list[ColumnElement[bool]]:
    if actor.role == Role.PARTNER:
        return [col(CaseReferral.receiver) == actor.id, col(CaseReferral.status).in_(sorted(RUNNING))]
    return [readable(actor)]


def _due_times(session: Session, case_ids: Sequence[str]) -> dict[tuple[str, str], datetime]:
    query = select(CaseDeadline.case_id, CaseDeadline.subject, CaseDeadline.due_at).where(
        and_(col(CaseDeadline.case_id).in_(case_ids), col(CaseDeadline.clock).in_(_CLOCKS))
    )
    return {(case_id, subject): due_at for case_id, subject, due_at in session.exec(query).all()}
