"""The connection to Temporal: one client, whose payloads are encrypted and whose models are Pydantic's."""

from copy import copy

from temporalio.client import Client, GrpcCompression
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    SerializationContext,
)
from temporalio.runtime import Runtime

from services.codec import EncryptionCodec
from services.settings import Settings
from services.temporal_tls import temporal_security
from services.tracing import tracing_plugins
from services.vault import Vault

_ENCODINGS = PydanticPayloadConverter().converters


class PayloadConverter(CompositePayloadConverter):
    """Pydantic models as JSON. The SDK makes one for every activation of a workflow; its parts are made once."""

    def __init__(self) -> None:
        self.converters = _ENCODINGS


class _Converter(DataConverter):
    """The SDK asks for one of each workflow and activity several times for every task, and would make all parts anew
    each time; only the codec differs."""

    def with_context(self, context: SerializationContext) -> "_Converter":
        bound = copy(self)
        assert isinstance(self.payload_codec, EncryptionCodec)  # noqa: S101  (see `data_converter`)
        object.__setattr__(bound, "payload_codec", self.payload_codec.with_context(context))
        return bound


def data_converter(vault: Vault) -> DataConverter:
    """Pydantic models as encrypted JSON; messages of failures are encrypted as well."""
    return _Converter(
        payload_converter_class=PayloadConverter,
        payload_codec=EncryptionCodec(vault),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(
    settings: Settings, vault: Vault, *, lazy: bool = False, runtime: Runtime | None = None
) -> Client:
    """A client of the server in the settings. `lazy` connects on first use only; `runtime` is what the SDK tells
    its metrics by (None: the process's own, which tells none)."""
    return await Client.connect(
        settings.temporal_target,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(vault),
        lazy=lazy,
        plugins=tracing_plugins(settings),
        runtime=runtime,
        # What is sealed does not get smaller, and Temporal would unpack and pack it at every call.
        grpc_compression=GrpcCompression.NONE,
        **temporal_security(settings),
    )
