"""What waits for a supervisor's decision."""

from models.views.inbox import DeadlineEntry


class Approval(DeadlineEntry):
    """A decision to make: `clock` says of what kind, `subject` on what of the case, `since` and `due_at` for how
    long it has waited and may wait.

    `by` asked for it, or did the work, and `by_name` is that one's name; both are None for the graduate, and where
    the file comes from another department and is not to be read yet. `own`: it is one's own work, so that another
    person must decide.
    """

    by: str | None
    by_name: str | None
    own: bool
