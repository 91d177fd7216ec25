"""The durable shell of one graduate's file. It keeps the state, one timer and the promises; the rules are in
`models.case`."""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from models.case.admission import admit
    from models.case.kernel import (
        Context,
        Fact,
        NeedsFact,
        Refused,
        ReserveMentor,
    )
    from models.case.ladder import next_wake, no_deadline_reason
    from models.case.machine import AnyCommand, Recorded, decide, open_case, pass_time, system
    from models.case.pairing import ProposeNextMentor
    from models.case.state import CaseState
    from workflows.answers import Answers
    from workflows.effects import Effects
    from workflows.erasure_messages import ErasureOrder
    from workflows.local_activities import LocalActivities
    from workflows.messages import (
        CASE_COMMAND,
        CASE_EVENTS,
        CASE_STATE,
        CASE_STATUS,
        CASE_WORKFLOW,
        Carried,
        CaseInput,
        CaseStatus,
        CommandAnswer,
        CommandRequest,
        EventsWanted,
    )
    from workflows.outbox import Outbox
    from workflows.questions import Questions
    from workflows.recent import RecentEvents
    from workflows.retries import PATIENT

TIME_BEFORE_COMMANDS = "time-before-commands"
ONE_CHOICE_AT_A_TIME = "one-choice-at-a-time"
FIRST_TASK_STANDS_ALONE = "first-task-stands-alone"
REFUSALS_COUNT = "refusals-count"
# Within so much a task that is taken for a heartbeat has been followed by the next.
_SOON = timedelta(minutes=1)


