"""Emergency openings (紧急访问): files read for some hours by who is not in charge of them."""

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from console.forms import Choices, Form
from console.frame import card, empty, frame
from console.links import go, link
from console.paged import paged
from console.redrawn import Redrawn
from console.sheet import ask_first, open_sheet
from console.texts import _, ago, moment, say
from console.visit import ROOT, Visit, page
from models.purposes import purpose_texts
from models.views.page import Page
from services.break_glass import BreakGlassByNumber, BreakGlassView

Again = Callable[[], Awaitable[None]]


@page("/openings", "Emergency openings", permission="break_glass.read")
async def openings(visit: Visit) -> None:
    """The page."""
    with frame(visit, _("Emergency openings"), here="/openings"), card():
        if visit.may("case.break_glass"):
            with ui.element("div").classes("actions"):
                ui.button(
                    _("Open a file in an emergency"), icon="emergency", on_click=lambda: _open(visit)
                ).props("outline no-caps color=negative")

        @Redrawn
        async def lines() -> None:
            await paged(partial(_page_of, visit), partial(_line, visit, lines.refresh), _nothing)

        await lines()


async def _page_of(visit: Visit, cursor: str | None) -> Page[BreakGlassView]:
    found = await visit.api.get(Page[BreakGlassView], "/break-glass", cursor=cursor, limit=50)
    await visit.learn_names(item.actor_id for item in found.items)
    return found


def _nothing() -> None:
    empty(
        _("No file was opened in an emergency."),
        _("Whoever must find a person in danger can read a file of others for some hours."),
        icon="shield",
    )


def _line(visit: Visit, again: Again, item: BreakGlassView) -> None:
    purpose = purpose_texts().get(item.purpose)
    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            with ui.row().style("gap:6px;align-items:center"):
                ui.label(visit.name(item.actor_id)).classes("strong")
                if purpose:
                    ui.label(say(purpose)).classes("tag")
                link(_("Open the case"), f"{ROOT}/cases/{item.case_id}").classes("small")
            ui.label(item.reason or _("The file was erased.")).classes("small")
            times = _("opened {when}, until {until}", when=moment(item.opened_at), until=moment(item.until))
            ui.label(times).classes("small soft")
        if item.active:
            ui.label(_("open, ends {when}", when=ago(item.until))).classes("tag late")
            ui.button(_("End now"), on_click=partial(_ask, visit, again, item)).props(
                'outline no-caps padding="xs md"'
            )
        elif item.revoked_at:
            ui.label(_("ended early")).classes("tag soon").tooltip(moment(item.revoked_at))
        else:
            ui.label(_("over")).classes("tag")


def _ask(visit: Visit, again: Again, item: BreakGlassView) -> None:
    async def end() -> None:
        await visit.api.send("DELETE", f"/break-glass/{item.id}")
        ui.notify(_("It has ended."), type="positive")
        await again()

    ask_first(
        _("End this opening now?"),
        _("{who} sees the file no longer.", who=visit.name(item.actor_id)),
        _("End now"),
        end,
    )


def _open(visit: Visit) -> None:
    async def send(form: Form) -> None:
        made = await visit.api.post(BreakGlassView, "/break-glass", form.value())
        go(f"{ROOT}/cases/{made.case_id}")

    open_sheet(
        _("Open a file in an emergency"),
        BreakGlassByNumber,
        "break_glass",
        Choices(options={"purpose": {item.id: say(item) for item in purpose_texts().values()}}),
        send,
        text=_(
            "Only where a person is in danger. Supervisors are told at once, and the graduate sees it too."
        ),
        button=_("Open it in this emergency"),
    )
