"""The steps of an erasure. Each may be repeated, and finds what an earlier try has done."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, select
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from models.tables import ErasureCertificate
from models.training_class import TrainingClassState, forget
from services.attachment_files import AttachmentFiles
from services.audit import Audit
from services.caller import Stranger
from services.certificates import CertificateSeal
from services.database import writing
from services.scrub import overwrite_what_goes, scrub
from services.settings import Settings
from services.training import ClassLedger
from services.vault import Vault
from workflows.class_messages import FORGET, class_workflow_id
from workflows.erasure_messages import ERASURE_WORKFLOW, ErasureOrder, erasure_workflow_id

_PATIENCE = timedelta(seconds=15)


class Eraser:
    """Erases cases of one installation."""

    def __init__(self, client: Client, engine: Engine, vault: Vault, settings: Settings) -> None:
        self._client = client
        self._engine = engine
        self._vault = vault
        self._settings = settings
        self._audit = Audit(engine, vault, settings.data_dir)
        self._seal = CertificateSeal(vault, settings)
        self._classes = ClassLedger(engine, vault)
        self._files = AttachmentFiles(settings.data_dir)

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

    async def leave_classes(self, case_id: str) -> None:
        """Have the training classes forget the case. Raises RPCError."""
        for state in await asyncio.to_thread(self._classes_with, case_id):
            try:
                await self._client.get_workflow_handle(class_workflow_id(state.id)).execute_update(
                    FORGET, ErasureOrder(case_id=case_id), id=f"forget:{case_id}", rpc_timeout=_PATIENCE
                )
            except RPCError as error:
                if error.status != RPCStatusCode.NOT_FOUND:
                    raise
                # The class is over: nobody else writes its row any more.
                await asyncio.to_thread(self._classes.project, forget(state, case_id))

    def _classes_with(self, case_id: str) -> list[TrainingClassState]:
        return self._classes.holding(self._settings.school_code, case_id)

    def scrub(self, case_id: str) -> None:
        """Delete the case's files, make the ledger forget it, and add what was removed to its certificate."""
        self._files.remove_case(case_id)
        with Session(writing(self._engine)) as session:
            certificate = _certificate(session, case_id)
            connection = session.connection()
            overwrite_what_goes(connection)
            removed = scrub(connection, case_id)
            if certificate.completed_at is None:
                certificate.removed = json.dumps(json.loads(certificate.removed) | removed, sort_keys=True)
                session.add(certificate)
            session.commit()

    def certify(self, case_id: str) -> None:
        """Complete and seal the certificate; a completed one stays as it is."""
        with Session(writing(self._engine)) as session:
            certificate = _certificate(session, case_id)
            if certificate.completed_at is None:
                self._record(certificate)
                certificate.completed_at = datetime.now(UTC)
                self._seal.seal(certificate)
                session.add(certificate)
                session.commit()

    def _record(self, certificate: ErasureCertificate) -> None:
        detail = {
            "certificate": certificate.number,
            "ground": certificate.ground,
            "requested_by": certificate.requested_by,
            "approved_by": certificate.approved_by,
        }
        worker = Stranger("", certificate.school_id, how="worker")
        self._audit.record_now(worker, "case.erase", case_id=certificate.case_id, detail=detail)


def _certificate(session: Session, case_id: str) -> ErasureCertificate:
    return session.exec(select(ErasureCertificate).where(ErasureCertificate.case_id == case_id)).one()
