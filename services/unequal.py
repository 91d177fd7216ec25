"""What of a case in the ledger is not what it should be, beside its row."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session, select

from models.case.lived import lived_through
from models.case.state import CaseState
from models.tables import CaseDeadline, CaseHardship, CaseNotice, CaseReferral, Reservation
from models.tables.types import Table
from services.data_key import KeyDestroyed, SealBroken
from services.ledger_rows import LedgerRows
from services.news import wrong_news
from services.past_events import PastEvents


def unequal_events(past: PastEvents, state: CaseState, told: Sequence[CaseNotice]) -> Iterator[str]:
    """What is wrong with the events of a case: all must be there and nothing else, they must lead to its state, word
    for word, as its chain has it, and of each `told` holds who was to be told. Raises KeyMissing."""
    try:
        events = past.all_of(state.case_id)
    except (KeyDestroyed, SealBroken, ValidationError):
        yield "events.unreadable"
        return
    places = {item.seq for item in events}
    wanted = set(range(1, state.version + 1))
    if wanted - places:
        yield "events.missing"
    if places - wanted:
        yield "events.beyond"
    if places == wanted:
        states = lived_through(events, state)
        if not states or states[-1] != state:
            yield "events.content"
        else:
            wrong = wrong_news(events, states, told)
            if wrong.missing:
                yield "notices.missing"
            if wrong.beyond:
                yield "notices.beyond"


def unequal_children(session: Session, wanted: LedgerRows) -> list[str]:
    """The tables whose rows that hang on a case are not those wanted."""
    case_id = wanted.case.case_id
    reservations = [wanted.reservation] if wanted.reservation is not None else list[Reservation]()
    children: dict[type[Any], Sequence[Table]] = {
        CaseHardship: wanted.hardships,
        CaseDeadline: wanted.deadlines,
        CaseReferral: wanted.referrals,
        Reservation: reservations,
    }
    return [
        table.__tablename__
        for table, rows in children.items()
        if _content(session.exec(select(table).where(table.case_id == case_id)).all()) != _content(rows)
    ]


def _content(rows: Sequence[Table]) -> list[dict[str, Any]]:
    """The rows as values in some order, so that one instant in two time zones is the same."""
    return sorted((row.model_dump() for row in rows), key=_place)


def _place(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in ("type", "key", "referral_id"))
