"""Somebody leaves: what is moved, to whom, and how far it is."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from console.backend import Refusal
from console.forms import Choices, Form
from console.links import link
from console.sheet import open_sheet
from console.texts import _, moment, say
from console.visit import ROOT, Visit
from models.case.kernel import Refused, Role
from services.offboarding import OffboardingDraft, OffboardingView
from services.office import StaffView

Again = Callable[[], Awaitable[None]]
_MENTORS = frozenset({Role.MENTOR, Role.COUNSELOR, Role.DEPARTMENT_SUPERVISOR})
_LOOK_SECONDS = 2.0


def start_offboarding(visit: Visit, person: StaffView, staff: Sequence[StaffView], again: Again) -> None:
    """The form, which says first what will be moved and where there is room."""
    others = [
        item for item in staff if item.role in _MENTORS and item.departed_on is None and item.id != person.id
    ]
    near = [item for item in others if item.department_id == person.department_id]
    free = sum(max(item.capacity - item.load, 0) for item in near)
    successors = {
        item.id: _("{name} · {load} of {capacity}", name=item.name, load=item.load, capacity=item.capacity)
        for item in [*near, *(item for item in others if item not in near)]
    }

    async def send(form: Form) -> None:
        await visit.api.post(OffboardingView, f"/staff/{person.id}/offboarding", form.value())
        await again()
        await show_offboarding(visit, person)

    open_sheet(
        _("{name} leaves", name=person.name),
        OffboardingDraft,
        "offboarding",
        Choices(options={"successor_id": successors}),
        send,
        text=_(
            "{cases} cases are moved; colleagues of the department have {free} free places. No new case comes"
            " to the leaver from now on.",
            cases=person.load,
            free=free,
        ),
        button=_("Begin"),
    )


async def show_offboarding(visit: Visit, person: StaffView) -> None:
    """How far it is, as it goes on."""
    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("sheet"):
        title = _("How far: {name} leaves", name=person.name)
        ui.label(title).classes("sheet-title").props("role=heading aria-level=2")
        with ui.column().classes("sheet-body").props("aria-live=polite"):
            state = await _read(visit, person)

            @ui.refreshable
            def part(state: OffboardingView | None) -> None:
                _progress(state)

            part(state)

        async def look() -> None:
            found = await _read(visit, person)
            part.refresh(found)
            if found is None or found.status != "running":
                timer.deactivate()

        timer = ui.timer(_LOOK_SECONDS, look, active=state is not None and state.status == "running")
        with ui.row().classes("sheet-end"):
            ui.button(_("Close"), on_click=dialog.close).props("flat no-caps")
    dialog.on("hide", dialog.delete)
    dialog.open()


async def _read(visit: Visit, person: StaffView) -> OffboardingView | None:
    try:
        return await visit.api.get(OffboardingView, f"/staff/{person.id}/offboarding")
    except Refusal as refusal:
        if refusal.problem.code == "offboarding_unknown":
            return None
        raise


def _progress(state: OffboardingView | None) -> None:
    if state is None:
        ui.label(_("No offboarding was begun."))
        return
    words = {
        "running": _("under way"),
        "done": _("all cases are moved"),
        "asked": _("waiting for the successors' answers"),
        "left_over": _("some cases could not be moved"),
    }
    tones = {"done": "good", "left_over": "late", "asked": "soon"}
    with ui.row().style("gap:8px;align-items:center"):
        ui.label(words[state.status]).classes(f"tag {tones.get(state.status, '')}")
        ui.label(moment(state.started_at)).classes("small soft")
    done = 1.0 if state.status == "done" else (state.total - state.left) / max(state.total, 1)
    label = _("{moved} of {total} moved, {left} left", moved=state.moved, total=state.total, left=state.left)
    ui.linear_progress(max(0.0, min(done, 1.0)), show_value=False).props(f'aria-label="{label}"')
    ui.label(label)
    if state.departed_on:
        ui.label(_("The account has ended.")).classes("soft small")
    for item in state.left_over:
        with ui.element("div").classes("line"):
            link(_("Open the case"), f"{ROOT}/cases/{item.case_id}").classes("grow")
            ui.label(_reason(item.code)).classes("small soft")


def _reason(code: str) -> str:
    try:
        return say(Refused(code))
    except KeyError:
        return _("not possible now")
