"""The base of every value of the domain: immutable, closed to unknown fields, and plain JSON."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer


class Model(BaseModel):
    """An immutable value. Unknown fields are refused, so that a misspelt one is never silently dropped; infinite
    numbers too, which JSON cannot hold. The text of an error, which may be logged, names no value."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


Codes = Annotated[frozenset[str], PlainSerializer(sorted, return_type=list[str])]
"""A set of codes. Serialised in order, so that equal documents are equal byte for byte."""

Dates = Annotated[frozenset[date], PlainSerializer(sorted, return_type=list[date])]
