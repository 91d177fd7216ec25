"""Writing what the ledger holds of a case anew, from what the case itself knows."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlmodel import Session, col

from models.case.machine import Recorded
from models.case.state import CaseState
from models.tables import CaseEvent, CaseNotice, CaseRow
from services.data_key import KeyDestroyed, SealBroken
from services.database import insert_missing, writing
from services.news import wrong_news
from services.past_events import PastEvents
from services.projection import Ledger
from services.unhappened import Told, take_back, take_out
from workflows.messages import Projection

# Seconds by which an event is surely older than a state that does not know it, and so never happened.
_SURELY_OLDER = timedelta(seconds=60)


class Repairs:
    """Repairs one ledger."""

    def __init__(self, engine: Engine, ledger: Ledger, past: PastEvents) -> None:
        self._engine = writing(engine)
        self._ledger = ledger
        self._past = past

    def repair(self, state: CaseState, known: Sequence[Recorded], known_at: datetime) -> timedelta | None:
        """Write what the ledger holds of a case anew, as it was at `known_at`. Of its events those that are `known`
        to the case are written where the ledger lacks them or has others; the rest stay.

        Answers how much later the case must be asked again to repair what is left: events that it does not know may
        have been too young to say that they never happened.
        """
        own = [item for item in known if item.seq <= state.version]
        rows = self._ledger.event_rows(state.case_id, own)
        old = known_at - _SURELY_OLDER
        events: list[Recorded] = []
        with self._engine.begin() as connection:
            written = connection.execute(
                select(col(CaseRow.version), col(CaseRow.parts))
                .where(col(CaseRow.case_id) == state.case_id)
                .with_for_update()
            ).one_or_none()
            beyond = select(func.max(CaseEvent.at)).where(
                col(CaseEvent.case_id) == state.case_id, col(CaseEvent.seq) > state.version
            )
            youngest = connection.scalar(beyond)
            young = youngest is not None and youngest > old
            # All events at one time, so that what was told of one that goes is known to one that comes.
            if not young:
                wrong = self._wrong(connection, state.case_id, rows)
                told = take_out(connection, state.case_id, wrong)
                told.add(take_back(connection, state.case_id, state.version + 1, old))
                events = [item for item in own if item.seq in wrong]
                if written is not None:
                    _set_back(connection, state, written.version, json.loads(written.parts), told)
        self._ledger.project([Projection(state=state, events=events)], whole=True)
        self._tell(state)
        return youngest - old if young and youngest is not None else None

    def _tell(self, state: CaseState) -> None:
        """Write the notices that are wanting, for the next digest to tell, and remove those of nothing. Where not every
        event is as it was, nobody can say which those are."""
        try:
            events = self._past.all_of(state.case_id)
        except (KeyDestroyed, SealBroken, ValidationError):
            return
        with self._engine.begin() as connection:
            there = select(CaseNotice).where(col(CaseNotice.case_id) == state.case_id)
            wrong = wrong_news(events, state, Session(connection).scalars(there))
            if wrong is None:
                return
            for row in wrong.beyond:
                place = (col(CaseNotice.seq) == row.seq, col(CaseNotice.audience) == row.audience)
                connection.execute(delete(CaseNotice).where(col(CaseNotice.case_id) == state.case_id, *place))
            insert_missing(connection, wrong.missing)

    def _wrong(self, connection: Connection, case_id: str, rows: Sequence[CaseEvent]) -> set[int]:
        """The places at which the ledger does not have these events. Another one in the place of an event that its
        case knows has not happened, however young it is."""
        place = col(CaseEvent.seq)
        query = select(CaseEvent).where(
            col(CaseEvent.case_id) == case_id, place.in_([row.seq for row in rows])
        )
        found = {row.seq: row for row in Session(connection).scalars(query)}
        return {row.seq for row in rows if row.seq not in found or not self._same(found[row.seq], row)}

    def _same(self, one: CaseEvent, other: CaseEvent) -> bool:
        try:
            return self._ledger.same(one, other)
        except SealBroken:
            return False


def _set_back(
    connection: Connection, state: CaseState, version: int, parts: dict[str, Any], told: Told
) -> None:
    """Have the case's row take the state, though it was written for a later one, and remember what was told."""
    if not told and version <= state.version:
        return
    remembered = Told.taken_from(parts)
    remembered.add(told)
    row = update(CaseRow).where(col(CaseRow.case_id) == state.case_id)
    then = {"version": state.version, "updated_at": state.updated_at} if version > state.version else {}
    connection.execute(row.values(parts=json.dumps(remembered.put_into(parts)), **then))
