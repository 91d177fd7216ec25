"""The connection to Temporal: one client, whose payloads are encrypted and whose models are Pydantic's."""

import dataclasses

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes

from services.codec import EncryptionCodec
from services.keys import Keys
from services.settings import Settings


def data_converter(keys: Keys) -> DataConverter:
    """Pydantic models as encrypted JSON; messages of failures are encrypted as well."""
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=EncryptionCodec(keys.derive("temporal")),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(settings: Settings, keys: Keys, *, lazy: bool = False) -> Client:
    """A client of the server in the settings. `lazy` connects on first use only."""
    return await Client.connect(
        settings.temporal_target,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(keys),
        lazy=lazy,
    )
