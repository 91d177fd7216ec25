"""What a batch's workflow is given: its id. What is asked of the cases never enters its history."""

BATCH_WORKFLOW = "batch"


def batch_workflow_id(batch_id: str) -> str:
    """The id of the workflow that works a batch off."""
    return f"batch-{batch_id}"
