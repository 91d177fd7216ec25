"""Filters that stand in the address of a page, so that what one sees can be sent on and found again."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlencode

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from console.forms import Options
from console.links import go
from console.visit import ROOT


def filters(
    path: str, chosen: Mapping[str, str], offered: Mapping[str, tuple[str, Options]], least: int = 2
) -> None:
    """One choice for each name of `offered`, which maps to its label and options, of which there must be `least`. What
    is chosen opens the page at `path` anew."""

    def change(name: str, event: ValueChangeEventArguments[str | None]) -> None:
        go(address(path, {**chosen, name: event.value or ""}))

    with ui.element("div").classes("filters"):
        for name, (label, options) in offered.items():
            if len(options) >= least or chosen[name]:
                ui.select(
                    dict(options),
                    label=label,
                    value=chosen[name] if chosen[name] in options else None,
                    clearable=True,
                    on_change=partial(change, name),
                ).props("outlined dense").classes("filter")


def address(path: str, query: Mapping[str, str]) -> str:
    """The page with these filters."""
    given = {name: value for name, value in query.items() if value}
    return f"{ROOT}{path}" + (f"?{urlencode(given)}" if given else "")
