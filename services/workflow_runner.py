"""What workflows run in: the SDK's sandbox, which catches what would break a replay years later, or plainly."""

import compileall
from collections.abc import Sequence
from importlib import resources
from typing import Any

from temporalio.api.enums.v1 import CommandType
from temporalio.converter import (
    SerializationContext,
    StorageDriverStoreContext,
    WorkflowSerializationContext,
)
from temporalio.worker import (
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info

_OF_OTHERS = frozenset(
    {
        CommandType.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
        CommandType.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
        CommandType.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION,
        CommandType.COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION,
    }
)
_NOT_STORED_ELSEWHERE = StorageDriverStoreContext(target=None)


def workflow_runner(*, sandboxed: bool) -> WorkflowRunner:
    """What runs workflows. The sandbox takes the pure core and Pydantic as they are: they hold no state. Plainly, all
    workflows of a process share the modules of `workflows` as well."""
    if not sandboxed:
        return _Runner(UnsandboxedWorkflowRunner())
    # Every workflow imports its module anew. Where Python keeps no bytecode it would also compile it anew, which takes
    # longer than all else of its start; where this may not write either, it still does.
    compileall.compile_dir(str(resources.files("workflows")), quiet=2)
    restrictions = SandboxRestrictions.default.with_passthrough_modules(
        "models", "pydantic", "pydantic_core", "yaml", "annotated_types"
    )
    return _Runner(SandboxedWorkflowRunner(restrictions=restrictions))


class _Runner(WorkflowRunner):
    """One of the SDK's runners, which is asked for activations only.

    The SDK asks the workflow several times for each payload to whom the payload belongs, which has a converter made
    for each activity, and in the sandbox costs as much as a small activation. Our codec looks at the workflow's id
    alone, which is known outside.
    """

    def __init__(self, inner: WorkflowRunner) -> None:
        self._inner = inner

    def prepare_workflow(self, defn: Any) -> None:
        self._inner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Instance(self._inner.create_instance(det), det.info)

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._inner.set_worker_level_failure_exception_types(types)


class _Instance(WorkflowInstance):
    def __init__(self, inner: WorkflowInstance, info: Info) -> None:
        self._inner = inner
        self._own = WorkflowSerializationContext(namespace=info.namespace, workflow_id=info.workflow_id)

    def activate(self, act: Any) -> Any:
        return self._inner.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        if command_info is not None and command_info.command_type in _OF_OTHERS:
            return self._inner.get_serialization_context(command_info)
        return self._own

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        return _NOT_STORED_ELSEWHERE

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()
