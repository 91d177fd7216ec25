"""One masked field of a file, plain, for a purpose that is recorded."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, JsonValue, StringConstraints

from models.base import Model
from models.case.kernel import Actor
from models.masks import masked
from models.purposes import Purpose
from models.views.case import case_view
from services.access import plain_groups
from services.actors import graduate_actor_id
from services.errors import Unprocessable
from services.ledger import LedgerReader
from services.masking import personal_parts

_OF_EVENT = re.compile(r"event\.([0-9]{1,9})\.(.+)")


class UnmaskDraft(Model):
    """`field` as a file or an event lists it under `masked`; of an event with its number: `event.12.content`."""

    field: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    purpose: Purpose
    note: str | None = Field(default=None, max_length=500)


class Unmasked(Model):
    """The one value that was asked for; several where the field occurs more than once."""

    case_id: str
    field: str
    value: JsonValue


def unmasked(ledger: LedgerReader, actor: Actor, case_id: str, field: str, now: datetime) -> Unmasked:
    """The value of a field that this person sees masked.

    Raises NotFound (`case_unknown`), CaseErased, Unprocessable (`field_not_masked`).
    """
    state = ledger.state(actor, case_id)
    of_event = _OF_EVENT.fullmatch(field)
    if of_event is None:
        name, data = field, personal_parts(case_view(state, now, graduate_actor_id(case_id)))
    else:
        name, data = of_event[2], ledger.event_data(actor, case_id, int(of_event[1]))
    _, hidden = masked(data, plain_groups(actor, state))
    if name not in hidden:
        raise Unprocessable(
            "field_not_masked",
            f"没有可查看原文的脱敏字段：{field}。",
            f"There is no masked field {field} here.",
            masked=sorted(hidden),
        )
    values = list(_values(data, name))
    return Unmasked(case_id=case_id, field=field, value=values[0] if len(values) == 1 else values)


def _values(data: Any, name: str) -> Iterator[JsonValue]:
    """Everything that stands under the name, wherever it stands; `other.x` stands under `other`."""
    if isinstance(data, list):
        for item in data:  # pyright: ignore[reportUnknownVariableType]
            yield from _values(item, name)
    elif isinstance(data, dict):
        for key, value in data.items():  # pyright: ignore[reportUnknownVariableType]
            rest = name.removeprefix(f"{key}.")
            if key == name:
                yield value
            elif rest != name and isinstance(value, dict):
                yield from _values(value, rest)
            else:
                yield from _values(value, name)
