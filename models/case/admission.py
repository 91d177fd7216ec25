"""What is asked of commands when they come, and never of those that were taken: whatever a case has taken once, it
takes again in every replay, under whatever limits of later versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import cast

import yaml
from annotated_types import MinLen
from pydantic import Field

from models.base import Model
from models.case.correction import check_correction
from models.case.kernel import Command, Context, NeedsFact, Refused, Role
from models.case.machine import AnyCommand, Recorded, decide
from models.case.profile import Annotate, CorrectProfile
from models.case.state import CaseState
from models.roster.text import clean


class SizeLimits(Model):
    """The numbers of `limits.yaml`."""

    state_bytes: dict[Role, int]
    measured_from_bytes: int = Field(gt=0)
    measured_every_events: int = Field(gt=0)
    at_once: int = Field(gt=0)


@cache
def size_limits() -> SizeLimits:
    """How large a case may become."""
    source = resources.files("models.data").joinpath("limits.yaml")
    return SizeLimits.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))


def admit(
    state: CaseState, commands: Sequence[AnyCommand], context: Context, unwritten: Sequence[Recorded] = ()
) -> None:
    """Refuse what cannot be taken now. `unwritten` are events that the ledger does not have yet.

    Raises what `decide` raises, `case_too_large`, `value_unsound` and `field_required`.
    """
    limits = size_limits()
    limit = limits.state_bytes[context.actor.role]
    asked = _size(commands)
    try:
        after, _ = decide(state, commands, context, {})
    except NeedsFact:
        # It is decided once the world has answered; all that wait meanwhile must still fit together.
        _check_given(state, commands)
        held = _size_of(state)
        _demand(held + asked, limit)
        _demand(held + asked * limits.at_once, max(limits.state_bytes.values()))
        raise
    _check_given(state, commands)
    waiting = _size(unwritten)
    if waiting or _is_time_to_measure(state, after, asked):
        size = _size_of(after)
        # What makes a file smaller that is too large is welcome.
        if waiting or (size > limit and size > _size_of(state)):
            _demand(size + waiting, limit)


def _check_given(state: CaseState, commands: Sequence[AnyCommand]) -> None:
    for command in commands:
        if blank := sorted(_blank(command)):
            raise Refused("field_required", fields=", ".join(blank))
        if isinstance(command, Annotate) and not clean(command.text):
            raise Refused("empty_text")
        if isinstance(command, CorrectProfile):
            check_correction(state, command)


def _blank(given: Model, where: str = "") -> Iterator[str]:
    """The texts that must be given and say nothing."""
    for name, info in type(given).model_fields.items():
        value = getattr(given, name)
        if isinstance(value, str):
            if not clean(value) and any(isinstance(item, MinLen) for item in info.metadata):
                yield where + name
        elif isinstance(value, list):
            for number, item in enumerate(cast("list[object]", value)):
                if isinstance(item, Model):
                    yield from _blank(item, f"{where}{name}.{number}.")


def _is_time_to_measure(state: CaseState, after: CaseState, asked: int) -> bool:
    """Measuring takes as long as deciding, so small commands are measured together."""
    every = size_limits().measured_every_events
    return asked > size_limits().measured_from_bytes or after.version // every != state.version // every


def _demand(size: int, limit: int) -> None:
    if size > limit:
        raise Refused("case_too_large", limit=limit // 1024)


def _size_of(state: CaseState) -> int:
    return len(state.model_dump_json(exclude={"policy"}).encode())


def _size(items: Sequence[Command | Recorded]) -> int:
    return sum(len(item.model_dump_json().encode()) for item in items)
