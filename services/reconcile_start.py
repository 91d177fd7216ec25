"""Starting the reconciler of a school; it then runs for as long as the school is served."""

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from services.settings import Settings
from workflows.reconcile_messages import RECONCILE_WORKFLOW, ReconcileInput


async def start_reconciler(client: Client, settings: Settings) -> None:
    """Have the ledger of the settings' school compared with its cases from now on. Raises RPCError."""
    await client.start_workflow(
        RECONCILE_WORKFLOW,
        ReconcileInput(school_id=settings.school_code, wait_seconds=settings.reconcile_seconds),
        id=f"reconcile-{settings.school_code}",
        task_queue=settings.task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
