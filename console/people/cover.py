"""Who stands in for whom while somebody is away."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from console.forms import Choices, Form, Options
from console.frame import empty
from console.sheet import ask_first, open_sheet
from console.texts import _, day
from console.visit import Visit
from models.case.kernel import Role
from services.delegations import DelegationDraft, DelegationView
from services.office import StaffView

Again = Callable[[], Awaitable[None]]
_MENTORS = frozenset({Role.MENTOR, Role.COUNSELOR, Role.DEPARTMENT_SUPERVISOR})
_SUPERVISORS = frozenset({Role.DEPARTMENT_SUPERVISOR, Role.SCHOOL_SUPERVISOR})


def cover_lines(visit: Visit, delegations: Sequence[DelegationView], again: Again) -> None:
    """A line for each that counts or will; `again` after one was ended."""
    running = [item for item in delegations if item.revoked_at is None]
    if not running:
        empty(
            _("Nobody stands in for you."),
            _("Name a colleague before you go away, so that nobody waits."),
            icon="event_available",
        )
    for item in running:
        with ui.element("div").classes("line"):
            with ui.element("div").classes("grow"):
                ui.label(
                    _("{who} stands in for {whom}", who=visit.name(item.to_id), whom=visit.name(item.from_id))
                ).classes("strong")
                ui.label(f"{day(item.from_on)} – {day(item.until_on)} · {item.reason}").classes("small soft")
            if item.active:
                ui.label(_("now")).classes("tag good")
            ui.button(_("End"), on_click=_asking(visit, item, again)).props('outline no-caps padding="xs md"')


def _asking(visit: Visit, item: DelegationView, again: Again) -> Callable[[], None]:
    async def end() -> None:
        await visit.api.send("DELETE", f"/delegations/{item.id}")
        ui.notify(_("It has ended."), type="positive")
        await again()

    return lambda: ask_first(
        _("End it now?"),
        _("{who} sees the files no longer.", who=visit.name(item.to_id)),
        _("End"),
        end,
    )


async def new_cover(visit: Visit, again: Again, from_id: str | None = None) -> None:
    """The form of a new one, for the mentor `from_id` where it is known already."""
    wide = visit.me.role == Role.SCHOOL_SUPERVISOR
    staff = await visit.api.every(StaffView, "/staff", department=None if wide else visit.me.department_id)
    mentors: Options = {
        item.id: item.name for item in staff if item.role in _MENTORS and item.departed_on is None
    }
    supervises = visit.me.role in _SUPERVISORS

    async def send(form: Form) -> None:
        await visit.api.post(DelegationView, "/delegations", form.value())
        ui.notify(_("Done."), type="positive")
        await again()

    open_sheet(
        _("Have somebody stand in"),
        DelegationDraft,
        "delegation",
        Choices(
            options={
                "delegation.to_id": {id_: name for id_, name in mentors.items() if id_ != visit.me.actor_id},
                "delegation.from_id": mentors,
            },
            hidden=frozenset() if supervises else frozenset({"from_id"}),
            values={"from_id": from_id} if from_id else {},
        ),
        send,
        text=_("Who stands in reads and acts in the cases as the mentor does, until the date."),
    )
