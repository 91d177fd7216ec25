"""Which columns a ledger has, and in which order."""

from functools import partial

from nicegui import ui

from console.frame import aria
from console.texts import _, say
from models.ledger_columns import ledger_columns
from models.views.vocabulary import vocabulary


class ColumnOrder:
    """A list of columns to add to, take from and put in order. It begins in the school's own order."""

    def __init__(self, school: list[str]) -> None:
        self._school = school or list(ledger_columns())
        self._names = {id_: say(vocabulary().field(id_, "ledger")) for id_ in ledger_columns()}
        self.ids = list(self._school)
        self._items: dict[str, ui.element] = {}

    @property
    def changed(self) -> bool:
        """Whether this is another order than the school's."""
        return self.ids != self._school

    def show(self) -> None:
        """Build it where the page stands."""
        with ui.expansion().classes("full-width column-order").props("dense") as expansion:
            self._place = ui.element("ol").classes("order")
            with ui.element("div").classes("filters"):
                self._more = ui.select([], label=_("Add a column"), with_input=True, on_change=self._added)
                self._more.props("outlined dense").classes("filter")
                ui.button(_("The school's own order"), icon="restart_alt", on_click=self._reset).props(
                    "flat no-caps"
                )
                ui.button(_("Take all out"), icon="clear_all", on_click=partial(self._begin, [])).props(
                    "flat no-caps"
                )
        self._expansion = expansion
        for id_ in self.ids:
            self._draw(id_)
        self._count()

    def _draw(self, id_: str) -> None:
        name = self._names[id_]
        with self._place, ui.element("li") as item:
            ui.label(name).classes("grow")
            for icon, label, act in (
                (
                    "vertical_align_top",
                    _("{column}: to the front", column=name),
                    partial(self._move, id_, None),
                ),
                ("arrow_upward", _("{column}: one up", column=name), partial(self._move, id_, -1)),
                ("arrow_downward", _("{column}: one down", column=name), partial(self._move, id_, 1)),
                ("close", _("{column}: take out", column=name), partial(self._remove, id_)),
            ):
                button = ui.button(icon=icon).props("flat round dense size=sm " + aria(label))
                button.on_click(partial(act, button) if icon != "close" else act)
        self._items[id_] = item

    def _move(self, id_: str, by: int | None, button: ui.button) -> None:
        at = self.ids.index(id_)
        to = 0 if by is None else min(max(at + by, 0), len(self.ids) - 1)
        self.ids.insert(to, self.ids.pop(at))
        self._items[id_].move(target_index=to)
        # What is moved on the page loses the focus, and the next press of a key would go nowhere.
        ui.run_javascript(f"document.getElementById('{button.html_id}').focus()")

    def _remove(self, id_: str) -> None:
        self.ids.remove(id_)
        self._count()
        # Last: the button that was pressed goes with it.
        self._items.pop(id_).delete()

    def _added(self) -> None:
        id_ = self._more.value
        if id_ is None:
            return
        self.ids.append(id_)
        self._draw(id_)
        self._count()

    def _reset(self) -> None:
        self._begin(list(self._school))

    def _begin(self, ids: list[str]) -> None:
        self._place.clear()
        self._items.clear()
        self.ids = list(ids)
        for id_ in self.ids:
            self._draw(id_)
        self._count()

    def _count(self) -> None:
        left = {id_: name for id_, name in self._names.items() if id_ not in self.ids}
        self._more.set_options(left, value=None)
        self._more.set_enabled(bool(left))
        self._expansion.set_text(_("Columns and their order ({count})", count=len(self.ids)))