@workflow.defn(name=CASE_WORKFLOW)
class CaseWorkflow:
    @workflow.init
    def __init__(self, given: CaseInput) -> None:
        pending: list[Recorded] = []
        promised: list[Recorded] = []
        self._effects = Effects([])
        self._answers = Answers({}, {})
        self._recent = RecentEvents()
        if given.carried is not None:
            self._state = given.carried.state
            pending = given.carried.pending
            self._effects = Effects(given.carried.effects)
            self._answers = Answers(given.carried.answers, given.carried.earlier)
            self._recent = RecentEvents.of(given.carried)
        else:
            assert given.opening is not None  # noqa: S101  (an input holds one of the two)
            self._state, opened = open_case(given.opening)
            (promised if given.projected else pending).append(opened)
            self._recent.add([opened])
        # What an earlier run could not write yet takes patience.
        behind = given.carried is not None and bool(pending)
        local = LocalActivities()
        self._questions = Questions(local)
        self._outbox = Outbox(pending, lambda: self._state, local, behind=behind, promised=promised)
        self._commands = 0
        self._refused_at: int | None = None
        self._wake = next_wake(self._state)
        self._armed: datetime | None = None
        self._woken_by_timer = False

    @workflow.run
    async def run(self, given: CaseInput) -> None:
        self._set_first_task_apart()
        while True:
            await self._settle()
            if self._state.erasing:
                # All is in the ledger. From here on the erasure does what is left, once this workflow has ended.
                await self._begin_erasure()
                await workflow.wait_condition(workflow.all_handlers_finished)
                return
            if self._should_continue():
                await workflow.wait_condition(self._quiet_or_asking)
                # A handler that ended last may have left work behind.
                if workflow.all_handlers_finished() and not self._has_work():
                    workflow.continue_as_new(self.carried())
            await self._sleep()

    @workflow.update(name=CASE_COMMAND)
    async def command(self, request: CommandRequest) -> CommandAnswer:
        """Decide the commands; raises ApplicationError with the refusal's code as its type."""
        key = _update_id()
        if self._answers.knows(key):
            return await self._answer_again(key, request)
        try:
            recorded = await self._perform(request)
        except ApplicationError:
            # It stands in the history like any other.
            if workflow.patched(REFUSALS_COUNT):
                self._commands += 1
            raise
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
        self._answers.remember(key, answer)
        return answer

    @command.validator
    def check_command(self, request: CommandRequest) -> None:
        """Refuse before anything is written to the history."""
        if self._answers.knows(_update_id()):
            return
        state = self._state
        if self._is_late():
            state, _ = pass_time(state, workflow.now())
        try:
            admit(state, request.commands, self._context(request), self._outbox.pending)
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
            pending_effects=len(self._effects.pending),
            seeking_mentor=self._state.seeking_mentor,
        )

    @workflow.query(name=CASE_STATE)
    def state(self) -> CaseState:
        """The whole state, for comparing the ledger with it."""
        return self._state

    @workflow.query(name=CASE_EVENTS)
    def events(self) -> list[Recorded]:
        """The events at hand, for repairing the ledger."""
        return self._recent.in_order()

    def _context(self, request: CommandRequest) -> Context:
        return Context(request.actor, workflow.now(), request.expected_version)

    async def _perform(self, request: CommandRequest) -> list[Recorded]:
        """Decide, asking the world for facts where the rules need them; the decision itself never waits."""
        facts: dict[int, Fact] = {}
        try:
            async with AsyncExitStack() as choice:
                return await self._decide(request, facts, choice)
        except Refused as refused:
            if facts:
                # A place that was reserved for nothing is given back by writing the state again.
                await self._outbox.project(again=True)
            raise _refusal(refused) from None

    async def _decide(
        self, request: CommandRequest, facts: dict[int, Fact], choice: AsyncExitStack
    ) -> list[Recorded]:
        chooses = False
        while True:
            self._let_time_pass()
            try:
                state, recorded = decide(self._state, request.commands, self._context(request), facts)
            except NeedsFact as question:
                if isinstance(question.need, ReserveMentor) and not chooses:
                    chooses = True
                    if workflow.patched(ONE_CHOICE_AT_A_TIME):
                        await choice.enter_async_context(self._outbox.choosing())
                        # What was waited for may have settled the question.
                        continue
                facts[question.index] = await self._questions.ask(question.need)
            else:
                self._commands += 1
                self._state = state
                self._note(recorded)
                return recorded

    async def _answer_again(self, key: str, request: CommandRequest) -> CommandAnswer:
        """The answer that this key was given before; its events from the ledger where they are not at hand."""
        earlier = self._answers.earlier_of(key)
        if earlier is None:
            return self._answers.last[key]
        events: list[Recorded] = []
        if earlier.events and earlier.request_digest == request.digest:
            wanted = EventsWanted(case_id=self._state.case_id, last=earlier.version, count=earlier.events)
            events = await self._questions.ask_ledger("read_events", wanted, list[Recorded])
        return CommandAnswer(
            request_digest=earlier.request_digest, version=earlier.version, events=events, projected=True
        )

    def _set_first_task_apart(self) -> None:
        """A first task that answers a query while the ledger is written brings no command: a replay takes it for a
        heartbeat and acts in the next one's time, so that what time brings would have another moment. A marker keeps
        the two apart."""
        if self._wake is not None and self._wake <= workflow.now() + _SOON:
            workflow.patched(FIRST_TASK_STANDS_ALONE)

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
        self._recent.add(recorded)
        self._wake = next_wake(self._state)
        self._effects.note(self._state.case_id, recorded)

    async def _settle(self) -> None:
        """Everything that the case does by itself now: catching up, time's effects, seeking, telling others."""
        while True:
            if self._outbox.behind:
                await self._outbox.catch_up()
            self._state, recorded = pass_time(self._state, workflow.now())
            self._note(recorded)
            await self._outbox.project()
            if self._seeks():
                await self._by_itself(ProposeNextMentor())
            if self._effects.untold:
                await self._effects.tell()
            if not self._has_work():
                return

    async def _by_itself(self, command: AnyCommand) -> None:
        request = CommandRequest(actor=system(self._state.school_id), commands=[command])
        try:
            await self._perform(request)
        except ApplicationError as refused:
            workflow.logger.info("the case's own command was refused", extra={"code": refused.type})
            self._refused_at = self._state.version
        else:
            await self._outbox.project()

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
        return self._outbox.behind or self._seeks() or self._effects.untold

    def _seeks(self) -> bool:
        """True when the case is to ask the next mentor. One who was refused that asks again once something changes."""
        return self._state.seeking_mentor and self._state.version != self._refused_at

    def _must_rise(self) -> bool:
        sooner = self._wake is not None and (self._armed is None or self._wake < self._armed)
        return sooner or self._has_work() or self._state.erasing or self._should_continue()

    def _should_continue(self) -> bool:
        """Continue as a new run in a quiet moment, which is when the timer fires; under load only when the
        history has twice its size. Not while a class is asked: it may not answer for hours, and the end of a run
        waits for the answer."""
        if self._questions.of_classes:
            return False
        mark = self._state.policy.continue_after_commands
        worn = self._commands >= mark or workflow.info().is_continue_as_new_suggested()
        return self._commands >= 2 * mark or (worn and self._woken_by_timer)

    def _quiet_or_asking(self) -> bool:
        return workflow.all_handlers_finished() or bool(self._questions.of_classes)

    def carried(self) -> CaseInput:
        """What the next run needs to go on, wherever it runs."""
        return CaseInput(
            carried=Carried(
                state=self._state,
                pending=self._outbox.unwritten,
                effects=self._effects.pending,
                answers=self._answers.last,
                earlier=self._answers.earlier,
            )
        )


def _update_id() -> str:
    info = workflow.current_update_info()
    assert info is not None  # noqa: S101  (called from an update's handler or validator only)
    return info.id


def _refusal(refused: Refused) -> ApplicationError:
    details = {"code": refused.code, "zh": refused.zh, "en": refused.en, "details": refused.details}
    return ApplicationError(refused.en, details, type=refused.code, non_retryable=True)
