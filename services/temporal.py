"""The connection to Temporal: one client, whose payloads are encrypted and whose models are Pydantic's."""

from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
)
from temporalio.runtime import Runtime

from services.codec import EncryptionCodec
from services.settings import Settings
from services.temporal_tls import temporal_security
from services.tracing import tracing_plugins
from services.vault import Vault

# The SDK makes a payload converter for every activation of a workflow; what it is made of is made once.
_ENCODINGS = tuple(PydanticPayloadConverter().converters.values())


class PayloadConverter(CompositePayloadConverter):
    """Pydantic models as JSON."""

    def __init__(self) -> None:
        super().__init__(*_ENCODINGS)


def data_converter(vault: Vault) -> DataConverter:
    """Pydantic models as encrypted JSON; messages of failures are encrypted as well."""
    return DataConverter(
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
        **temporal_security(settings),
    )
