"""The steps of an erasure. Each may be repeated, and finds what an earlier try has done."""

import asyncio
import json
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlmodel import Session, select
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from models.tables import ErasureCertificate
from services.audit import Audit
from services.caller import Stranger
from services.certificates import CertificateSeal
from services.database import writing
from services.scrub import scrub
from services.settings import Settings
from services.vault import Vault
from workflows.erasure_messages import ERASURE_WORKFLOW, ErasureOrder, erasure_workflow_id


class Eraser:
    """Erases cases of one installation."""

    def __init__(self, client: Client, engine: Engine, vault: Vault, settings: Settings) -> None:
        self._client = client
        self._engine = engine
        self._vault = vault
        self._settings = settings
        self._audit = Audit(engine, vault, settings.data_dir)
        self._seal = CertificateSeal(vault, settings)

    async def begin(self, case_id: str) -> None:
        """Start the erasure of a case, or let the one that runs go on. Raises RPCError."""
        await self._client.start_workflow(
            ERASURE_WORKFLOW,
            ErasureOrder(case_id=case_id),
            id=erasure_workflow_id(case_id),
            task_queue=self._settings.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def has_ended(self, case_id: str, *, by_force: bool) -> bool:
        """Whether the case's own workflow has ended; `by_force` ends it. Raises RPCError."""
        handle = self._client.get_workflow_handle(case_id)
        try:
            described = await handle.describe()
            if described.status != WorkflowExecutionStatus.RUNNING:
                return True
            if by_force:
                await handle.terminate(reason="the case is erased")
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            return True
        return by_force

    async def destroy_key(self, case_id: str) -> None:
        """Make everything that was sealed for the case unreadable for ever, wherever a copy of it is."""
        await asyncio.to_thread(self._destroy_key, case_id)

    def _destroy_key(self, case_id: str) -> None:
        self._audit.record_now(
            Stranger("", self._settings.school_code, how="worker"),
            "case.erase",
            case_id=case_id,
            outcome="begun",
        )
        self._vault.destroy(case_id)
        gone = self._vault.store.find([case_id])[case_id]
        with Session(writing(self._engine)) as session:
            certificate = _certificate(session, case_id)
            if certificate.completed_at is None:
                certificate.key_id, certificate.key_destroyed_at = gone.key_id, gone.destroyed_at
                session.add(certificate)
                session.commit()

    def scrub(self, case_id: str) -> None:
        """Make the ledger forget the case, and add what was removed to its certificate."""
        with Session(writing(self._engine)) as session:
            certificate = _certificate(session, case_id)
            removed = scrub(session.connection(), case_id)
            if certificate.completed_at is None:
                certificate.removed = json.dumps(json.loads(certificate.removed) | removed, sort_keys=True)
                session.add(certificate)
            session.commit()

    def certify(self, case_id: str) -> None:
        """Complete and seal the certificate; a completed one stays as it is."""
        with Session(writing(self._engine)) as session:
            certificate = _certificate(session, case_id)
            if certificate.completed_at is None:
                certificate.completed_at = datetime.now(UTC)
                self._seal.seal(certificate)
                session.add(certificate)
                session.commit()


def _certificate(session: Session, case_id: str) -> ErasureCertificate:
    return session.exec(select(ErasureCertificate).where(ErasureCertificate.case_id == case_id)).one()
