"""The durable shell of one graduate's file. It keeps the state, one timer and the promises; the rules are in
`models.case`."""

import asyncio
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from models.case.kernel import (
        AttachmentsAnswer,
        Context,
        Fact,
        MentorAnswer,
        Need,
        NeedsFact,
        PlaceAnswer,
        Refused,
        ReserveMentor,
        ReservePlace,
    )
    from models.case.ladder import next_wake, no_deadline_reason
    from models.case.machine import AnyCommand, Recorded, decide, open_case, pass_time, system
    from models.case.pairing import ProposeNextMentor
    from models.case.state import CaseState
    from models.case.training import TrainingWithdrawn
    from workflows.erasure_messages import ErasureOrder
    from workflows.messages import (
        CASE_COMMAND,
        CASE_STATE,
        CASE_STATUS,
        CASE_WORKFLOW,
        Carried,
        CaseInput,
        CaseStatus,
        CommandAnswer,
        CommandRequest,
        LeaveClass,
    )
    from workflows.outbox import Outbox
    from workflows.retries import PATIENT, QUICK

_ANSWERS_KEPT = 32
TIME_BEFORE_COMMANDS = "time-before-commands"

F = TypeVar("F", bound=Fact)


@workflow.defn(name=CASE_WORKFLOW)
class CaseWorkflow:
    @workflow.init
    def __init__(self, given: CaseInput) -> None:
        pending: list[Recorded] = []
        self._effects: list[LeaveClass] = []
        self._answers: dict[str, CommandAnswer] = {}
        if given.carried is not None:
            self._state = given.carried.state
            pending = given.carried.pending
            self._effects = given.carried.effects
            self._answers = given.carried.answers
        else:
            assert given.opening is not None  # noqa: S101  (an input holds one of the two)
            self._state, opened = open_case(given.opening)
            pending = [] if given.projected else [opened]
        # What an earlier run could not write yet takes patience.
        behind = given.carried is not None and bool(pending)
        self._outbox = Outbox(pending, lambda: self._state, behind=behind)
        self._commands = 0
        self._wake = next_wake(self._state)
        self._armed: datetime | None = None
        self._woken_by_timer = False

    @workflow.run
    async def run(self, given: CaseInput) -> None:
        while True:
            await self._settle()
            if self._state.erasing:
                # All is in the ledger. From here on the erasure does what is left, once this workflow has ended.
                await self._begin_erasure()
                await workflow.wait_condition(workflow.all_handlers_finished)
                return
            if self._should_continue():
                await workflow.wait_condition(workflow.all_handlers_finished)
                # A handler that ended last may have left work behind.
                if not self._has_work():
                    workflow.continue_as_new(self.carried())
            await self._sleep()

    @workflow.update(name=CASE_COMMAND)
    async def command(self, request: CommandRequest) -> CommandAnswer:
        """Decide the commands; raises ApplicationError with the refusal's code as its type."""
        key = _update_id()
        if key in self._answers:
            return self._answers[key]
        recorded = await self._perform(request)
        # The projection is the only wait between the decision and the answer.
        projected = await self._outbox.project()
        answer = CommandAnswer(
            request_digest=request.digest,
            version=recorded[-1].seq if recorded else self._state.version,
            events=recorded,
            projected=projected,
        )
        workflow.logger.debug(
            "the command was decided", extra={"version": answer.version, "projected": projected}
        )
        self._remember(key, answer)
        return answer

    @command.validator
    def check_command(self, request: CommandRequest) -> None:
        """Refuse before anything is written to the history."""
        if _update_id() in self._answers:
            return
        state = self._state
        if self._is_late():
            state, _ = pass_time(state, workflow.now())
        try:
            decide(state, request.commands, self._context(request), {})
        except NeedsFact:
            return
        except Refused as refused:
            raise _refusal(refused) from None

    @workflow.query(name=CASE_STATUS)
    def status(self) -> CaseStatus:
        return CaseStatus(
            version=self._state.version,
            stage=self._state.stage,
            next_wake=self._wake,
            no_deadline_reason=no_deadline_reason(self._state),
            commands_in_run=self._commands,
            projection_behind=self._outbox.behind,
            pending_events=len(self._outbox.pending),
            pending_effects=len(self._effects),
            seeking_mentor=self._state.pairing.seeking,
        )

    @workflow.query(name=CASE_STATE)
    def state(self) -> CaseState:
        """The whole state, for comparing the ledger with it."""
        return self._state

    def _context(self, request: CommandRequest) -> Context:
        return Context(request.actor, workflow.now(), request.expected_version)

    async def _perform(self, request: CommandRequest) -> list[Recorded]:
        """Decide, asking the world for facts where the rules need them; the decision itself never waits."""
        facts: dict[int, Fact] = {}
        while True:
            self._let_time_pass()
            try:
                state, recorded = decide(self._state, request.commands, self._context(request), facts)
            except NeedsFact as question:
                facts[question.index] = await self._ask(question.need)
            except Refused as refused:
                if facts:
                    # A place that was reserved for nothing is given back by writing the state again.
                    await self._outbox.project(again=True)
                raise _refusal(refused) from None
            else:
                self._commands += 1
                self._state = state
                self._note(recorded)
                return recorded

    def _is_late(self) -> bool:
        """True when time has brought something that the timer has not told yet, as after an outage."""
        return self._wake is not None and self._wake <= workflow.now()

    def _let_time_pass(self) -> None:
        """What was due before somebody acts happens before: a reminder is not missed because its timer was late,
        and a proposal that has lapsed is not accepted. The timer itself then writes it into the ledger."""
        if self._is_late() and workflow.patched(TIME_BEFORE_COMMANDS):
            self._state, recorded = pass_time(self._state, workflow.now())
            self._note(recorded)

    def _note(self, recorded: list[Recorded]) -> None:
        self._outbox.add(recorded)
        self._wake = next_wake(self._state)
        for item in recorded:
            event = item.event
            if isinstance(event, TrainingWithdrawn) and event.class_id is not None:
                self._effects.append(
                    LeaveClass(
                        class_id=event.class_id,
                        case_id=self._state.case_id,
                        enrolment_id=event.enrolment_id,
                        reason=event.reason,
                    )
                )

    async def _ask(self, need: Need) -> Fact:
        if isinstance(need, ReservePlace):
            return await workflow.execute_activity(
                "reserve_place",
                need,
                result_type=PlaceAnswer,
                start_to_close_timeout=timedelta(seconds=20),
                retry_policy=PATIENT,
            )
        if isinstance(need, ReserveMentor):
            return await self._ask_ledger("reserve_mentor", need, MentorAnswer)
        return await self._ask_ledger("name_attachments", need, AttachmentsAnswer)

    async def _ask_ledger(self, activity: str, need: Need, answer: type[F]) -> F:
        """Ask the ledger by a local activity of a few milliseconds, and with patience where that fails."""
        try:
            return await workflow.execute_local_activity(
                activity,
                need,
                result_type=answer,
                schedule_to_close_timeout=timedelta(seconds=5),
                retry_policy=QUICK,
            )
        except FailureError:
            return await workflow.execute_activity(
                activity,
                need,
                result_type=answer,
                start_to_close_timeout=timedelta(seconds=30),
                retry_policy=PATIENT,
            )

    async def _settle(self) -> None:
        """Everything that the case does by itself now: catching up, time's effects, seeking, telling others."""
        while True:
            if self._outbox.behind:
                await self._outbox.catch_up()
            self._state, recorded = pass_time(self._state, workflow.now())
            self._note(recorded)
            await self._outbox.project()
            if self._state.pairing.seeking:
                await self._by_itself(ProposeNextMentor())
            if self._effects:
                await self._tell(self._effects[0])
            if not self._has_work():
                return

    async def _by_itself(self, command: AnyCommand) -> None:
        request = CommandRequest(actor=system(self._state.school_id), commands=[command])
        try:
            await self._perform(request)
        except ApplicationError as refused:
            workflow.logger.info("the case's own command was refused", extra={"code": refused.type})
        else:
            await self._outbox.project()

    async def _tell(self, effect: LeaveClass) -> None:
        await workflow.execute_activity(
            "leave_class",
            effect,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=PATIENT,
        )
        self._effects.remove(effect)

    async def _begin_erasure(self) -> None:
        await workflow.execute_activity(
            "begin_erasure",
            ErasureOrder(case_id=self._state.case_id),
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=PATIENT,
        )

    async def _sleep(self) -> None:
        """Wait for work or for the armed time. The timer is armed anew only when something is due sooner."""
        self._armed = self._wake
        self._woken_by_timer = False
        timeout = None if self._armed is None else max(self._armed - workflow.now(), timedelta())
        try:
            await workflow.wait_condition(self._must_rise, timeout=timeout)
        except asyncio.TimeoutError:  # noqa: UP041  (workflow.wait_condition documents this one)
            self._woken_by_timer = True

    def _has_work(self) -> bool:
        return self._outbox.behind or self._state.pairing.seeking or bool(self._effects)

    def _must_rise(self) -> bool:
        sooner = self._wake is not None and (self._armed is None or self._wake < self._armed)
        return sooner or self._has_work() or self._state.erasing or self._should_continue()

    def _should_continue(self) -> bool:
        """Continue as a new run in a quiet moment, which is when the timer fires; under load only when the
        history has twice its size."""
        mark = self._state.policy.continue_after_commands
        worn = self._commands >= mark or workflow.info().is_continue_as_new_suggested()
        return self._commands >= 2 * mark or (worn and self._woken_by_timer)

    def carried(self) -> CaseInput:
        """What the next run needs to go on, wherever it runs."""
        return CaseInput(
            carried=Carried(
                state=self._state,
                pending=self._outbox.pending,
                effects=self._effects,
                answers=self._answers,
            )
        )

    def _remember(self, key: str, answer: CommandAnswer) -> None:
        self._answers[key] = answer
        while len(self._answers) > _ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]


def _update_id() -> str:
    info = workflow.current_update_info()
    assert info is not None  # noqa: S101  (called from an update's handler or validator only)
    return info.id


def _refusal(refused: Refused) -> ApplicationError:
    details = {"code": refused.code, "zh": refused.zh, "en": refused.en, "details": refused.details}
    return ApplicationError(refused.en, details, type=refused.code, non_retryable=True)
