"""The single inputs of forms, each made from the type of a field."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from annotated_types import MaxLen
from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from console.texts import ZONE, _

Options = Mapping[str, str]
"""What can be chosen, by the value that is sent."""

# Longer texts get several lines.
_ONE_LINE = 300


class Part(ABC):
    """A field, or a group of them."""

    @abstractmethod
    def value(self) -> Any:
        """What was typed, as JSON; None where nothing was."""

    def draft(self) -> Any:
        """The same to begin with again, with what is empty yet."""
        return self.value()

    def typed(self) -> list[Leaf]:
        """The inputs in which something is typed, in their order on the page."""
        return []

    @abstractmethod
    def watch(self, then: Callable[[], None]) -> None:
        """Call `then` whenever anything but what is typed was changed."""

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
        self._is_typed = isinstance(element, (ui.input, ui.number, ui.textarea))
        if self._is_typed:
            element.classes("typed")

    def value(self) -> Any:
        given: Any = self._element.value
        return None if given in (None, "", []) else self._read(given)

    def typed(self) -> list[Leaf]:
        return [self] if self._is_typed else []

    def watch(self, then: Callable[[], None]) -> None:
        if not self._is_typed:
            self._element.on_value_change(then)

    def put(self, text: str) -> None:
        """Type the text."""
        if isinstance(self._element, ui.number):
            self._element.value = float(text) if text else None
        else:
            self._element.value = text

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

    def watch(self, then: Callable[[], None]) -> None:
        self._element.on_value_change(then)

    def wrong(self, path: Sequence[str], text: str) -> bool:
        ui.notify(text, type="warning")
        return True

    def right(self) -> None:
        pass


def one_of(label: str, hint: str, offered: Options, begin: Any) -> Leaf:
    """One of what is offered."""
    select = ui.select(
        dict(offered),
        label=label,
        value=begin if begin in offered else None,
        with_input=len(offered) > 8,
        clearable=True,
    )
    return Leaf(_dressed(select, hint))


def yes_or_no(label: str, hint: str, offered: Options, begin: bool | None) -> Leaf:
    """Yes, no, or nothing said; `offered` are the names of `true` and `false`."""
    begun = None if begin is None else "true" if begin else "false"
    select = ui.select(dict(offered), label=label, value=begun, clearable=True)
    return Leaf(_dressed(select, hint), lambda chosen: chosen == "true")


def several_of(label: str, hint: str, offered: Options | None, begin: Any) -> Leaf:
    """Several of what is offered, or of whatever is typed."""
    if offered is None:
        given = list(begin or [])
        chips = ui.input_chips(label, value=given)
        return Leaf(_dressed(chips, hint or _("Press Enter after each")))
    begun = [value for value in cast("list[str]", begin or []) if value in offered]
    select = ui.select(dict(offered), label=label, value=begun, multiple=True, clearable=True)
    return Leaf(_dressed(select.props("use-chips"), hint))


def typed(kind: Any, label: str, hint: str, metadata: Sequence[Any], begin: Any) -> Leaf:
    """What is typed: a number, an instant, a date, or text as long as `metadata` lets it be."""
    if kind in (int, float):
        number = ui.number(label, value=begin)
        return Leaf(_dressed(number, hint), int if kind is int else float)
    if kind is datetime:
        at = datetime.fromisoformat(begin) if isinstance(begin, str) and begin else begin
        value = at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") if isinstance(at, datetime) else ""
        moment = day_input(label, value, kind="datetime-local")
        return Leaf(
            _dressed(moment, hint), lambda text: datetime.fromisoformat(text).replace(tzinfo=ZONE).isoformat()
        )
    if kind is date:
        return Leaf(_dressed(day_input(label, str(begin or "")), hint))
    longest = next((item.max_length for item in metadata if isinstance(item, MaxLen)), None)
    if longest is not None and longest > _ONE_LINE:
        area = ui.textarea(label, value=begin or "").props(f"autogrow maxlength={longest}")
        return Leaf(_dressed(area, hint), str.strip)
    text = ui.input(label, value=begin or "").props(f"maxlength={longest}" if longest else "")
    return Leaf(_dressed(text, hint), str.strip)


def day_input(label: str, value: str, *, kind: Literal["date", "datetime-local"] = "date") -> ui.input:
    """The browser's own field of a day. While nothing is chosen it shows none of the pattern that the browser
    would write in its own language, which need not be that of the page."""
    field = ui.input(label, value=value).props(f"type={kind} stack-label")

    def mark() -> None:
        field.classes(remove="blank") if field.value else field.classes("blank")

    field.on_value_change(mark)
    mark()
    return field


def _dressed(element: Any, hint: str) -> Any:
    element.props("outlined dense bottom-slots")
    if hint:
        element.props(f'hint="{hint.replace(chr(34), "”")}"')
    return element


def values_of(kind: Any) -> list[str]:
    """What a Literal or an enumeration can be."""
    if get_origin(kind) is Literal:
        return [str(value) for value in get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return [item.value for item in kind]
    return []


def bare(annotation: Any) -> Any:
    """The type alone."""
    return unwrapped(annotation)[0]


def unwrapped(annotation: Any) -> tuple[Any, list[Any]]:
    """The type without Annotated and None, with what was annotated; of an instant or a date, the date."""
    metadata: list[Any] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            metadata += more
        elif get_origin(annotation) in (Union, UnionType):
            branches = [item for item in get_args(annotation) if item is not NoneType]
            plain = [bare(item) for item in branches]
            annotation = date if date in plain else branches[0]
        else:
            return annotation, metadata
