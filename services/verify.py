"""Proving that the ledger equals the workflows: every case is computed anew from its own state."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from models.base import Model
from models.case.machine import Recorded
from models.case.state import CaseFacts, CaseState
from models.tables import (
    Attachment,
    CaseNotice,
    CaseRow,
)
from services.attachment_files import AttachmentFiles
from services.data_key import KeyDestroyed, SealBroken
from services.erased_check import ErasedCheck
from services.past_events import PastEvents
from services.projection import Ledger
from services.repair import Repairs
from services.sealed import NAME, STUDENT_NO, state_place
from services.settings import Settings
from services.unequal import unequal_children, unequal_events
from services.vault import Vault
from workflows.messages import CASE_EVENTS, CASE_STATE, CASE_WORKFLOW

_AT_ONCE = 16
_BATCH = 500
# A case may be moving: it is looked at again, after so many seconds each, before it counts as differing.
_LOOKS = (0.3, 1.0, 2.0)
_QUERY_SECONDS = 20
# A repair waits so long at most until it may say of events of which a case knows nothing that they never happened.
_YOUNG_SECONDS = 65.0
# The sealed columns of a case's row, each with its place and what it should hold.
_SEALED: dict[str, Callable[[CaseState], tuple[str, str]]] = {
    "name": lambda state: (NAME, state.profile.name),
    "student_no": lambda state: (STUDENT_NO, state.profile.student_no),
    "state": lambda state: (state_place(state.version), state.model_dump_json(exclude={"policy"})),
}


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
        self._erased = ErasedCheck(engine, vault, settings.school_code)
        self._vault = vault
        self._files = AttachmentFiles(settings.data_dir)
        self._client = client
        self._school_id = settings.school_code
        self._task_queue = settings.task_queue

    async def verify(
        self, *, repair: bool = False, progress: Callable[[int], None] = lambda _: None
    ) -> Verification:
        """Compare every case; with `repair`, write the ledger anew where it differs, which takes up to a minute
        where a command was cut off just now. `progress` hears of each number of cases done.
        Raises RPCError where Temporal is away."""
        details: list[Difference] = []
        cases = 0
        seen: set[str] = set()
        async for batch in self._ledger_batches():
            seen.update(batch)
            details += await self.compare(batch, repair=repair)
            cases += len(batch)
            progress(cases)
        # Listed after the ledger was read: a case opened meanwhile is in both or found here.
        unlisted = [case_id async for case_id in self._workflow_ids() if case_id not in seen]
        erased = await asyncio.to_thread(self._erased.certified)
        unlisted = [case_id for case_id in unlisted if case_id not in erased]
        for start in range(0, len(unlisted), _BATCH):
            part = await self._of_this_school(unlisted[start : start + _BATCH])
            details += await self.compare(part, repair=repair)
            cases += len(part)
            progress(cases)
        # One that is erased meanwhile differs from what it was.
        erased = await asyncio.to_thread(self._erased.certified)
        details = [difference for difference in details if difference.case_id not in erased]
        come_back = await asyncio.to_thread(self._erased.come_back)
        details += [Difference(case_id=case_id, problems=("erased_but_there",)) for case_id in come_back]
        cases += len(erased - seen)
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
        details: list[Difference] = []
        cases, last = 0, after
        async for batch in self._ledger_batches(after, limit):
            details += await self.compare(batch, repair=repair)
            cases, last = cases + len(batch), batch[-1]
            progress(cases)
        return Verification(
            cases=cases,
            differing=len(details),
            details=tuple(details),
            next_after=last if cases == limit else None,
        )

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
            problems = await asyncio.to_thread(self._differences, state)
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
        return not await asyncio.to_thread(self._differences, state)

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

    def _differences(self, state: CaseState) -> tuple[str, ...]:
        """The parts of the ledger that are not what they should be."""
        wanted = self._ledger.rows_of(state)
        with Session(self._engine) as session:
            row = session.get(CaseRow, state.case_id)
            if row is None:
                return ("ledger_row_missing",)
            found = [f"row.{name}" for name in self._unequal_columns(state, wanted.case, row)]
            found += unequal_children(session, wanted)
            found += self._lost_files(session, state.case_id)
            told = session.exec(select(CaseNotice).where(CaseNotice.case_id == state.case_id)).all()
        return (*found, *unequal_events(self._past, state, told))

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


def _says(found: str, state: CaseState) -> bool:
    """Whether a written state is this one, in whatever form an earlier version wrote it: without fields that have come
    since, or without the chain, which it gets with its next event."""
    try:
        facts = CaseFacts.model_validate_json(found)
    except ValidationError:
        return False
    return facts.under(state.policy) in (state, state.but(chain=None))
