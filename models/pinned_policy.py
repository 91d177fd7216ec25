"""Policies as cases pin them: the same few in thousands of cases."""

import json
from contextlib import suppress
from functools import lru_cache
from typing import Annotated

from pydantic import ValidationError, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator

from models.policy import Policy

_of_document = lru_cache(maxsize=64)(Policy.model_validate_json)


def _shared(value: object, validated: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Policy:
    if info.mode == "json":
        # What is not valid is told by the validator at hand, which knows its place.
        with suppress(ValidationError):
            return _of_document(json.dumps(value, ensure_ascii=False))
    return validated(value)


PinnedPolicy = Annotated[Policy, WrapValidator(_shared)]
"""A policy that a case pins. Equal ones that are read from JSON are one object: a worker keeps thousands of cases in
memory, which pin the same few policies, each larger than all else of a case."""
