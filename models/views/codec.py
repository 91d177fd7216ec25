"""Payloads as Temporal's remote codec protocol exchanges them: bytes in base64."""

from base64 import b64encode

from pydantic import Base64Bytes, Field

from models.base import Model


class EncodedPayload(Model):
    """One payload. `metadata` names how `data` is encoded."""

    metadata: dict[str, Base64Bytes] = Field(default_factory=dict[str, Base64Bytes], max_length=20)
    data: Base64Bytes = b""

    @classmethod
    def of(cls, metadata: dict[str, bytes], data: bytes) -> "EncodedPayload":
        """The payload with these bytes."""
        encoded = {name: b64encode(value) for name, value in metadata.items()}
        return cls.model_validate({"metadata": encoded, "data": b64encode(data)})


class EncodedPayloads(Model):
    """What Temporal's web pages send and show."""

    payloads: list[EncodedPayload] = Field(max_length=1000)
