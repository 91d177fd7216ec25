"""What a case has still to tell others."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.case.machine import Recorded
    from models.case.training import TrainingWithdrawn
    from workflows.messages import LeaveClass
    from workflows.retries import PATIENT

TELLS_ASIDE = "tells-aside"


class Effects:
    """Classes that are to be told that somebody withdrew, in order. Being told twice does them no harm."""

    def __init__(self, pending: list[LeaveClass]) -> None:
        self.pending = pending
        self._telling: asyncio.Task[None] | None = None

    @property
    def untold(self) -> bool:
        """True when somebody is to be told and nobody is at it."""
        return bool(self.pending) and self._telling is None

    def note(self, case_id: str, recorded: Sequence[Recorded]) -> None:
        for item in recorded:
            event = item.event
            if isinstance(event, TrainingWithdrawn) and event.class_id is not None:
                self.pending.append(
                    LeaveClass(
                        class_id=event.class_id,
                        case_id=case_id,
                        enrolment_id=event.enrolment_id,
                        reason=event.reason,
                    )
                )

    async def tell(self) -> None:
        """Begin to tell. A class may not answer for hours; the case's own time goes on meanwhile."""
        if workflow.patched(TELLS_ASIDE):
            self._telling = asyncio.create_task(self._tell_all())
        else:
            await self._tell_first()

    async def _tell_all(self) -> None:
        try:
            while self.pending:
                await self._tell_first()
        finally:
            self._telling = None

    async def _tell_first(self) -> None:
        effect = self.pending[0]
        await workflow.execute_activity(
            "leave_class",
            effect,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=PATIENT,
        )
        self.pending.remove(effect)
