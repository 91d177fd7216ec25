"""Whether what was erased is still gone: a restored backup may bring a key or a row back."""

from collections.abc import Iterator

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.tables import CaseRow, ErasureCertificate
from services.vault import Vault

_BATCH = 500


class ErasedCheck:
    """Compares a school's certificates with the ledger and the key store."""

    def __init__(self, engine: Engine, vault: Vault, school_id: str) -> None:
        self._engine = engine
        self._school_id = school_id
        self._vault = vault

    def certified(self) -> frozenset[str]:
        """The cases whose erasure has been decided."""
        return frozenset(case_id for batch in self._certificates(completed=False) for case_id in batch)

    def come_back(self) -> list[str]:
        """Erased cases of which the key or the file is there again."""
        found: list[str] = []
        for batch in self._certificates(completed=True):
            stored = self._vault.store.find(batch)
            alive = {case_id for case_id, key in stored.items() if key.wrapped is not None}
            with Session(self._engine) as session:
                rows = session.exec(select(CaseRow.case_id).where(col(CaseRow.case_id).in_(batch))).all()
            # One of which the key store knows nothing may get a key anew.
            found += sorted(alive | set(rows) | (set(batch) - stored.keys()))
        return found

    def uncertified(self) -> list[str]:
        """Cases in the ledger whose key was destroyed: the ledger is older than their erasure."""
        found: list[str] = []
        last = ""
        while batch := self._kept_after(last):
            found += sorted(self._vault.destroyed(batch))
            last = batch[-1]
        return found

    def _certificates(self, *, completed: bool) -> Iterator[list[str]]:
        last = ""
        while True:
            query = select(ErasureCertificate.case_id).where(
                ErasureCertificate.school_id == self._school_id, ErasureCertificate.case_id > last
            )
            if completed:
                query = query.where(col(ErasureCertificate.completed_at).is_not(None))
            with Session(self._engine) as session:
                ordered = query.order_by(col(ErasureCertificate.case_id)).limit(_BATCH)
                batch = list(session.exec(ordered).all())
            if not batch:
                return
            yield batch
            last = batch[-1]

    def _kept_after(self, last: str) -> list[str]:
        query = select(CaseRow.case_id).where(
            CaseRow.school_id == self._school_id,
            CaseRow.case_id > last,
            col(CaseRow.erased_at).is_(None),
        )
        with Session(self._engine) as session:
            return list(session.exec(query.order_by(col(CaseRow.case_id)).limit(_BATCH)).all())
