"""The workflows that are open, and those among them that must first come to an end or to rest."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlmodel import Session, col, select
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from models.tables import CaseRow
from services.settings import SetupError
from workflows.batch_messages import BATCH_WORKFLOW
from workflows.digest_messages import DELIVERY_WORKFLOW
from workflows.erasure_messages import ERASURE_WORKFLOW
from workflows.messages import (
    CASE_WORKFLOW,
    DIGEST_WORKFLOW,
    IMPORT_WORKFLOW,
    OFFBOARDING_WORKFLOW,
    TRAINING_WORKFLOW,
)
from workflows.reconcile_messages import RECONCILE_WORKFLOW

# Work of minutes: it comes to its end where it began.
ENDING = frozenset({IMPORT_WORKFLOW, BATCH_WORKFLOW, OFFBOARDING_WORKFLOW, ERASURE_WORKFLOW})
LASTING = frozenset(
    {CASE_WORKFLOW, TRAINING_WORKFLOW, DIGEST_WORKFLOW, DELIVERY_WORKFLOW, RECONCILE_WORKFLOW}
)

_AT_ONCE = 16
_LOOK_SECONDS = 0.3
# What was written last before a server ended is listed a moment after it is back.
_LISTED_SECONDS = 60


@dataclass(frozen=True)
class OpenWorkflow:
    """A workflow that has not ended. `resting`: nothing is under way in it but waiting."""

    id: str
    type: str
    task_queue: str
    resting: bool


async def open_workflows(client: Client, ledger: Engine) -> list[OpenWorkflow]:
    """All open workflows of the namespace, with every case that the ledger knows.

    Raises SetupError (`move_case_missing`, `move_workflow_unknown`), RPCError.
    """
    wanted = await asyncio.to_thread(_case_ids, ledger)
    ids = await _listed(client, wanted)
    room = asyncio.Semaphore(_AT_ONCE)

    async def described(workflow_id: str) -> OpenWorkflow | None:
        async with room:
            return await _described(client, workflow_id)

    found = await asyncio.gather(*(described(workflow_id) for workflow_id in sorted(ids)))
    unknown = sorted({each.type for each in found if each and each.type not in ENDING | LASTING})
    if unknown:
        raise SetupError(
            "move_workflow_unknown",
            f"Temporal 中有未知类型的流程 {', '.join(unknown)},无法迁移。",
            f"There are open workflows of unknown types in Temporal: {', '.join(unknown)}.",
        )
    return [each for each in found if each is not None]


def under_way(workflows: Sequence[OpenWorkflow]) -> list[OpenWorkflow]:
    """Those that must end, or come to rest, before they can be carried."""
    return [each for each in workflows if each.type in ENDING or not each.resting]


async def _listed(client: Client, wanted: frozenset[str]) -> set[str]:
    loop = asyncio.get_running_loop()
    until = loop.time() + _LISTED_SECONDS
    while True:
        running = client.list_workflows("ExecutionStatus = 'Running'")
        ids = {execution.id async for execution in running}
        missing = [case_id for case_id in sorted(wanted - ids) if not await _is_closed(client, case_id)]
        if not missing:
            return ids
        if loop.time() > until:
            raise SetupError(
                "move_case_missing",
                f"台账中 {len(missing)} 份档案没有流程(如 {missing[0]}):请先用 zhuhang verify 核对。",
                f"{len(missing)} cases of the ledger have no workflow ({missing[0]} among them): run zhuhang verify "
                "first.",
            )
        await asyncio.sleep(_LOOK_SECONDS)


def _case_ids(ledger: Engine) -> frozenset[str]:
    with Session(ledger) as session:
        return frozenset(session.exec(select(CaseRow.case_id).where(col(CaseRow.erased_at).is_(None))))


async def _is_closed(client: Client, workflow_id: str) -> bool:
    """Whether a case has ended, as one does that is being erased."""
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return False
        raise
    return described.status != WorkflowExecutionStatus.RUNNING


async def _described(client: Client, workflow_id: str) -> OpenWorkflow | None:
    """None where it has ended meanwhile."""
    described = await client.get_workflow_handle(workflow_id).describe()
    if described.status != WorkflowExecutionStatus.RUNNING:
        return None
    return OpenWorkflow(
        id=workflow_id,
        type=described.workflow_type,
        task_queue=described.task_queue,
        resting=not described.raw_description.pending_activities,
    )
