"""What somebody looks at personal data for, or passes it on for (PIPL art. 6)."""

from functools import cache
from importlib import resources
from typing import Annotated

import yaml
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from models.base import Model


class PurposeText(Model):
    """One purpose in both languages."""

    id: str
    zh: str
    en: str


@cache
def purpose_texts() -> dict[str, PurposeText]:
    """All purposes by their id."""
    source = resources.files("models.data").joinpath("purposes.yaml")
    found = yaml.safe_load(source.read_text(encoding="utf-8"))["purposes"]
    return {item["id"]: PurposeText.model_validate(item) for item in found}


def _known(purpose: str) -> str:
    if purpose not in purpose_texts():
        raise PydanticCustomError("purpose", "Must be one of: {known}", {"known": ", ".join(purpose_texts())})
    return purpose


Purpose = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(purpose_texts())})
]
"""The id of a purpose of `purposes.yaml`."""
