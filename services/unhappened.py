"""Events in the ledger that never happened.

A command is projected before it is durable: a worker that dies in between leaves events behind of which its successor
knows nothing, and which decides anew, and later. So of two events in one place of a case, the later one has happened.
Temporal may hand one task out twice with one time, after its database was away: then what comes to the ledger last has
happened, unless the case has gone on since.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from enum import Enum, auto

from sqlalchemy import ColumnElement, Connection, delete, select
from sqlmodel import Session, col

from models.tables import CaseEvent, CaseNotice


class Met(Enum):
    """What the ledger has in the places of some events: these, or others from before or after them. Others from
    after them are met by a worker that was thought dead."""

    SAME = auto()
    EARLIER = auto()
    LATER = auto()


def met(
    connection: Connection, events: Sequence[CaseEvent], same: Callable[[CaseEvent, CaseEvent], bool]
) -> tuple[Met, CaseEvent]:
    """What events of a case meet in the ledger, and the first of them that does not meet itself (else the first).
    `same` compares the content of two events of one place and time."""
    place = col(CaseEvent.seq)
    query = select(CaseEvent).where(col(CaseEvent.case_id) == events[0].case_id, place >= events[0].seq)
    found = {row.seq: row for row in Session(connection).scalars(query)}
    for event in events:
        there = found.get(event.seq)
        if there is None or (there.at == event.at and same(there, event)):
            continue
        gone_on = any(row.at > event.at for row in found.values())
        later = there.at > event.at or (there.at == event.at and gone_on)
        return (Met.LATER if later else Met.EARLIER), event
    return Met.SAME, events[0]


def take_back(connection: Connection, case_id: str, first: int, until: datetime) -> dict[str, str]:
    """Remove the events from the place `first` on that are no younger than `until`, and who was told of them. Answers
    the digests that have told any of it, by notice, so that none tells the same again."""
    return _remove(
        connection,
        lambda table: (
            col(table.case_id) == case_id,
            col(table.seq) >= first,
            col(table.at) <= until,
        ),
    )


def take_out(connection: Connection, case_id: str, places: Collection[int]) -> dict[str, str]:
    """The same for the events in some places."""
    return _remove(connection, lambda table: (col(table.case_id) == case_id, col(table.seq).in_(places)))


def _remove(
    connection: Connection, which: Callable[[type[CaseEvent | CaseNotice]], tuple[ColumnElement[bool], ...]]
) -> dict[str, str]:
    old = select(CaseNotice).where(*which(CaseNotice))
    told = {notice_key(row): row.period for row in Session(connection).scalars(old) if row.period is not None}
    for table in (CaseEvent, CaseNotice):
        connection.execute(delete(table).where(*which(table)))
    return told


def notice_key(row: CaseNotice) -> str:
    """What makes two notices of a case the same news."""
    return f"{row.audience} {row.kind} {row.subject}"
