"""Staff and departments (人员与院系): who is there, with which room, who is away, who leaves."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from nicegui import ui

from console.frame import aria, card, empty, frame
from console.people.offboarding import show_offboarding, start_offboarding
from console.people.staff import (
    change_person,
    names_of,
    new_department,
    new_person,
    rename_department,
    staff_roles,
)
from console.texts import _, day, say
from console.visit import Visit, page
from models.case.kernel import Role
from models.views.vocabulary import vocabulary
from services.office import DepartmentView, StaffView
from services.school_day import today

_PAGE = 40


@dataclass
class _Wanted:
    """What the list shows."""

    text: str = ""
    role: str | None = None
    department: str | None = None
    departed: bool = False
    most: int = _PAGE
    staff: list[StaffView] = field(default_factory=list[StaffView])
    departments: list[DepartmentView] = field(default_factory=list[DepartmentView])

    def shown(self) -> list[StaffView]:
        return [
            item
            for item in self.staff
            if self.text in f"{item.name} {item.id}"
            and self.role in (None, item.role)
            and self.department in (None, item.department_id)
            and (self.departed or item.departed_on is None)
        ]


@page("/office", "Staff and departments", permission="staff.read")
async def office(visit: Visit) -> None:
    """The page."""
    wanted = _Wanted()

    async def again() -> None:
        wanted.staff = await visit.api.every(StaffView, "/staff")
        wanted.departments = await visit.api.every(DepartmentView, "/departments")
        people.refresh()
        colleges.refresh()

    @ui.refreshable
    def people() -> None:
        _people(visit, wanted, again, people.refresh)

    @ui.refreshable
    def colleges() -> None:
        _colleges(visit, wanted, again)

    wanted.staff = await visit.api.every(StaffView, "/staff")
    wanted.departments = await visit.api.every(DepartmentView, "/departments")
    with frame(visit, _("Staff and departments"), here="/office"), ui.element("div").classes("columns two"):
        with ui.element("div"), card(_("Staff"), icon="groups"):
            _filters(visit, wanted, people.refresh, again)
            people()
        with ui.element("div"), card(_("Departments"), icon="apartment"):
            colleges()


def _filters(
    visit: Visit, wanted: _Wanted, show: Callable[[], object], again: Callable[[], Awaitable[None]]
) -> None:
    def take(name: str, value: object) -> None:
        setattr(wanted, name, value)
        wanted.most = _PAGE
        show()

    with ui.element("div").classes("sieve"):
        ui.input(_("Name or number"), on_change=lambda event: take("text", event.value or "")).props(
            "outlined dense clearable debounce=200"
        )
        ui.select(
            dict(staff_roles()),
            label=_("Role"),
            clearable=True,
            on_change=lambda event: take("role", event.value),
        ).props("outlined dense")
        ui.select(
            dict(names_of(wanted.departments)),
            label=_("Department"),
            clearable=True,
            with_input=True,
            on_change=lambda event: take("department", event.value),
        ).props("outlined dense")
        ui.checkbox(_("also who has left"), on_change=lambda event: take("departed", event.value))
    if visit.may("staff.add"):
        with ui.element("div").classes("actions"):
            ui.button(
                _("New member of staff"),
                icon="person_add",
                on_click=lambda: new_person(visit, wanted.departments, again),
            ).props("unelevated no-caps color=primary")


def _people(
    visit: Visit, wanted: _Wanted, again: Callable[[], Awaitable[None]], show: Callable[[], object]
) -> None:
    found = wanted.shown()
    names = names_of(wanted.departments)
    ui.label(_("{count} people", count=len(found))).classes("small soft").props("aria-live=polite")
    if not found:
        empty(_("Nobody fits."), _("Take a filter away."), icon="person_search")
    for person in found[: wanted.most]:
        with ui.element("div").classes("line"):
            with ui.element("div").classes("grow"):
                with ui.row().style("gap:6px;align-items:center"):
                    ui.label(person.name).classes("strong")
                    _tags(person)
                what = [
                    say(vocabulary().role(person.role)),
                    names.get(person.department_id or "", ""),
                    person.id,
                ]
                ui.label(" · ".join(part for part in what if part)).classes("small soft")
            if person.capacity or person.load:
                _load(person)
            _menu(visit, person, wanted, again)
    if len(found) > wanted.most:

        def more() -> None:
            wanted.most += _PAGE
            show()

        ui.button(_("Show more"), on_click=more).props("flat no-caps").classes("full-width")


def _tags(person: StaffView) -> None:
    if person.departed_on:
        ui.label(_("left on {date}", date=day(person.departed_on))).classes("tag")
    elif person.absent_from and (person.absent_until is None or person.absent_until >= today()):
        until = day(person.absent_until) if person.absent_until else _("further notice")
        if person.absent_from > today():
            text = _("away from {start} until {until}", start=day(person.absent_from), until=until)
        else:
            text = _("away until {until}", until=until)
        ui.label(text).classes("tag soon")
    if person.experienced:
        ui.label(_("takes the highest risk")).classes("tag good")


def _load(person: StaffView) -> None:
    full = person.load >= person.capacity
    with ui.element("div").classes("load"):
        text = _("{load} of {capacity}", load=person.load, capacity=person.capacity)
        ui.label(text).classes("small " + ("late" if full else "soft"))
        share = min(person.load / max(person.capacity, 1), 1.0)
        ui.linear_progress(share, show_value=False, size="6px").props(
            f"rounded color={'negative' if full else 'primary'} aria-hidden=true"
        )


def _menu(visit: Visit, person: StaffView, wanted: _Wanted, again: Callable[[], Awaitable[None]]) -> None:
    own = visit.me.role != Role.DEPARTMENT_SUPERVISOR or person.department_id == visit.me.department_id
    may_change = visit.may("staff.change") and own and person.departed_on is None
    may_offboard = visit.may("staff.offboard") and own
    if not (may_change or may_offboard):
        return
    with (
        ui.button(icon="more_vert").props(
            "flat round " + aria(_("What to do with {name}", name=person.name))
        ),
        ui.menu().props("auto-close"),
    ):
        if may_change:
            ui.menu_item(
                _("Change the entry"), partial(change_person, visit, person, wanted.departments, again)
            )
        if may_offboard and person.departed_on is None:
            ui.menu_item(_("Leaves …"), partial(start_offboarding, visit, person, wanted.staff, again))
        if may_offboard:
            ui.menu_item(_("How far the leaving is"), partial(show_offboarding, visit, person))


def _colleges(visit: Visit, wanted: _Wanted, again: Callable[[], Awaitable[None]]) -> None:
    if not wanted.departments:
        empty(_("There is no department yet."), _("Add the first one, or import a roster."), icon="apartment")
    for item in wanted.departments:
        there = [person for person in wanted.staff if person.department_id == item.id]
        with ui.element("div").classes("line"):
            with ui.element("div").classes("grow"):
                ui.label(item.name).classes("strong")
                ui.label(_("{count} people", count=_present(there))).classes("small soft")
            if visit.may("office.change"):
                ui.button(icon="edit", on_click=partial(rename_department, visit, item, again)).props(
                    "flat round " + aria(_("Rename {name}", name=item.name))
                )
    if visit.may("office.change"):
        with ui.element("div").classes("actions"):
            ui.button(_("New department"), icon="add", on_click=lambda: new_department(visit, again)).props(
                "outline no-caps"
            )


def _present(people: Sequence[StaffView]) -> int:
    return sum(1 for person in people if person.departed_on is None)
