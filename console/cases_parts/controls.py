"""The controls above a list of cases: search, filters, order."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments, ValueChangeEventArguments

from console.cases_parts.filters import RISKS, STAGES, WHETHER, Wanted
from console.frame import aria
from console.inputs import day_input
from console.texts import ZONE, _, say
from console.visit import Visit
from models.access import access_policy
from models.hardship import hardship_types
from models.views.vocabulary import vocabulary
from services.office import DepartmentView, StaffView

Changed = Callable[[], Awaitable[None]]
_MENTORS = frozenset({"mentor", "counselor", "department_supervisor", "school_supervisor"})
_SCHOOL_WIDE = "school_supervisor"


class Controls:
    """What can be chosen, and the inputs."""

    def __init__(self, visit: Visit, wanted: Wanted, changed: Changed) -> None:
        self._visit, self._wanted, self._changed = visit, wanted, changed
        self._departments: Mapping[str, str] = {}
        self._mentors: Mapping[str, str] = {}
        self.search: ui.input

    async def load(self) -> None:
        """Learn the departments and people that one can filter by."""
        visit = self._visit
        if visit.me.role == _SCHOOL_WIDE:
            found = await visit.api.every(DepartmentView, "/departments")
            self._departments = {item.id: item.name for item in found}
        if visit.me.role != "mentor" and visit.may("staff.read"):
            staff = await visit.api.every(StaffView, "/staff", department=visit.me.department_id)
            self._mentors = {item.id: item.name for item in staff if item.role in _MENTORS}

    def show(self, *, search: bool = True) -> None:
        """Build the inputs."""
        with ui.element("search").classes("controls"):
            if search:
                self._search()
            self._selects()

    def _search(self) -> None:
        hint = _("Exact: full name, student number, ID number or phone; then Enter")
        with ui.element("div").classes("control-search"):
            self.search = (
                ui.input(_("Search"), on_change=self._searching)
                .props("outlined dense clearable bottom-slots type=search maxlength=100")
                .props(f'hint="{hint}"')
                .classes("full-width find")
                .on("keydown.enter", self._entered, js_handler="event => emit(event.target.value)")
                .on("clear", self._cleared)
            )
            with self.search.add_slot("append"):
                ui.button(icon="search", on_click=self._changed).props(
                    "flat dense round " + aria(_("Search"))
                )

    async def _entered(self, event: GenericEventArguments) -> None:
        # What was typed last may still be on its way.
        self._wanted.q = str(event.args)
        await self._changed()

    async def _cleared(self) -> None:
        self._wanted.q = ""
        await self._changed()

    def _searching(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._wanted.q = event.value or ""

    def _selects(self) -> None:
        words = vocabulary()
        self._select("stage", {stage: say(words.stage(stage)) for stage in STAGES}, several=True)
        self._select("risk_level", {risk: say(words.choice("risk_level", risk)) for risk in RISKS})
        if _sees_hardship(self._visit):
            types = {item.id.value: say(words.hardship(item.id)) for item in hardship_types().types}
            self._select("hardship_type", types)
        if self._mentors:
            self._select("mentor", self._mentors)
        if self._departments:
            self._select("department", self._departments)
        year = datetime.now(ZONE).year
        self._select("cohort", {str(item): str(item) for item in range(year + 2, year - 4, -1)})
        due = day_input(_("Due before"), self._wanted.given.get("due_before", ""))
        due.on_value_change(partial(self._chosen, "due_before"))
        due.props("outlined dense clearable").classes("control")
        only = {name: _WHETHER[name]() for name in WHETHER}
        ui.select(only, label=_("Only"), value=self._wanted.true, multiple=True, on_change=self._only).props(
            "outlined dense options-dense"
        ).classes("control")
        self.chips()

    @ui.refreshable_method
    def chips(self) -> None:
        """What a link narrowed the list to, and can be taken away."""
        if not self._wanted.beyond:
            return
        with ui.element("div").classes("chips"):
            for name, value in self._wanted.beyond.items():
                ui.chip(_said(name, value), removable=True).props("outline").on(
                    "remove", partial(self._drop, name)
                )

    async def _drop(self, name: str) -> None:
        self._wanted.put(name, None)
        await self._changed()

    async def _only(self, event: ValueChangeEventArguments[list[str] | None]) -> None:
        self._wanted.true = event.value or []
        await self._changed()

    def _select(self, name: str, options: Mapping[str, str], *, several: bool = False) -> None:
        given = self._wanted.given.get(name)
        begin: Any = self._wanted.stages if several else given if given in options else None
        select = ui.select(
            dict(options),
            label=_LABELS[name](),
            value=begin,
            multiple=several,
            clearable=True,
            with_input=len(options) > 12,
            on_change=partial(self._chosen, name),
        )
        select.props("outlined dense options-dense").classes("control")

    async def _chosen(self, name: str, event: ValueChangeEventArguments[Any]) -> None:
        if name == "stage":
            self._wanted.stages = list(event.value or [])
        else:
            self._wanted.put(name, event.value)
        await self._changed()


_LABELS: Mapping[str, Callable[[], str]] = {
    "stage": lambda: _("Stage"),
    "risk_level": lambda: _("Risk level"),
    "hardship_type": lambda: _("Hardship type"),
    "mentor": lambda: _("Mentor"),
    "department": lambda: _("Department"),
    "cohort": lambda: _("Cohort"),
}


_WHETHER: Mapping[str, Callable[[], str]] = {
    "overdue": lambda: _("Overdue"),
    "open": lambda: _("Being helped"),
    "unassigned": lambda: _("Without a mentor"),
    "unserved": lambda: _("Not served yet"),
    "package_complete": lambda: _("Service package complete"),
    "left_school": lambda: _("Left school"),
    "settled": lambda: _("Settled"),
}


def _said(name: str, value: str) -> str:
    words = vocabulary()
    if name in _WHETHER:
        return _("not: {what}", what=_WHETHER[name]())
    if name == "primary_type":
        return _("counted as {type}", type=say(words.hardship(value)))
    return say(words.choice(name, value))


def _sees_hardship(visit: Visit) -> bool:
    """Whether the list may be narrowed by what its lines tell this person. The API decides."""
    policy = access_policy()
    return any("hardship" in policy.standings[item] for item in policy.stands(visit.me.role))
