"""What an erasure is given. Its history outlives the case's key, so nothing personal is in it."""

from models.base import Model

ERASURE_WORKFLOW = "erasure"


class ErasureOrder(Model):
    """The case whose erasure has been decided."""

    case_id: str


def erasure_workflow_id(case_id: str) -> str:
    """The id of the workflow that erases a case."""
    return f"erasure-{case_id}"
