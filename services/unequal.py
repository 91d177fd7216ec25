"""What the ledger holds of a case that is not what it should be."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.case.state import CaseFacts, CaseState
from models.tables import (
    Attachment,
    CaseDeadline,
    CaseHardship,
    CaseNotice,
    CaseReferral,
    CaseRow,
    Reservation,
)
from models.tables.types import Table
from services.attachment_files import AttachmentFiles
from services.data_key import KeyDestroyed, SealBroken
from services.ledger_rows import LedgerRows
from services.news import wrong_news
from services.past_events import PastEvents
from services.projection import Ledger
from services.sealed import NAME, STUDENT_NO, state_place
from services.vault import Vault

# The sealed columns of a case's row, each with its place and what it should hold.
_SEALED: dict[str, Callable[[CaseState], tuple[str, str]]] = {
    "name": lambda state: (NAME, state.profile.name),
    "student_no": lambda state: (STUDENT_NO, state.profile.student_no),
    "state": lambda state: (state_place(state.version), state.model_dump_json(exclude={"policy"})),
}


class Unequal:
    """Compares what one ledger holds of cases with their states."""

    def __init__(
        self, engine: Engine, vault: Vault, ledger: Ledger, past: PastEvents, files: AttachmentFiles
    ) -> None:
        self._engine = engine
        self._vault = vault
        self._ledger = ledger
        self._past = past
        self._files = files

    def parts(self, state: CaseState) -> tuple[str, ...]:
        """The parts of the ledger that are not what they should be."""
        wanted = self._ledger.rows_of(state)
        with Session(self._engine) as session:
            row = session.get(CaseRow, state.case_id)
            if row is None:
                return ("ledger_row_missing",)
            found = [f"row.{name}" for name in self._unequal_columns(state, wanted.case, row)]
            found += _unequal_children(session, wanted)
            found += self._lost_files(session, state.case_id)
            told = session.exec(select(CaseNotice).where(CaseNotice.case_id == state.case_id)).all()
        return (*found, *_unequal_events(self._past, state, told))

    def _lost_files(self, session: Session, case_id: str) -> list[str]:
        """One problem however many files are missing or cut off; those on their way out do not count."""
        kept = select(Attachment).where(Attachment.case_id == case_id, col(Attachment.removed_at).is_(None))
        whole = all(self._files.is_there(row) for row in session.exec(kept).all())
        return [] if whole else ["attachment_files"]

    def _unequal_columns(self, state: CaseState, wanted: CaseRow, row: CaseRow) -> list[str]:
        # The fingerprints and the number only say what was written last; what they stand for is compared itself.
        left = wanted.model_dump(exclude={"parts", "written", *_SEALED})
        right = row.model_dump()
        unequal = [name for name, value in left.items() if right[name] != value]
        return unequal + [name for name in _SEALED if not self._holds(state, row, name)]

    def _holds(self, state: CaseState, row: CaseRow, name: str) -> bool:
        """True if a sealed column opens and holds what the state says."""
        place, wanted = _SEALED[name](state)
        try:
            found = self._vault.open(row.case_id, getattr(row, name), place)
        except (KeyDestroyed, SealBroken):
            return False
        return found == wanted or (name == "state" and _says(found, state))


def _unequal_events(past: PastEvents, state: CaseState, told: Sequence[CaseNotice]) -> Iterator[str]:
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
        wrong = wrong_news(events, state, told)
        if wrong is None:
            yield "events.content"
            return
        if wrong.missing:
            yield "notices.missing"
        if wrong.beyond:
            yield "notices.beyond"


def _unequal_children(session: Session, wanted: LedgerRows) -> list[str]:
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


def _says(found: str, state: CaseState) -> bool:
    """Whether a written state is this one, in whatever form an earlier version wrote it: without fields that have come
    since, or without the chain, which it gets with its next event."""
    try:
        facts = CaseFacts.model_validate_json(found)
    except ValidationError:
        return False
    return facts.under(state.policy) in (state, state.but(chain=None))
