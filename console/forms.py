"""Forms made from the types of the API: one field for each of the model's, named in the language of the page. What was
typed stays until it is taken."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from annotated_types import MaxLen
from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from console.texts import ZONE, _, say
from models.views.vocabulary import vocabulary

Options = Mapping[str, str]
"""What can be chosen, by the value that is sent."""

# Longer texts get several lines.
_ONE_LINE = 300


@dataclass(frozen=True)
class Choices:
    """What is offered for fields that name something: by `owner.field`, `field` or a path such as `goals.measures`.
    `hidden` fields are not asked for; `values` are what a form begins with; `first` are asked for before the rest."""

    options: Mapping[str, Options] = field(default_factory=dict[str, Options])
    hidden: frozenset[str] = frozenset()
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    first: Sequence[str] = ()

    def of(self, owner: str, name: str) -> Options | None:
        """What is offered for a field, if it is a choice."""
        return self.options.get(f"{owner}.{name}", self.options.get(name))


class Part(ABC):
    """A field, or a group of them."""

    @abstractmethod
    def value(self) -> Any:
        """What was typed, as JSON; None where nothing was."""

    @abstractmethod
    def wrong(self, path: Sequence[str], text: str) -> bool:
        """Show what is wrong with the field at the path; whether there is one."""

    @abstractmethod
    def right(self) -> None:
        """Nothing is wrong any more."""


class Leaf(Part):
    """One input."""

    def __init__(
        self, element: ValidationElement[Any], read: Callable[[Any], Any] = lambda value: value
    ) -> None:
        self._element = element
        self._read = read
        element.without_auto_validation()

    def value(self) -> Any:
        given: Any = self._element.value
        return None if given in (None, "", []) else self._read(given)

    def wrong(self, path: Sequence[str], text: str) -> bool:
        self._element.error = text
        return True

    def right(self) -> None:
        self._element.error = None


class Flag(Part):
    """Yes or no."""

    def __init__(self, label: str, *, on: bool) -> None:
        self._element = ui.checkbox(label, value=on)

    def value(self) -> Any:
        return bool(self._element.value)

    def wrong(self, path: Sequence[str], text: str) -> bool:
        ui.notify(text, type="warning")
        return True

    def right(self) -> None:
        pass


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
            kind = _bare(info.annotation)
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
        ui.label(label).classes("strong")
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

    def _remove(self, row: tuple[ui.element, Group]) -> None:
        self._rows.remove(row)
        row[0].delete()

    def value(self) -> list[Any]:
        # A row in which nothing was typed was not meant.
        return [found for _element, group in self._rows if (found := group.value())]

    def wrong(self, path: Sequence[str], text: str) -> bool:
        filled = [group for _element, group in self._rows if group.value()]
        if len(path) > 1 and path[0].isdecimal() and int(path[0]) < len(filled):
            return filled[int(path[0])].wrong(path[1:], text)
        return False

    def right(self) -> None:
        for _element, group in self._rows:
            group.right()


class Form(Group):
    """All fields of one command or draft. `key` goes with it until it is taken, so that sending it again after a lost
    answer does nothing twice."""

    def __init__(self, model: type[BaseModel], owner: str, choices: Choices) -> None:
        with ui.column().classes("form"):
            super().__init__(model, owner, choices, choices.values)
        self.key = str(uuid.uuid4())

    def show(self, problems: Sequence[tuple[str, str]]) -> list[str]:
        """Put what is wrong at its fields, given as path and text; answers what no field is to blame for."""
        self.right()
        return [text for path, text in problems if not self.wrong(path.split("."), text)]


def _part(name: str, info: FieldInfo, owner: str, choices: Choices, begin: Any) -> Part:
    words = vocabulary()
    label = say(words.field(name, owner))
    help_ = words.field_help(name, owner)
    kind, metadata = _unwrapped(info.annotation)
    required = info.is_required()
    offered = choices.of(owner, name)
    if begin is None and not required and info.default is not None and not callable(info.default):
        begin = info.get_default(call_default_factory=True)
    shown = f"{label} *" if required and kind is not bool else label
    hint = say(help_) if help_ else ""
    if kind is bool:
        return Flag(label, on=bool(begin))
    if get_origin(kind) in (list, tuple, frozenset):
        (inner, *_rest) = get_args(kind)
        inner = _bare(inner)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return Rows(label, inner, name, choices, cast("Sequence[Mapping[str, Any]]", begin or []))
        return _several(shown, hint, offered, begin)
    if offered is None:
        values = _values(kind)
        offered = {value: say(words.choice(name, value, owner)) for value in values} if values else None
    if offered is not None:
        return _one(shown, hint, offered, begin)
    return _typed(kind, shown, hint, [*info.metadata, *metadata], begin)


def _one(label: str, hint: str, offered: Options, begin: Any) -> Leaf:
    select = ui.select(
        dict(offered),
        label=label,
        value=begin if begin in offered else None,
        with_input=len(offered) > 8,
        clearable=True,
    )
    return Leaf(_dressed(select, hint))


def _several(label: str, hint: str, offered: Options | None, begin: Any) -> Leaf:
    if offered is None:
        given = list(begin or [])
        chips = ui.input_chips(label, value=given)
        return Leaf(_dressed(chips, hint or _("Press Enter after each")))
    begun = [value for value in cast("list[str]", begin or []) if value in offered]
    select = ui.select(dict(offered), label=label, value=begun, multiple=True, clearable=True)
    return Leaf(_dressed(select.props("use-chips"), hint))


def _typed(kind: Any, label: str, hint: str, metadata: Sequence[Any], begin: Any) -> Leaf:
    if kind in (int, float):
        number = ui.number(label, value=begin)
        return Leaf(_dressed(number, hint), int if kind is int else float)
    if kind is datetime:
        value = begin.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") if isinstance(begin, datetime) else begin
        moment = ui.input(label, value=value or "").props("type=datetime-local stack-label")
        return Leaf(
            _dressed(moment, hint), lambda text: datetime.fromisoformat(text).replace(tzinfo=ZONE).isoformat()
        )
    if kind is date:
        on = ui.input(label, value=str(begin or "")).props("type=date stack-label")
        return Leaf(_dressed(on, hint))
    longest = next((item.max_length for item in metadata if isinstance(item, MaxLen)), None)
    if longest is not None and longest > _ONE_LINE:
        area = ui.textarea(label, value=begin or "").props(f"autogrow maxlength={longest}")
        return Leaf(_dressed(area, hint), str.strip)
    text = ui.input(label, value=begin or "").props(f"maxlength={longest}" if longest else "")
    return Leaf(_dressed(text, hint), str.strip)


def _dressed(element: Any, hint: str) -> Any:
    element.props("outlined dense bottom-slots")
    if hint:
        element.props(f'hint="{hint.replace(chr(34), "”")}"')
    return element


def _values(kind: Any) -> list[str]:
    """What a Literal or an enumeration can be."""
    if get_origin(kind) is Literal:
        return [str(value) for value in get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return [item.value for item in kind]
    return []


def _bare(annotation: Any) -> Any:
    return _unwrapped(annotation)[0]


def _unwrapped(annotation: Any) -> tuple[Any, list[Any]]:
    """The type without Annotated and None, with what was annotated; of an instant or a date, the date."""
    metadata: list[Any] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            metadata += more
        elif get_origin(annotation) in (Union, UnionType):
            branches = [item for item in get_args(annotation) if item is not NoneType]
            plain = [_bare(item) for item in branches]
            annotation = date if date in plain else branches[0]
        else:
            return annotation, metadata


Send = Callable[[Form], Awaitable[bool]]
"""Sends a form; whether it was taken."""
