"""Forms made from the types of the API: one field for each of the model's, named in the language of the page. What was
typed stays until it is taken."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast, get_args, get_origin

from nicegui import ui
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from console.inputs import (
    Flag,
    Leaf,
    Options,
    Part,
    bare,
    one_of,
    several_of,
    typed,
    unwrapped,
    values_of,
    yes_or_no,
)
from console.texts import _, say
from models.views.vocabulary import vocabulary


@dataclass(frozen=True)
class Choices:
    """What is offered for fields that name something: by `owner.field`, `field` or a path such as `goals.measures`.
    `hidden` fields are not asked for; `values` are what a form begins with; `first` are asked for before the rest."""

    options: Mapping[str, Options] = field(default_factory=dict[str, Options])
    hidden: frozenset[str] = frozenset()
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    first: Sequence[str] = ()

    def beginning(self, more: Mapping[str, Any]) -> Choices:
        """The same, with more that a form begins with."""
        return replace(self, values={**self.values, **more})

    def of(self, owner: str, name: str) -> Options | None:
        """What is offered for a field, if it is a choice."""
        return self.options.get(f"{owner}.{name}", self.options.get(name))


class Group(Part):
    """The fields of a model."""

    def __init__(
        self, model: type[BaseModel], owner: str, choices: Choices, begin: Mapping[str, Any]
    ) -> None:
        self.parts: dict[str, Part] = {}
        self._constant: dict[str, Any] = {}
        order = [*(name for name in choices.first if name in model.model_fields), *model.model_fields]
        for name in dict.fromkeys(order):
            info = model.model_fields[name]
            kind = bare(info.annotation)
            if get_origin(kind) is Literal and len(get_args(kind)) == 1:
                self._constant[name] = get_args(kind)[0]
            elif name in choices.hidden or f"{owner}.{name}" in choices.hidden:
                if name in begin:
                    self._constant[name] = begin[name]
            else:
                self.parts[name] = _part(name, info, owner, choices, begin.get(name))

    def value(self) -> dict[str, Any]:
        found = {name: part.value() for name, part in self.parts.items()}
        return self._constant | {name: value for name, value in found.items() if value is not None}

    def draft(self) -> dict[str, Any]:
        return {name: part.draft() for name, part in self.parts.items()}

    def typed(self) -> list[Leaf]:
        return [leaf for part in self.parts.values() for leaf in part.typed()]

    def watch(self, then: Callable[[], None]) -> None:
        for part in self.parts.values():
            part.watch(then)

    def wrong(self, path: Sequence[str], text: str) -> bool:
        return bool(path) and path[0] in self.parts and self.parts[path[0]].wrong(path[1:], text)

    def right(self) -> None:
        for part in self.parts.values():
            part.right()


class Rows(Part):
    """A list of groups, of which more can be added."""

    def __init__(
        self,
        label: str,
        model: type[BaseModel],
        owner: str,
        choices: Choices,
        begin: Sequence[Mapping[str, Any]],
    ) -> None:
        self._model, self._owner, self._choices = model, owner, choices
        self._rows: list[tuple[ui.element, Group]] = []
        self._then: Callable[[], None] = lambda: None
        ui.label(label).classes("strong")
        self._told = ui.column().classes("full-width")
        self._place = ui.column().classes("full-width").style("gap:8px")
        ui.button(_("Add: {what}", what=label), icon="add", on_click=lambda: self._add({})).props(
            "flat dense no-caps"
        )
        for row in begin or [{}]:
            self._add(row)

    def _add(self, begin: Mapping[str, Any]) -> None:
        with self._place, ui.column().classes("group") as element:
            group = Group(self._model, self._owner, self._choices, begin)
            row = (element, group)
            ui.button(_("Remove"), icon="delete", on_click=lambda: self._remove(row)).props(
                "flat dense no-caps color=negative"
            ).classes("self-end")
        self._rows.append(row)
        group.watch(self._then)
        self._then()

    def _remove(self, row: tuple[ui.element, Group]) -> None:
        self._rows.remove(row)
        row[0].delete()
        self._then()

    def value(self) -> list[Any]:
        # A row in which nothing was typed was not meant.
        return [found for _element, group in self._rows if (found := group.value())]

    def draft(self) -> list[Any]:
        return [group.draft() for _element, group in self._rows]

    def typed(self) -> list[Leaf]:
        return [leaf for _element, group in self._rows for leaf in group.typed()]

    def watch(self, then: Callable[[], None]) -> None:
        self._then = then
        for _element, group in self._rows:
            group.watch(then)

    def wrong(self, path: Sequence[str], text: str) -> bool:
        if not path:
            with self._told:
                ui.label(text).classes("trouble").props("role=alert")
            return True
        filled = [group for _element, group in self._rows if group.value()]
        if len(path) > 1 and path[0].isdecimal() and int(path[0]) < len(filled):
            return filled[int(path[0])].wrong(path[1:], text)
        return False

    def right(self) -> None:
        self._told.clear()
        for _element, group in self._rows:
            group.right()


class Form(Group):
    """All fields of one command or draft. `key` goes with it until it is taken, so that sending it again after a lost
    answer does nothing twice."""

    def __init__(self, model: type[BaseModel], owner: str, choices: Choices) -> None:
        with ui.column().classes("form"):
            super().__init__(model, owner, choices, choices.values)
        self.key = str(uuid.uuid4())

    def type_again(self, texts: Sequence[str]) -> None:
        """Type what was typed before into the inputs, in their order; nothing where there are others now."""
        typed = self.typed()
        if len(typed) == len(texts):
            for leaf, text in zip(typed, texts, strict=True):
                leaf.put(text)

    def show(self, problems: Sequence[tuple[str, str]]) -> list[str]:
        """Put what is wrong at its fields, given as path and text; answers what no field is to blame for."""
        self.right()
        return [text for path, text in problems if not self.wrong(path.split("."), text)]


def _part(name: str, info: FieldInfo, owner: str, choices: Choices, begin: Any) -> Part:
    words = vocabulary()
    label = say(words.field(name, owner))
    help_ = words.field_help(name, owner)
    kind, metadata = unwrapped(info.annotation)
    required = info.is_required()
    offered = choices.of(owner, name)
    if begin is None and not required and info.default is not None and not callable(info.default):
        begin = info.get_default(call_default_factory=True)
    shown = f"{label} *" if required and kind is not bool else label
    hint = say(help_) if help_ else ""
    if kind is bool and (required or begin is not None):
        return Flag(label, on=bool(begin))
    if kind is bool:
        # Where nothing was said so far, an empty box would say no.
        named = {value: say(words.choice(name, value, owner)) for value in ("true", "false")}
        return yes_or_no(shown, hint, named, begin)
    if get_origin(kind) in (list, tuple, frozenset):
        (inner, *_rest) = get_args(kind)
        inner = bare(inner)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return Rows(label, inner, name, choices, cast("Sequence[Mapping[str, Any]]", begin or []))
        return several_of(shown, hint, offered, begin)
    if offered is None:
        values = values_of(kind)
        offered = {value: say(words.choice(name, value, owner)) for value in values} if values else None
    if offered is not None:
        return one_of(shown, hint, offered, begin)
    return typed(kind, shown, hint, [*info.metadata, *metadata], begin)
