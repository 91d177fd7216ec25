"""Carrying a case's events into the ledger: fast while the database is there, never lost while it is not."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from models.case.machine import Recorded
    from models.case.state import CaseState
    from workflows.local_activities import LocalActivities
    from workflows.messages import AnyProjection, Projection
    from workflows.retries import PATIENT

_QUICK_LIMIT = timedelta(seconds=3)
_PATIENT_TRY = timedelta(seconds=30)


class Outbox:
    """Events that are durable in the workflow and may not be in the ledger yet, in order.

    `promised` are events that somebody else writes. They are written once more with the first of the case's own,
    as who promised it may have died before, and finds the case in the ledger when trying again.
    """

    def __init__(
        self,
        pending: list[Recorded],
        state: Callable[[], CaseState],
        local: LocalActivities,
        *,
        behind: bool,
        promised: Sequence[Recorded] = (),
    ) -> None:
        self.pending = pending
        self._promised = list(promised)
        self.behind = behind
        self._state = state
        self._local = local
        self._turn = asyncio.Lock()
        self._choice = asyncio.Lock()
        self._is_choosing = False

    @asynccontextmanager
    async def choosing(self) -> AsyncGenerator[None]:
        """Within, a mentor's place is reserved and decided upon. One command does so at a time, nothing is being
        written when it begins, and what is written meanwhile leaves the reservation as it is."""
        async with self._choice:
            async with self._turn:
                self._is_choosing = True
            try:
                yield
            finally:
                self._is_choosing = False

    @property
    def unwritten(self) -> list[Recorded]:
        """What is not known to be in the ledger."""
        return self._promised + self.pending

    def add(self, events: list[Recorded]) -> None:
        self.pending += events

    async def project(self, *, again: bool = False) -> bool:
        """Write what is pending by a local activity of a few milliseconds; True when the ledger has it all.

        After a failure the ledger counts as behind: commands are answered at once, and `catch_up` writes
        with patience. `again` writes the state even without new events, which gives a reserved place back.
        """
        if self.behind:
            # `catch_up` has the turn, perhaps for hours: the answer does not wait for it.
            return False
        async with self._turn:
            if self.behind:
                return False
            if not self.pending and not again:
                return True
            sent = list(self.pending)
            try:
                projection = AnyProjection.of(self._projection(sent))
                await self._local.execute("project", projection, _QUICK_LIMIT)
            except FailureError:
                # A failed local activity arrives as the activity's own error, not as an ActivityError.
                self.behind = True
                return False
            self._written(sent)
            return True

    async def catch_up(self) -> None:
        """Write everything pending, however long the database is away."""
        async with self._turn:
            while self.behind:
                sent = list(self.pending)
                await workflow.execute_activity(
                    "project",
                    self._projection(sent),
                    start_to_close_timeout=_PATIENT_TRY,
                    retry_policy=PATIENT,
                )
                self._written(sent)
                self.behind = bool(self.pending)

    def _projection(self, events: list[Recorded]) -> Projection:
        # With none of its own it only gives back a place, which the ledger tells by its having no events.
        together = self._promised + events if events else []
        return Projection(state=self._state(), events=together, choosing=self._is_choosing)

    def _written(self, events: list[Recorded]) -> None:
        del self.pending[: len(events)]
        if events:
            self._promised = []
