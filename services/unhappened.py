"""Events in the ledger that never happened.

A command is projected before it is durable: a worker that dies in between leaves events behind of which its successor
knows nothing, and which decides anew, and later. So of two events in one place of a case, the later one has happened.
Temporal may hand one task out twice with one time, after its database was away: then what comes to the ledger last has
happened, unless the case has gone on since.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Any

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


class Told:
    """The digests that have told of what was taken back, by notice, so that none tells the same again when it happens
    after all. Among the parts of a case's row it stands under `KEY`."""

    KEY = "told"

    def __init__(self, periods: Mapping[str, str | Sequence[str]] | None = None) -> None:
        self._periods: defaultdict[str, list[str]] = defaultdict(list)
        for key, found in (periods or {}).items():
            # An earlier version remembered one digest for all that is the same news.
            self._periods[key] += [found] if isinstance(found, str) else found

    @classmethod
    def taken_from(cls, parts: dict[str, Any]) -> "Told":
        """What the parts of a row remember, which they do no longer then."""
        return cls(parts.pop(cls.KEY, {}))

    def put_into(self, parts: dict[str, Any]) -> dict[str, Any]:
        """Parts that remember it."""
        return parts | {self.KEY: dict(self._periods)} if self else parts

    def add(self, other: "Told") -> None:
        """Remember this as well. The same news may have been told of two events."""
        for key, found in other._periods.items():
            self._periods[key] += found

    def take(self, row: CaseNotice) -> str | None:
        """The digest that has told this already, once for each time that it was told."""
        key = _news(row)
        found = self._periods.get(key)
        if not found:
            return None
        period = found.pop(0)
        if not found:
            del self._periods[key]
        return period

    def remember(self, row: CaseNotice) -> None:
        """A notice that goes, if a digest has told of it."""
        if row.period is not None:
            self._periods[_news(row)].append(row.period)

    def news(self) -> list[tuple[str, str]]:
        """Audience and kind of each notice that was told and has not happened."""
        keys = [key.split(" ") for key, found in self._periods.items() for _ in found]
        return [(audience, kind) for audience, kind, *_ in keys]

    def __bool__(self) -> bool:
        return bool(self._periods)


def take_back(connection: Connection, case_id: str, first: int, until: datetime) -> Told:
    """Remove the events from the place `first` on that are no younger than `until`, and who was told of them. Answers
    the digests that have told any of it."""
    return _remove(
        connection,
        lambda table: (
            col(table.case_id) == case_id,
            col(table.seq) >= first,
            col(table.at) <= until,
        ),
    )


def take_out(connection: Connection, case_id: str, places: Collection[int]) -> Told:
    """The same for the events in some places."""
    return _remove(connection, lambda table: (col(table.case_id) == case_id, col(table.seq).in_(places)))


def _remove(
    connection: Connection, which: Callable[[type[CaseEvent | CaseNotice]], tuple[ColumnElement[bool], ...]]
) -> Told:
    told = Told()
    old = select(CaseNotice).where(*which(CaseNotice)).order_by(col(CaseNotice.seq))
    for row in Session(connection).scalars(old):
        told.remember(row)
    for table in (CaseEvent, CaseNotice):
        connection.execute(delete(table).where(*which(table)))
    return told


def _news(row: CaseNotice) -> str:
    """What makes two notices of a case the same news."""
    return f"{row.audience} {row.kind} {row.subject}"
