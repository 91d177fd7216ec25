"""Starting the digest of a school; it then runs for as long as the school is served."""

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from services.settings import Settings
from workflows.digest_messages import LOOK_AGAIN, DigestInput
from workflows.messages import DIGEST_WORKFLOW


async def start_digest(client: Client, settings: Settings) -> None:
    """Have the digest of the settings' school run; one that runs reads its schedule anew."""
    await client.start_workflow(
        DIGEST_WORKFLOW,
        DigestInput(school_id=settings.school_code),
        id=f"digest-{settings.school_code}",
        task_queue=settings.task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=LOOK_AGAIN,
    )
