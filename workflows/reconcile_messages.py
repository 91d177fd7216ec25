"""What the reconciler is given and answers."""

from typing import Literal

from models.base import Model

RECONCILE_WORKFLOW = "reconcile"


class Cursor(Model):
    """How far a round has come: through the ledger, after a case; then through Temporal's list, after a page."""

    of: Literal["ledger", "temporal"] = "ledger"
    after: str = ""


class ReconcileInput(Model):
    """A school, where to go on, and after how many seconds."""

    school_id: str
    wait_seconds: int
    cursor: Cursor = Cursor()


class SliceInput(Model):
    """The slice to compare."""

    school_id: str
    cursor: Cursor


class SliceResult(Model):
    """Where the next slice begins, and after how many seconds."""

    cursor: Cursor
    wait_seconds: int
