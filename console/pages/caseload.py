"""Caseload (负载): what each mentor carries against the room there is, who is away, and what could be evened out.
By name or by free room only: nobody is ranked (三不得)."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from functools import partial

from nicegui import ui

from console.frame import aria, card, empty, frame
from console.links import link
from console.live import live
from console.people.cover import new_cover
from console.people.offboarding import show_offboarding, start_offboarding
from console.people.staff import change_person
from console.redrawn import Redrawn
from console.supervision.filters import address, filters
from console.supervision.rebalancing import rebalancing
from console.texts import _, day, say
from console.visit import Visit, page
from models.case.kernel import Role
from models.views.supervision import Caseload, Rebalance
from models.views.vocabulary import vocabulary
from services.office import DepartmentView, StaffView
from services.school_day import today

Again = Callable[[], Awaitable[None]]


@page("/caseload", "Caseload", permission="supervision.read")
async def caseload_page(visit: Visit, department: str = "", uncovered: str = "", sort: str = "") -> None:
    """The page; its filters stand in the address."""
    chosen = {"department": department, "uncovered": uncovered, "sort": sort}
    offered = {
        "uncovered": (
            _("Presence"),
            {"true": _("Away, nobody stands in"), "false": _("There, or somebody stands in")},
        ),
        "sort": (_("Order"), {"name": _("By name"), "room": _("Most free places first")}),
    }
    departments = await visit.api.every(DepartmentView, "/departments")
    if visit.me.role == Role.SCHOOL_SUPERVISOR:
        offered = {"department": (_("Department"), {item.id: item.name for item in departments}), **offered}
    with frame(visit, _("Caseload"), here="/caseload"):
        filters("/caseload", chosen, offered)

        @Redrawn
        async def content() -> None:
            people = await visit.api.every(
                Caseload, "/supervision/caseload", department=department, uncovered=uncovered
            )
            found = await visit.api.get(Rebalance, "/supervision/rebalance", department=department)
            await visit.learn_names(item.department_id for item in people)
            _figures(people)
            staff = await visit.api.every(StaffView, "/staff")
            rebalancing(visit, found, content.refresh)
            menu = partial(_menu, visit, staff, departments, content.refresh)
            _list(visit, sorted(people, key=_by_room if sort == "room" else _by_name), menu)

        await content()
        live.watch(lambda change: change.school_id == visit.me.school_id, content.refresh)


def _by_name(item: Caseload) -> tuple[str, str]:
    return item.name, item.staff_id


def _by_room(item: Caseload) -> tuple[int, str]:
    return item.load - item.capacity, item.staff_id


def _figures(people: Sequence[Caseload]) -> None:
    alone = sum(item.uncovered for item in people)
    with ui.element("div").classes("figures"):
        for what, number, tone in (
            (_("Mentors"), len(people), ""),
            (_("Open cases"), sum(item.open_cases for item in people), ""),
            (_("Free places"), sum(max(item.capacity - item.load, 0) for item in people if _there(item)), ""),
            (_("Away, nobody stands in"), alone, "late" if alone else ""),
        ):
            with ui.element("div").classes("figure"):
                ui.label(str(number)).classes(f"number {tone}")
                ui.label(what).classes("what")


def _there(item: Caseload) -> bool:
    return item.departed_on is None and not _away(item, today())


def _away(item: Caseload, on: date) -> bool:
    if item.absent_from is None or item.absent_from > on:
        return False
    return item.absent_until is None or item.absent_until >= on


def _list(visit: Visit, people: Sequence[Caseload], menu: Callable[[Caseload], None]) -> None:
    with card(_("Mentors"), icon="groups"):
        if not people:
            empty(_("No mentor is listed here."), _("Change the filters, or add staff."), icon="groups")
        for item in people:
            with ui.element("div").classes("line").style("flex-wrap:nowrap"):
                with ui.element("div").classes("grow"):
                    with ui.row().style("gap:6px;align-items:center"):
                        link(item.name, address("/cases", {"mentor": item.staff_id, "open": "true"})).classes(
                            "strong"
                        )
                        _tags(item)
                    ui.label(_about(visit, item)).classes("small soft")
                with ui.row().style("gap:8px;align-items:center;flex-wrap:nowrap"):
                    if item.overdue:
                        ui.label(_("{count} overdue", count=item.overdue)).classes("tag late")
                    _load(item)
                    menu(item)


def _menu(
    visit: Visit,
    staff: Sequence[StaffView],
    departments: Sequence[DepartmentView],
    again: Again,
    item: Caseload,
) -> None:
    """Absence, who stands in, and leaving."""
    person = next((found for found in staff if found.id == item.staff_id), None)
    if person is None or not visit.may("staff.change"):
        return
    with (
        ui.button(icon="more_vert").props("flat round " + aria(_("What to do with {name}", name=item.name))),
        ui.menu().props("auto-close"),
    ):
        if item.departed_on is None:
            ui.menu_item(_("Absence and capacity"), partial(change_person, visit, person, departments, again))
        ui.menu_item(_("Have somebody stand in"), partial(new_cover, visit, again, item.staff_id))
        if item.departed_on is None and visit.may("staff.offboard"):
            ui.menu_item(_("Leaves …"), partial(start_offboarding, visit, person, staff, again))
        if visit.may("staff.offboard"):
            ui.menu_item(_("How far the leaving is"), partial(show_offboarding, visit, person))


def _about(visit: Visit, item: Caseload) -> str:
    about = {
        "role": say(vocabulary().role(item.role)),
        "department": visit.name(item.department_id) or _("Whole school"),
        "open": item.open_cases,
    }
    if item.waiting_proposals:
        return _(
            "{role} · {department} · {open} open, {asked} to answer", asked=item.waiting_proposals, **about
        )
    return _("{role} · {department} · {open} open", **about)


def _tags(item: Caseload) -> None:
    if item.departed_on is not None:
        ui.label(_("left on {date}", date=day(item.departed_on))).classes("tag")
    elif item.absent_from is not None and (item.absent_until is None or item.absent_until >= today()):
        until = day(item.absent_until) if item.absent_until else _("further notice")
        if item.absent_from > today():
            text = _("away from {start} until {until}", start=day(item.absent_from), until=until)
        else:
            text = _("away until {until}", until=until)
        ui.label(text).classes("tag soon")
    if item.uncovered:
        ui.label(_("nobody stands in")).classes("tag late")


def _load(item: Caseload) -> None:
    full = item.load > item.capacity
    with ui.column().style("gap:2px;width:76px;flex:none"):
        text = _("{load} of {capacity}", load=item.load, capacity=item.capacity)
        ui.label(text).classes("small late" if full else "small soft")
        share = min(item.load / max(item.capacity, 1), 1.0)
        ui.linear_progress(share, show_value=False, size="6px").props(
            f"rounded color={'negative' if full else 'primary'} aria-hidden=true"
        )
