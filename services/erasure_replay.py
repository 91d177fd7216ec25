"""Erasing again what a restored backup has brought back."""

import asyncio
from datetime import UTC, datetime

from sqlalchemy import Engine, select, update
from sqlmodel import Session, col

from models.base import Model
from models.tables import CaseRow, ErasureCertificate
from services.certificates import certificate_number
from services.database import insert_missing, writing
from services.erased_check import ErasedCheck
from services.erasing import Eraser
from services.vault import Vault

_GROUND = "restored_backup"


class Replayed(Model):
    """`come_back` were erased before, by certificate; `uncertified` by their destroyed key only."""

    come_back: tuple[str, ...]
    uncertified: tuple[str, ...]


class ErasureReplay:
    """Erases again in one installation."""

    def __init__(self, engine: Engine, vault: Vault, eraser: Eraser, school_id: str) -> None:
        self._engine = engine
        self._vault = vault
        self._eraser = eraser
        self._check = ErasedCheck(engine, vault, school_id)

    async def run(self) -> Replayed:
        """Destroy the keys that came back at once, and have the rest done by the worker. Raises RPCError."""
        come_back = await asyncio.to_thread(self._check.come_back)
        uncertified = await asyncio.to_thread(self._check.uncertified)
        for case_id in uncertified:
            await asyncio.to_thread(self._certify_anew, case_id)
        for case_id in come_back:
            await asyncio.to_thread(self._vault.destroy, case_id)
        for case_id in (*come_back, *uncertified):
            await self._eraser.begin(case_id)
        return Replayed(come_back=tuple(come_back), uncertified=tuple(uncertified))

    def _certify_anew(self, case_id: str) -> None:
        """A certificate of what the ledger and the key store still say; who asked and why is lost."""
        tombstone = self._vault.store.find([case_id])[case_id]
        decided_at = tombstone.destroyed_at or datetime.now(UTC)
        with Session(writing(self._engine)) as session:
            columns = (
                CaseRow.school_id,
                CaseRow.department_id,
                CaseRow.policy_ref,
                CaseRow.version,
                CaseRow.updated_at,
                CaseRow.mentor_id,
            )
            known = select(*map(col, columns)).where(col(CaseRow.case_id) == case_id)
            row = session.connection().execute(known).one()
            certificate = ErasureCertificate(
                number=certificate_number(row.school_id, case_id, decided_at.strftime("%Y%m%d")),
                case_id=case_id,
                school_id=row.school_id,
                department_id=row.department_id,
                mentor_id=row.mentor_id,
                ground=_GROUND,
                requested_by="system",
                requested_at=decided_at,
                approved_by="system",
                decided_at=decided_at,
                ending="unknown",
                kept_since=row.updated_at,
                retention_ends_at=decided_at,
                policy_ref=row.policy_ref,
                events=row.version,
            )
            insert_missing(session.connection(), [certificate])
            session.exec(update(CaseRow).where(col(CaseRow.case_id) == case_id).values(erased_at=decided_at))
            session.commit()
