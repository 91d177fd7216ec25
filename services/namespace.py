"""The namespace that holds the cases in Temporal."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.service import ConnectConfig, RPCError, RPCStatusCode, ServiceClient

from services.settings import Settings
from services.temporal_tls import temporal_security

_SECONDS = timedelta(seconds=10)


async def register_namespace(settings: Settings) -> bool:
    """Make the namespace of the settings where it is absent, and have it keep what has ended as long as they say.

    Whether it was made now. Raises `temporalio.service.RPCError`, or RuntimeError when nobody answers.
    """
    security = temporal_security(settings)
    service = await ServiceClient.connect(
        ConnectConfig(target_host=settings.temporal_target, tls=security["tls"], api_key=security["api_key"])
    )
    name = settings.temporal_namespace
    kept = Duration()
    kept.FromTimedelta(timedelta(days=settings.temporal_retention_days))
    workflows = service.workflow_service
    try:
        found = await workflows.describe_namespace(DescribeNamespaceRequest(namespace=name), timeout=_SECONDS)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
    else:
        if found.config.workflow_execution_retention_ttl != kept:
            config = NamespaceConfig(workflow_execution_retention_ttl=kept)
            await workflows.update_namespace(
                UpdateNamespaceRequest(namespace=name, config=config), timeout=_SECONDS
            )
        return False
    try:
        await workflows.register_namespace(
            RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=kept),
            timeout=_SECONDS,
        )
    except RPCError as error:
        if error.status != RPCStatusCode.ALREADY_EXISTS:  # somebody else was quicker
            raise
        return False
    return True
