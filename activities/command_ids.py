"""The id of the command that an activity works for, from the Update into the log lines of the activity."""

from collections.abc import Mapping
from typing import Any

import structlog
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

# Headers of local activities are kept nowhere. An Update's id, a hash, stands in plaintext in the history anyway.
_HEADER = "command-id"


class CommandIds(Interceptor):
    """Hands the id of an Update to the activities that it asks for."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Bound(next)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002
    ) -> type[WorkflowInboundInterceptor]:
        return _Inbound


class _Bound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        sent = input.headers.get(_HEADER)
        if sent is None:
            return await super().execute_activity(input)
        with structlog.contextvars.bound_contextvars(command_id=PayloadConverter.default.from_payload(sent)):
            return await super().execute_activity(input)


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        input.headers = _named(input.headers)
        return super().start_activity(input)

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        input.headers = _named(input.headers)
        return super().start_local_activity(input)


def _named(headers: Mapping[str, Payload]) -> Mapping[str, Payload]:
    update = workflow.current_update_info()
    if update is None:
        return headers
    return {**headers, _HEADER: PayloadConverter.default.to_payload(update.id)}
