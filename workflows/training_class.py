"""The durable shell of one training class. The rules are in `models.training_class`."""

import asyncio
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from models.calendar import Calendar
    from models.case.kernel import PlaceAnswer, ReservePlace
    from models.training_class import (
        ClassRefused,
        Tell,
        TrainingClassState,
        close_waiting,
        forget,
        leave,
        obey,
        reserve,
        told,
    )
    from workflows.class_messages import (
        CLASS_COMMAND,
        FORGET,
        LEAVE,
        RESERVE,
        ClassRequest,
        TellAnswer,
        TellInput,
    )
    from workflows.erasure_messages import ErasureOrder
    from workflows.messages import TRAINING_WORKFLOW, LeaveClass
    from workflows.retries import UNHURRIED

EACH_BY_ITSELF = "each-by-itself"
_TRY = timedelta(seconds=30)
# How long an owner's command waits for the list to show it.
_SHOWN = timedelta(seconds=3)


@workflow.defn(name=TRAINING_WORKFLOW)
class TrainingClassWorkflow:
    @workflow.init
    def __init__(self, given: TrainingClassState) -> None:
        self._state = given
        self._shown = 0
        self._telling: dict[str, asyncio.Task[None]] = {}

    @workflow.run
    async def run(self, given: TrainingClassState) -> TrainingClassState:
        while True:
            await self._settle()
            if self._state.status != "open":
                await workflow.wait_condition(self._over_or_has_work)
                if not self._has_work():
                    return self._state
            elif workflow.info().is_continue_as_new_suggested():
                await workflow.wait_condition(workflow.all_handlers_finished)
                if not self._has_work():
                    workflow.continue_as_new(self.carried())
            else:
                await self._sleep()

    def carried(self) -> TrainingClassState:
        """What the next run needs to go on, wherever it runs."""
        return self._state

    @workflow.update(name=RESERVE)
    async def reserve(self, need: ReservePlace) -> PlaceAnswer:
        """A place or a waiting place; `class_over` in the answer's problem."""
        try:
            self._state, entry = reserve(self._state, need.case_id, need.enrolment_id, self._today())
        except ClassRefused:
            return PlaceAnswer(place=None, problem="class_over")
        place = "waiting" if entry.status == "waiting" else "enrolled"
        return PlaceAnswer(place=place, course=self._state.course)

    @workflow.update(name=LEAVE)
    async def leave(self, left: LeaveClass) -> None:
        """Somebody has withdrawn."""
        self._state = leave(self._state, left.case_id, left.enrolment_id)

    @workflow.update(name=FORGET)
    async def forget(self, order: ErasureOrder) -> None:
        """Somebody's file is erased."""
        self._state = forget(self._state, order.case_id)

    @workflow.update(name=CLASS_COMMAND)
    async def command(self, request: ClassRequest) -> TrainingClassState:
        """Obey the owner; raises ApplicationError with the refusal's code as its type."""
        try:
            self._state = obey(self._state, request.command, self._today())
        except ClassRefused as refused:
            raise _refusal(refused) from None
        version = self._state.version
        # The command stands; only the list may be late.
        try:
            await workflow.wait_condition(lambda: self._shown >= version, timeout=_SHOWN)
        except asyncio.TimeoutError:  # noqa: UP041  (workflow.wait_condition documents this one)
            workflow.logger.info("the list of classes is behind")
        return self._state

    @command.validator
    def check_command(self, request: ClassRequest) -> None:
        """Refuse before anything is written to the history."""
        try:
            obey(self._state, request.command, self._today())
        except ClassRefused as refused:
            raise _refusal(refused) from None

    async def _settle(self) -> None:
        """Show the class in the list and tell the cases, until there is nothing left to do."""
        while True:
            if not self._state.waiting_closed and workflow.now() >= self._end():
                self._state = close_waiting(self._state)
            if self._shown < self._state.version:
                state = self._state
                await workflow.execute_activity(
                    "project_class", state, start_to_close_timeout=_TRY, retry_policy=UNHURRIED
                )
                self._shown = state.version
            if self._untold():
                if workflow.patched(EACH_BY_ITSELF):
                    for case_id in self._untold():
                        self._telling[case_id] = asyncio.create_task(self._tell_all(case_id))
                else:
                    await self._tell(self._state.tells[0])
            if not self._has_work():
                return

    def _untold(self) -> list[str]:
        """The cases that are to be told something and whom nobody is telling it, in order."""
        waiting = (tell.case_id for tell in self._state.tells)
        return list(dict.fromkeys(case_id for case_id in waiting if case_id not in self._telling))

    async def _tell_all(self, case_id: str) -> None:
        """Tell one case all that it is to be told. It may not answer for hours; the others do not wait for it."""
        try:
            while tell := next((each for each in self._state.tells if each.case_id == case_id), None):
                await self._tell(tell)
        finally:
            del self._telling[case_id]

    async def _tell(self, tell: Tell) -> None:
        answer = await workflow.execute_activity(
            "tell_case",
            TellInput(school_id=self._state.school_id, tell=tell),
            result_type=TellAnswer,
            start_to_close_timeout=_TRY,
            retry_policy=UNHURRIED,
        )
        self._state = told(self._state, tell, answer.problem)

    async def _sleep(self) -> None:
        """Wait for work or for the end of the last day."""
        timeout = None if self._state.waiting_closed else max(self._end() - workflow.now(), timedelta())
        try:
            await workflow.wait_condition(self._has_work, timeout=timeout)
        except asyncio.TimeoutError:  # noqa: UP041  (workflow.wait_condition documents this one)
            workflow.logger.info("the last day of the class is over")

    def _has_work(self) -> bool:
        return self._shown < self._state.version or bool(self._untold())

    def _over_or_has_work(self) -> bool:
        return workflow.all_handlers_finished() and (self._has_work() or not self._telling)

    def _today(self) -> date:
        return workflow.now().astimezone(_zone()).date()

    def _end(self) -> datetime:
        return datetime.combine(self._state.ends_on + timedelta(days=1), time(), _zone())


def _zone() -> ZoneInfo:
    return Calendar().zone


def _refusal(refused: ClassRefused) -> ApplicationError:
    details: dict[str, object] = {
        "code": refused.code,
        "zh": refused.zh,
        "en": refused.en,
        "details": {},
    }
    return ApplicationError(refused.en, details, type=refused.code, non_retryable=True)
