"""The live status of a case as Temporal has it now."""

import asyncio
from datetime import datetime

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from models.base import Model
from services.commands import temporal_away
from services.errors import case_unknown
from workflows.messages import CASE_STATUS, CaseStatus

_PATIENCE = 8.0


class WorkflowStatus(Model):
    """`pending` are the activities under way with their tries; `live` is None while no worker answers."""

    workflow_id: str
    run_id: str | None
    status: str
    started_at: datetime
    history_length: int
    history_bytes: int
    next_deadline: datetime | None
    pending: list[str]
    live: CaseStatus | None


class StatusReader:
    """Asks Temporal about one workflow at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def of(self, case_id: str) -> WorkflowStatus:
        """The status of a case's workflow. Raises NotFound (`case_unknown`), Unavailable."""
        handle = self._client.get_workflow_handle(case_id)
        try:
            async with asyncio.timeout(_PATIENCE):
                described = await handle.describe()
        except (RPCError, TimeoutError) as error:
            if isinstance(error, RPCError) and error.status == RPCStatusCode.NOT_FOUND:
                raise case_unknown() from None
            raise temporal_away() from None
        try:
            async with asyncio.timeout(_PATIENCE):
                live = await handle.query(CASE_STATUS, result_type=CaseStatus)
        except (RPCError, WorkflowQueryFailedError, TimeoutError):
            live = None
        info = described.raw_description.workflow_execution_info
        return WorkflowStatus(
            workflow_id=described.id,
            run_id=described.run_id,
            status=described.status.name.lower() if described.status else "unknown",
            started_at=described.start_time,
            history_length=described.history_length,
            history_bytes=info.history_size_bytes,
            next_deadline=live.next_wake if live else None,
            pending=[
                f"{item.activity_type.name} (attempt {item.attempt})"
                for item in described.raw_description.pending_activities
            ],
            live=live,
        )
