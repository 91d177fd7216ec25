"""Comparing the ledger with the cases slice by slice, repairing what differs, and saying what was repaired."""

import asyncio
import base64
from collections.abc import Sequence

import structlog
from sqlalchemy import Engine
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from models.audit import Outcome
from services.audit import Audit
from services.caller import Stranger
from services.metrics import RECONCILED, RECONCILER_LAST
from services.settings import Settings
from services.vault import Vault
from services.verify import Difference, Verifier
from workflows.erasure_messages import erasure_workflow_id
from workflows.messages import CASE_STATUS, CaseStatus
from workflows.reconcile_messages import Cursor

log = structlog.get_logger(__name__)

_ACT = "ledger.repair"
_ENDED = ("workflow_ended",)


class Reconciler:
    """Compares slices of the ledger of a school. Any slice may be compared again at any time."""

    def __init__(self, engine: Engine, vault: Vault, client: Client, settings: Settings) -> None:
        self._verifier = Verifier(engine, vault, client, settings)
        self._audit = Audit(engine, vault, settings.data_dir)
        self._client = client
        self._by = Stranger("", settings.school_code, how="worker")
        self._size = settings.reconcile_cases
        # What could not be repaired, with what was wrong: it is told again and again while it lasts, but not tried.
        self._beyond: dict[str, tuple[str, ...]] = {}

    async def reconcile(self, cursor: Cursor) -> Cursor:
        """Compare the slice at the cursor, repair it, and answer where the next one begins.

        Raises RPCError, SQLAlchemyError or Unavailable (`audit_unavailable`, `keys_unavailable`) while a part is
        away: then the same slice may be compared again.
        """
        if cursor.of == "ledger":
            ids = await self._verifier.ledger_ids(cursor.after, self._size)
            following = Cursor(after=ids[-1]) if len(ids) == self._size else Cursor(of="temporal")
        else:
            ids, following = await self._unlisted(cursor)
        await self._settle(ids)
        RECONCILER_LAST.set_to_current_time()
        return following

    async def _unlisted(self, cursor: Cursor) -> tuple[list[str], Cursor]:
        """The cases on a page of Temporal's list that the ledger does not know."""
        token = base64.b64decode(cursor.after) or None
        page = self._client.list_workflows(self._verifier.wanted, page_size=self._size, next_page_token=token)
        try:
            await page.fetch_next_page()
        except RPCError as error:
            if token is None or error.status == RPCStatusCode.UNAVAILABLE:
                raise
            # Another server's page, which Temporal calls an unknown error: the round ends here.
            return [], Cursor()
        listed = [
            execution.id
            for execution in page.current_page or ()
            if execution.status != WorkflowExecutionStatus.CONTINUED_AS_NEW
        ]
        following = Cursor(of="temporal", after=base64.b64encode(page.next_page_token or b"").decode())
        return await self._verifier.unknown(listed), following if page.next_page_token else Cursor()

    async def _settle(self, ids: Sequence[str]) -> None:
        differing = await self._verifier.compare(ids, repair=False)
        for equal in self._beyond.keys() & set(ids) - {item.case_id for item in differing}:
            del self._beyond[equal]
        RECONCILED.labels("equal").inc(len(ids) - len(differing))
        moving = await asyncio.gather(*(self._moves(difference) for difference in differing))
        still = [item for item, moves in zip(differing, moving, strict=True) if not moves]
        RECONCILED.labels("moving").inc(len(differing) - len(still))
        told = [item for item in still if self._beyond.get(item.case_id) == item.problems]
        for item in told:
            _tell_beyond(item)
        await asyncio.gather(*(self._repair(item) for item in still if item not in told))

    async def _repair(self, found: Difference) -> None:
        case_id, detail = found.case_id, {"problems": found.problems}
        # Before it is done: nothing is repaired that nobody can read about.
        await self._audit.record(self._by, _ACT, case_id=case_id, outcome=Outcome.BEGUN, detail=detail)
        left = [item for item in await self._verifier.compare([case_id], repair=True) if not item.repaired]
        if left:
            await self._audit.record(self._by, _ACT, case_id=case_id, outcome=Outcome.FAILED, detail=detail)
            self._beyond[case_id] = found.problems
            _tell_beyond(found)
            return
        self._beyond.pop(case_id, None)
        await self._audit.record(self._by, _ACT, case_id=case_id, detail=detail)
        RECONCILED.labels("repaired").inc()
        log.warning("the ledger was repaired", case_id=case_id, problems=found.problems)

    async def _moves(self, found: Difference) -> bool:
        """Whether the case is about to write its part itself, or to be erased."""
        try:
            if found.problems == _ENDED:
                erasure = self._client.get_workflow_handle(erasure_workflow_id(found.case_id))
                return (await erasure.describe()).status == WorkflowExecutionStatus.RUNNING
            case = self._client.get_workflow_handle(found.case_id)
            status = await case.query(CASE_STATUS, result_type=CaseStatus)
        except RPCError as error:
            if error.status == RPCStatusCode.UNAVAILABLE:
                raise
            return False
        except WorkflowQueryFailedError:
            return False
        return status.projection_behind or status.pending_events > 0


def _tell_beyond(found: Difference) -> None:
    RECONCILED.labels("unrepaired").inc()
    log.error("the ledger could not be repaired", case_id=found.case_id, problems=found.problems)
