"""Carrying an open workflow to another Temporal server, as it is carried from one run to the next.

What it holds is read by replaying its history here: nothing is asked of its worker and nothing changes in it.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pydantic import BaseModel
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory
from temporalio.common import WorkflowIDReusePolicy
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from models.training_class import TrainingClassState
from services.codec import EncryptionCodec
from services.move.open_workflows import OpenWorkflow
from services.settings import SetupError
from services.vault import Vault
from workflows.case import CaseWorkflow
from workflows.digest_messages import DELIVERY_WORKFLOW, DeliveryInput, DigestInput
from workflows.messages import CASE_WORKFLOW, DIGEST_WORKFLOW, TRAINING_WORKFLOW, CaseInput
from workflows.reconcile_messages import RECONCILE_WORKFLOW, ReconcileInput
from workflows.training_class import TrainingClassWorkflow

_INPUTS: dict[str, type[BaseModel]] = {
    CASE_WORKFLOW: CaseInput,
    TRAINING_WORKFLOW: TrainingClassState,
    DIGEST_WORKFLOW: DigestInput,
    DELIVERY_WORKFLOW: DeliveryInput,
    RECONCILE_WORKFLOW: ReconcileInput,
}
# What the others hold is in their input: they do over what they did since, and find it done.
_STATEFUL = (CASE_WORKFLOW, TRAINING_WORKFLOW)


class Carrier:
    """Carries the workflows of one installation."""

    def __init__(
        self, source: Client, source_vault: Vault, target: Client, target_vault: Vault, task_queue: str
    ) -> None:
        self._source = source
        self._source_vault = source_vault
        self._target = target
        self._target_vault = target_vault
        self._task_queue = task_queue
        self._seen = _Seen()
        self._replayer = Replayer(
            workflows=[CaseWorkflow, TrainingClassWorkflow],
            namespace=source.namespace,
            data_converter=source.data_converter,
            interceptors=[self._seen],
            # The instance is looked at afterwards, which the sandbox would not allow.
            workflow_runner=UnsandboxedWorkflowRunner(),
        )

    async def carry(self, given: OpenWorkflow) -> None:
        """Start the workflow on the target with what it holds on the source, and read there that it has it. One that
        an earlier try started stays. Raises SetupError (`move_unsettled`, `move_differs`), RPCError."""
        handle = self._source.get_workflow_handle(given.id)
        held = await self._held(given, await handle.fetch_history())
        memo = await (await handle.describe()).memo()
        with suppress(WorkflowAlreadyStartedError):
            await self._target.start_workflow(
                given.type,
                held,
                id=given.id,
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                memo=memo or None,
            )
        events = self._target.get_workflow_handle(given.id).fetch_history_events(page_size=1)
        brought = await _input(given, await anext(events), self._target_vault)
        if brought != held:
            raise SetupError(
                "move_differs",
                f"流程 {given.id} 在两端不一致:请放弃此次迁移(--give-up),换用空的目标重新迁移。",
                f"The workflow {given.id} is not the same on both sides: give this move up (--give-up) and move to an "
                "empty target.",
            )

    async def _held(self, given: OpenWorkflow, history: WorkflowHistory) -> BaseModel:
        """What the workflow would hand to its next run."""
        events = _committed(history.events)
        begun = any(event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED for event in events)
        if given.type not in _STATEFUL or not begun:
            return await _input(given, events[0], self._source_vault)
        if _has_open_updates(events):
            raise SetupError(
                "move_unsettled",
                f"流程 {given.id} 中还有办理未完成:请稍后再次执行 zhuhang move。",
                f"Something is still under way in the workflow {given.id}: run zhuhang move again in a while.",
            )
        await self._replayer.replay_workflow(WorkflowHistory(given.id, events))
        return self._seen.instances.pop(given.id).carried()


class _Seen(Interceptor):
    """Keeps the workflows that were replayed, by their ids."""

    def __init__(self) -> None:
        self.instances: dict[str, CaseWorkflow | TrainingClassWorkflow] = {}

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002  (the SDK's name)
    ) -> type[WorkflowInboundInterceptor]:
        instances = self.instances

        class Inbound(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
                instances[workflow.info().workflow_id] = workflow.instance()
                return await super().execute_workflow(input)

        return Inbound


def _committed(events: Sequence[HistoryEvent]) -> list[HistoryEvent]:
    """The history without a task that a worker had taken up and not answered."""
    kept = list(events)
    while kept[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
        kept.pop()
    return kept


def _has_open_updates(events: Sequence[HistoryEvent]) -> bool:
    accepted = {
        event.event_id
        for event in events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
    }
    completed = {
        event.workflow_execution_update_completed_event_attributes.accepted_event_id
        for event in events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED
    }
    return bool(accepted - completed)


async def _input(given: OpenWorkflow, started: HistoryEvent, vault: Vault) -> BaseModel:
    """What the workflow was started with."""
    payloads = list(started.workflow_execution_started_event_attributes.input.payloads)
    plain = await EncryptionCodec(vault, given.id).decode(payloads)
    return PydanticPayloadConverter().from_payloads(plain, [_INPUTS[given.type]])[0]
