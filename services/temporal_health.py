"""Is Temporal there, and does a worker serve the cases?"""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from services.settings import Settings, SetupError
from services.temporal_tls import temporal_security

CONNECT_SECONDS = 5.0
# A worker polls anew each minute at least; the server remembers pollers for five, so also dead ones.
POLLER_FRESH = timedelta(seconds=90)


async def check_temporal(settings: Settings, timeout_seconds: float = CONNECT_SECONDS) -> Client:
    """A client of the Temporal server in use, which answers and knows the namespace.

    Raises `SetupError` `temporal_unreachable` or `temporal_namespace_missing`.
    """
    target, namespace = settings.temporal_target, settings.temporal_namespace
    try:
        async with asyncio.timeout(timeout_seconds):
            client = await Client.connect(target, namespace=namespace, **temporal_security(settings))
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=namespace), timeout=timedelta(seconds=timeout_seconds)
            )
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise SetupError(
                "temporal_namespace_missing",
                f"Temporal({target})中没有命名空间 {namespace}:请先创建,或修改 TEMPORAL_NAMESPACE。",
                f"Temporal at {target} has no namespace {namespace}: create it or change TEMPORAL_NAMESPACE.",
            ) from None
        raise temporal_unreachable(settings) from None
    except (TimeoutError, RuntimeError, OSError):
        raise temporal_unreachable(settings) from None
    return client


async def worker_seen(client: Client, settings: Settings) -> bool:
    """Whether a worker polled the task queue lately.

    Raises `temporalio.service.RPCError` when Temporal does not answer.
    """
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=settings.temporal_namespace,
            task_queue=TaskQueue(name=settings.task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        ),
        timeout=timedelta(seconds=CONNECT_SECONDS),
    )
    since = datetime.now(UTC) - POLLER_FRESH
    return any(poller.last_access_time.ToDatetime(UTC) > since for poller in answer.pollers)


def temporal_unreachable(settings: Settings) -> SetupError:
    """That nobody answers at Temporal's address, or, over TLS, nobody whose certificate counts and who takes ours."""
    target, over_tls = settings.temporal_target, settings.temporal_over_tls
    zh = ",证书(ZHUHANG_TEMPORAL_TLS_…)是否为该服务所认" if over_tls else ""
    en = ", and that the certificates of ZHUHANG_TEMPORAL_TLS_… are those of this server" if over_tls else ""
    return SetupError(
        "temporal_unreachable",
        f"连不上 Temporal({target}):请检查该服务是否在运行,以及 TEMPORAL_ADDRESS 是否正确{zh}。",
        f"Temporal does not answer at {target}: check that it runs and that TEMPORAL_ADDRESS is right{en}.",
    )
