"""What is asked of commands when they come, and never of those that were taken: whatever a case has taken once, it
takes again in every replay, under whatever limits of later versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import cast

import yaml
from annotated_types import MinLen
from pydantic import Field

from models.base import Model
from models.case.correction import check_correction
from models.case.follow_up import MarkLeftSchool, RecordFollowUp
from models.case.intake import ConfirmEligibility
from models.case.kernel import Command, Context, NeedsFact, Refused, Role
from models.case.machine import AnyCommand, Recorded, decide
from models.case.profile import Annotate, CorrectProfile, Profile, RecordConsent
from models.case.state import CaseState
from models.hardship import HardshipType
from models.roster.columns import roster_columns
from models.roster.text import clean


class Limits(Model):
    """The numbers of `limits.yaml`."""

    state_bytes: dict[Role, int]
    measured_from_bytes: int = Field(gt=0)
    measured_every_events: int = Field(gt=0)
    at_once: int = Field(gt=0)
    follow_up_within_days: int = Field(gt=0)
    left_within_years: int = Field(gt=0)


@cache
def limits_of_admission() -> Limits:
    """What new commands are held to."""
    source = resources.files("models.data").joinpath("limits.yaml")
    return Limits.model_validate(yaml.safe_load(source.read_text(encoding="utf-8")))


def admit(
    state: CaseState, commands: Sequence[AnyCommand], context: Context, unwritten: Sequence[Recorded] = ()
) -> None:
    """Refuse what cannot be taken now. `unwritten` are events that the ledger does not have yet.

    Raises what `decide` raises, `case_too_large`, `field_required`, `empty_text`, `value_unsound`, `hardship_twice`,
    `unknown_fields`, `left_before_study`, `too_far_ahead`.
    """
    limits = limits_of_admission()
    limit = limits.state_bytes[context.actor.role]
    asked = _size(commands)
    try:
        after, _ = decide(state, commands, context, {})
    except NeedsFact:
        # It is decided once the world has answered; all that wait meanwhile must still fit together.
        _check_given(state, commands, context.now)
        held = _size_of(state)
        _demand(held + asked, limit)
        _demand(held + asked * limits.at_once, max(limits.state_bytes.values()))
        raise
    _check_given(state, commands, context.now)
    waiting = _size(unwritten)
    if waiting or _is_time_to_measure(state, after, asked):
        size = _size_of(after)
        # What makes a file smaller that is too large is welcome.
        if waiting or (size > limit and size > _size_of(state)):
            _demand(size + waiting, limit)


def _check_given(state: CaseState, commands: Sequence[AnyCommand], now: datetime) -> None:
    for command in commands:
        if blank := sorted(_blank(command)):
            raise Refused("field_required", fields=", ".join(blank))
        match command:
            case Annotate() if not clean(command.text):
                raise Refused("empty_text")
            case CorrectProfile():
                check_correction(state, command)
            case ConfirmEligibility():
                _check_types(command)
            case RecordConsent():
                _check_fields(state, command)
            case MarkLeftSchool():
                _check_leaving(state, command)
            case RecordFollowUp():
                _check_next(state, command, now)
            case _:
                pass


def _check_types(command: ConfirmEligibility) -> None:
    # A school may know several types by its own words.
    named = Counter(item.type for item in command.hardship_types if item.type != HardshipType.OTHER)
    if twice := sorted(kind for kind, times in named.items() if times > 1):
        raise Refused("hardship_twice", types=", ".join(twice))


def _check_fields(state: CaseState, command: RecordConsent) -> None:
    rules = state.policy.disclosure
    known = rules.free.union(rules.consent, *rules.statutory.values(), Profile.model_fields)
    known |= {column.field for column in roster_columns().columns}
    if unknown := sorted(set(command.fields) - known):
        raise Refused("unknown_fields", fields=", ".join(unknown))


def _check_leaving(state: CaseState, command: MarkLeftSchool) -> None:
    since = state.profile.enrolled_on or date(state.cohort - limits_of_admission().left_within_years, 1, 1)
    if command.on is not None and command.on < since:
        raise Refused("left_before_study", on=command.on.isoformat(), since=since.isoformat())


def _check_next(state: CaseState, command: RecordFollowUp, now: datetime) -> None:
    last = state.policy.calendar.date_of(now) + timedelta(days=limits_of_admission().follow_up_within_days)
    if command.next_on is not None and command.next_on > last:
        raise Refused("too_far_ahead", on=command.next_on.isoformat(), last=last.isoformat())


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
    every = limits_of_admission().measured_every_events
    return (
        asked > limits_of_admission().measured_from_bytes or after.version // every != state.version // every
    )


def _demand(size: int, limit: int) -> None:
    if size > limit:
        raise Refused("case_too_large", limit=limit // 1024)


def _size_of(state: CaseState) -> int:
    return len(state.model_dump_json(exclude={"policy"}).encode())


def _size(items: Sequence[Command | Recorded]) -> int:
    return sum(len(item.model_dump_json().encode()) for item in items)
