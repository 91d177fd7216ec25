"""Encryption of everything that goes into Temporal: each workflow's payloads under the workflow's own key."""

import asyncio
from collections.abc import Iterable, Sequence

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from services.data_key import DataKey, KeyDestroyed, KeyMissing, SealBroken
from services.errors import Conflict
from services.vault import CASE_PREFIX, Vault

ENCODING = b"binary/encrypted"
_CONTEXT = "temporal"
# What belongs to no workflow, such as a schedule's description.
_NO_WORKFLOW = "temporal"


class NotSealed(Conflict):
    """A payload came in plaintext; nothing that Zhuhang writes does."""

    def __init__(self) -> None:
        super().__init__(
            "payload_not_sealed",
            "Temporal 中的内容未加密，不予读取。",
            "A payload in Temporal is not encrypted and is not read.",
        )


class EncryptionCodec(PayloadCodec, WithSerializationContext):
    """Seals under the key of the workflow at hand and opens under the key that the payload names.

    Only opening a case makes its key. Other workflows get theirs on first use.
    """

    def __init__(self, vault: Vault, subject: str = _NO_WORKFLOW) -> None:
        self._vault = vault
        self._subject = subject

    def with_context(self, context: SerializationContext) -> "EncryptionCodec":
        """The codec of one workflow; what happens in an activity belongs to the workflow that asked for it."""
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            return EncryptionCodec(self._vault, context.workflow_id or _NO_WORKFLOW)
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises KeyDestroyed, KeyMissing, Unavailable (`keys_unavailable`)."""
        key = self._vault.at_hand(subject=self._subject) or await asyncio.to_thread(self._sealing_key)
        return [self._seal(key, payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Raises KeyDestroyed, KeyMissing, NotSealed, SealBroken, Unavailable (`keys_unavailable`)."""
        return [await self._open(payload) for payload in payloads]

    def _sealing_key(self) -> DataKey:
        try:
            return self._vault.key(self._subject)
        except KeyMissing:
            # A key store restored without a case's key must show, not go on with another key.
            if self._subject.startswith(CASE_PREFIX):
                raise
        if self._vault.ensure([self._subject]):
            raise KeyDestroyed(self._subject)
        return self._vault.key(self._subject)

    def _seal(self, key: DataKey, payload: Payload) -> Payload:
        algorithm = self._vault.algorithm
        return Payload(
            metadata={
                "encoding": ENCODING,
                "key-id": key.key_id.encode(),
                "algorithm": algorithm.value.encode(),
            },
            data=key.seal(algorithm, payload.SerializeToString(), _CONTEXT),
        )

    async def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            raise NotSealed
        key_id = sealed_with(payload)
        key = self._vault.at_hand(key_id=key_id) or await asyncio.to_thread(self._vault.key_by_id, key_id)
        if self._subject not in (key.subject, _NO_WORKFLOW):
            # Another workflow's payload was put here.
            raise SealBroken(self._subject)
        return opened(key, payload)


def sealed_with(payload: Payload) -> str:
    """The id of the key that a payload names."""
    return payload.metadata["key-id"].decode("ascii", "replace") if "key-id" in payload.metadata else ""


def opened(key: DataKey, payload: Payload) -> Payload:
    """What was sealed by the key. Raises SealBroken."""
    algorithm = (
        payload.metadata["algorithm"].decode("ascii", "replace") if "algorithm" in payload.metadata else ""
    )
    try:
        return Payload.FromString(key.open(algorithm, payload.data, _CONTEXT))
    except DecodeError:
        raise SealBroken(key.subject) from None
