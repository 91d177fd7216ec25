"""What each column of a roster is taken for, and the way to say otherwise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from console.frame import aria
from console.texts import _, say
from models.roster.columns import field_of, roster_columns
from models.views.imports import ImportView
from models.views.vocabulary import vocabulary

State = Literal["read", "unrecognised", "duplicate", "left_out"]


@dataclass(frozen=True)
class Column:
    """A column of the file: its header, the field that it is read as or "", and how that came about."""

    header: str
    field: str
    state: State


def columns_of(view: ImportView, corrections: Mapping[str, str]) -> list[Column]:
    """The columns as an import read them."""
    found: list[Column] = []
    for column in view.columns:
        state: State = "read"
        if column.field is None:
            said = corrections.get(column.header)
            duplicate = column.header in view.duplicate_columns
            state = "duplicate" if duplicate else "left_out" if said == "" else "unrecognised"
        found.append(Column(column.header, column.field or "", state))
    return found


def columns_found(headers: Sequence[str], corrections: Mapping[str, str]) -> list[Column]:
    """The columns of a file in which no header was found, from what stood where it was looked for."""
    fields = {header: corrections.get(header, field_of(header) or "") for header in headers}
    return [Column(header, field, "read" if field else "unrecognised") for header, field in fields.items()]


def show_columns(columns: Sequence[Column], said: Callable[[str, str], None]) -> None:
    """The columns, each with the choice of what it is; `said` is told the header and the field, "" for none."""
    marks = {
        "read": None,
        "unrecognised": (_("Not recognised"), "soon"),
        "duplicate": (_("Another column is read for this"), "late"),
        "left_out": (_("Left out"), ""),
    }
    offered = {"": _("Do not read")} | {
        column.field: say(vocabulary().field(column.field, "import")) for column in roster_columns().columns
    }
    shown: set[str] = set()

    def chosen(header: str, event: ValueChangeEventArguments[str | None]) -> None:
        said(header, event.value or "")

    with ui.element("div").classes("roster-columns"):
        for column in columns:
            with ui.element("div").classes("roster-column"):
                with ui.element("div").classes("roster-header"):
                    ui.label(column.header)
                    mark = marks[column.state]
                    if mark is not None:
                        ui.label(mark[0]).classes(f"tag {mark[1]}")
                if column.header in shown:
                    # Two columns of one name cannot be told apart by it.
                    ui.label(_("Give it another name in the file to read it.")).classes("small soft")
                    continue
                shown.add(column.header)
                ui.select(
                    offered, value=column.field, with_input=True, on_change=partial(chosen, column.header)
                ).props("outlined dense " + aria(_("{header} is read as", header=column.header)))
