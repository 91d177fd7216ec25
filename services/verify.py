"""Proving that the ledger equals the workflows: every case is computed anew from its own state."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from models.base import Model
from models.case.machine import Recorded
from models.case.state import CaseState
from models.tables import (
    CaseRow,
)
from services.attachment_files import AttachmentFiles
from services.erased_check import ErasedCheck
from services.past_events import PastEvents
from services.projection import Ledger
from services.repair import Repairs
from services.settings import Settings
from services.unequal import Unequal
from services.vault import Vault
from workflows.messages import CASE_EVENTS, CASE_STATE, CASE_WORKFLOW

_AT_ONCE = 16
_BATCH = 500
# A case may be moving: it is looked at again, after so many seconds each, before it counts as differing.
_LOOKS = (0.3, 1.0, 2.0)
_QUERY_SECONDS = 20
# A repair waits so long at most until it may say of events of which a case knows nothing that they never happened.
_YOUNG_SECONDS = 65.0


class Difference(Model):
    """A case whose ledger is not what its workflow says. `problems` name the parts, never their content."""

    case_id: str
    problems: tuple[str, ...]
    repaired: bool = False


class Verification(Model):
    """`cases` counts every case that the ledger or Temporal knows; of a slice, those in it, and `next_after` is the
    case after which the next slice begins, None behind the last."""

    cases: int
    differing: int
    details: tuple[Difference, ...]
    next_after: str | None = None


class Verifier:
    """Compares one ledger with one Temporal namespace."""

    def __init__(self, engine: Engine, vault: Vault, client: Client, settings: Settings) -> None:
        self._engine = engine
        self._ledger = Ledger(engine, vault)
        self._past = PastEvents(engine, vault)
        self._repairs = Repairs(engine, self._ledger, self._past)
        self._unequal = Unequal(engine, vault, self._ledger, self._past, AttachmentFiles(settings.data_dir))
        self._erased = ErasedCheck(engine, vault, settings.school_code)
        self._client = client
        self._school_id = settings.school_code
        self._task_queue = settings.task_queue

    async def verify(
        self, *, repair: bool = False, progress: Callable[[int], None] = lambda _: None
    ) -> Verification:
        """Compare every case; with `repair`, write the ledger anew where it differs, which takes up to a minute
        where a command was cut off just now. `progress` hears of each number of cases done.
        Raises RPCError where Temporal is away."""
        seen, details = await self._compared(self._ledger_batches(), repair=repair, progress=progress)
        # Listed after the ledger was read: a case opened meanwhile is in both or found here.
        known = set(seen)
        unlisted = [case_id async for case_id in self._workflow_ids() if case_id not in known]
        erased = await asyncio.to_thread(self._erased.certified)
        others = self._own_batches([case_id for case_id in unlisted if case_id not in erased])
        beyond, found = await self._compared(others, repair=repair, progress=progress, before=len(seen))
        # One that is erased meanwhile differs from what it was.
        erased = await asyncio.to_thread(self._erased.certified)
        details = [difference for difference in details + found if difference.case_id not in erased]
        come_back = await asyncio.to_thread(self._erased.come_back)
        details += [Difference(case_id=case_id, problems=("erased_but_there",)) for case_id in come_back]
        cases = len(seen) + len(beyond) + len(erased - known - set(beyond))
        return Verification(cases=cases, differing=len(details), details=tuple(details))

    async def verify_slice(
        self,
        after: str,
        limit: int,
        *,
        repair: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Verification:
        """The same for the next cases of the ledger after a case, which an empty id stands before. What the ledger does
        not know, only `verify` finds."""
        seen, details = await self._compared(
            self._ledger_batches(after, limit), repair=repair, progress=progress
        )
        return Verification(
            cases=len(seen),
            differing=len(details),
            details=tuple(details),
            next_after=seen[-1] if len(seen) == limit else None,
        )

    async def _compared(
        self,
        batches: AsyncIterator[list[str]],
        *,
        repair: bool,
        progress: Callable[[int], None],
        before: int = 0,
    ) -> tuple[list[str], list[Difference]]:
        """The cases of all batches, and those that differ."""
        seen: list[str] = []
        details: list[Difference] = []
        async for batch in batches:
            details += await self.compare(batch, repair=repair)
            seen += batch
            progress(before + len(seen))
        return seen, details

    async def _ledger_batches(self, after: str = "", limit: int | None = None) -> AsyncIterator[list[str]]:
        left = limit
        while left != 0:
            batch = await self.ledger_ids(after, _BATCH if left is None else min(_BATCH, left))
            if not batch:
                return
            yield batch
            after = batch[-1]
            left = None if left is None else left - len(batch)

    async def ledger_ids(self, after: str, limit: int) -> list[str]:
        """The next cases of the ledger, in the order of their ids."""
        query = select(CaseRow.case_id).where(
            CaseRow.school_id == self._school_id,
            CaseRow.case_id > after,
            col(CaseRow.erased_at).is_(None),
        )
        return await asyncio.to_thread(self._read, query.order_by(col(CaseRow.case_id)).limit(limit))

    async def unknown(self, case_ids: Sequence[str]) -> list[str]:
        """Those of the school's cases of which the ledger has no row and nobody has certified the erasure."""
        query = select(CaseRow.case_id).where(col(CaseRow.case_id).in_(case_ids))
        known = set(await asyncio.to_thread(self._read, query))
        left = [case_id for case_id in case_ids if case_id not in known]
        if not left:
            return []
        erased = await asyncio.to_thread(self._erased.certified)
        return await self._of_this_school([case_id for case_id in left if case_id not in erased])

    def _read(self, query: SelectOfScalar[str]) -> list[str]:
        with Session(self._engine) as session:
            return list(session.exec(query).all())

    @property
    def wanted(self) -> str:
        """The cases in Temporal's list. Another installation may share the server: its cases wait on another task
        queue."""
        return f"WorkflowType = '{CASE_WORKFLOW}' AND TaskQueue = '{self._task_queue}'"

    async def _workflow_ids(self) -> AsyncIterator[str]:
        async for execution in self._client.list_workflows(self.wanted):
            # A run that continued as a new one is followed by its successor.
            if execution.status != WorkflowExecutionStatus.CONTINUED_AS_NEW:
                yield execution.id

    async def _own_batches(self, case_ids: Sequence[str]) -> AsyncIterator[list[str]]:
        for start in range(0, len(case_ids), _BATCH):
            yield await self._of_this_school(case_ids[start : start + _BATCH])

    async def _of_this_school(self, case_ids: Sequence[str]) -> list[str]:
        """Those that are not another school's on the same server; one that does not answer stays."""
        states = await self._gather([self._state(case_id) for case_id in case_ids])
        return [
            case_id
            for case_id, state in zip(case_ids, states, strict=True)
            if not isinstance(state, CaseState) or state.school_id == self._school_id
        ]

    async def compare(self, case_ids: Sequence[str], *, repair: bool) -> list[Difference]:
        """The cases among these that differ; with `repair`, what the ledger holds of them is written anew. Raises
        RPCError where Temporal is away."""
        found = await self._gather([self._compare(case_id, repair=repair) for case_id in case_ids])
        return [difference for difference in found if difference is not None]

    async def _gather(self, work: Sequence[Any]) -> list[Any]:
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(job: Any) -> Any:
            async with room:
                return await job

        return await asyncio.gather(*(one(job) for job in work))

    async def _compare(self, case_id: str, *, repair: bool) -> Difference | None:
        problems: tuple[str, ...] = ()
        state: CaseState | str = ""
        known_at = datetime.now(UTC)
        for pause in (0.0, *_LOOKS):
            await asyncio.sleep(pause)
            known_at = datetime.now(UTC)
            state = await self._state(case_id)
            if isinstance(state, str):
                problems = (state,)
                if state == "workflow_missing":
                    break
                continue
            problems = await asyncio.to_thread(self._unequal.parts, state)
            if not problems:
                return None
        repaired = repair and isinstance(state, CaseState) and await self._repaired(state, known_at)
        return Difference(case_id=case_id, problems=problems, repaired=repaired)

    async def _repaired(self, state: CaseState, known_at: datetime) -> bool:
        """Whether the ledger holds what it should of a case after it was written anew."""
        known = await self._known(state.case_id)
        wait = await asyncio.to_thread(self._repairs.repair, state, known, known_at)
        if wait is not None:
            await asyncio.sleep(min(wait.total_seconds(), _YOUNG_SECONDS))
            known_at = datetime.now(UTC)
            found = await self._state(state.case_id)
            if isinstance(found, str):
                return False
            state, known = found, await self._known(state.case_id)
            await asyncio.to_thread(self._repairs.repair, state, known, known_at)
        return not await asyncio.to_thread(self._unequal.parts, state)

    async def _known(self, case_id: str) -> list[Recorded]:
        """The events that a case still has at hand; none from a worker of a version that does not tell them."""
        handle = self._client.get_workflow_handle(case_id)
        try:
            async with asyncio.timeout(_QUERY_SECONDS):
                return await handle.query(CASE_EVENTS, result_type=list[Recorded])
        except (WorkflowQueryFailedError, TimeoutError):
            return []

    async def _state(self, case_id: str) -> CaseState | str:
        """The state of a case, or why there is none."""
        handle = self._client.get_workflow_handle(case_id)
        try:
            async with asyncio.timeout(_QUERY_SECONDS):
                state = await handle.query(CASE_STATE, result_type=CaseState)
                described = await handle.describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return "workflow_missing"
            if error.status == RPCStatusCode.UNAVAILABLE:
                raise
            return "workflow_silent"
        except (WorkflowQueryFailedError, TimeoutError):
            return "workflow_silent"
        if described.status != WorkflowExecutionStatus.RUNNING:
            return "workflow_ended"
        return state
