"""How far the ledger is behind the cases, and how late what time brings comes to stand there."""

import time
from datetime import datetime
from threading import Lock

from models.case.ladder import RungReached, due_of
from services.metrics import CASES_BEHIND, LATENESS, PROJECTION_FAILURES, PROJECTION_LAG
from workflows.messages import Projection

# A case that is behind tries again within seconds; one not heard of for this long (seconds) has another worker.
_HEARD = 120.0


class ProjectionWatch:
    """Hears of each try of this process to write a case to the ledger. Safe for threads."""

    def __init__(self) -> None:
        self._behind: dict[str, float] = {}
        self._lock = Lock()
        CASES_BEHIND.set_function(self.behind)

    def catching_up(self, projection: Projection) -> None:
        """The events could not be written at once and are tried with patience."""
        with self._lock:
            self._behind[projection.state.case_id] = time.monotonic()

    def failed(self, error: Exception) -> None:
        """The events could not be written now. This may be heard late, of a try that was given up long ago."""
        PROJECTION_FAILURES.labels(type(error).__name__).inc()

    def written(self, projection: Projection, now: datetime) -> None:
        """The events stand in the ledger."""
        state = projection.state
        if self._behind:
            with self._lock:
                self._behind.pop(state.case_id, None)
        for item in projection.events:
            PROJECTION_LAG.observe(max((now - item.at).total_seconds(), 0.0))
            if isinstance(item.event, RungReached) and (due := due_of(state, item.event)) is not None:
                LATENESS.labels(item.event.rung).observe(max((now - due).total_seconds(), 0.0))

    def behind(self) -> float:
        """How many cases this process could not write yet."""
        since = time.monotonic() - _HEARD
        with self._lock:
            self._behind = {case_id: at for case_id, at in self._behind.items() if at > since}
            return len(self._behind)
