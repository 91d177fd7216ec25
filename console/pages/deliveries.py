"""Messages sent (消息投递): what left the product, to whom, and whether it was taken."""

from functools import partial
from typing import get_args

from nicegui import ui

from api.routers.deliveries import DeliveryStatus
from console.frame import card, empty, frame
from console.links import go
from console.paged import paged
from console.people.channel import channel_name
from console.texts import _, moment
from console.visit import ROOT, Visit, page
from models.views.page import Page
from services.messages import DeliveryView
from services.office import StaffView


@page("/deliveries", "Messages sent", permission="delivery.read")
async def deliveries(visit: Visit, status: str = "", staff: str = "") -> None:
    """The page."""
    known = status if status in get_args(DeliveryStatus) else ""
    with frame(visit, _("Messages sent"), here="/deliveries"), card():
        await _filters(visit, known, staff)
        await paged(partial(_page_of, visit, known, staff), partial(_line, visit), _nothing)


def _states() -> dict[str, str]:
    return {
        "queued": _("waiting to be sent"),
        "sent": _("sent"),
        "failed": _("failed, is tried again"),
        "retried": _("being tried again"),
        "given_up": _("given up"),
    }


async def _filters(visit: Visit, status: str, staff: str) -> None:
    people = {item.id: f"{item.name} · {item.id}" for item in await visit.api.every(StaffView, "/staff")}

    def narrow() -> None:
        go(f"{ROOT}/deliveries?status={state.value or ''}&staff={who.value or ''}")

    with ui.element("div").classes("sieve"):
        state = ui.select(_states(), label=_("State"), value=status or None, clearable=True, on_change=narrow)
        who = ui.select(
            people,
            label=_("To whom"),
            value=staff if staff in people else None,
            clearable=True,
            with_input=True,
            on_change=narrow,
        )
        for element in (state, who):
            element.props("outlined dense")


async def _page_of(visit: Visit, status: str, staff: str, cursor: str | None) -> Page[DeliveryView]:
    found = await visit.api.get(
        Page[DeliveryView], "/deliveries", status=status, staff=staff, cursor=cursor, limit=50
    )
    await visit.learn_names(item.staff_id for item in found.items)
    return found


def _nothing() -> None:
    empty(_("No messages."), _("Digests and test messages appear here."), icon="outgoing_mail")


def _line(visit: Visit, item: DeliveryView) -> None:
    tones = {"sent": "good", "failed": "soon", "retried": "soon", "given_up": "late"}
    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            ui.label(visit.name(item.staff_id)).classes("strong")
            ui.label(f"{item.subject} · {channel_name(item.channel)} · {moment(item.created_at)}").classes(
                "small soft"
            )
            if item.error:
                ui.label(item.error).classes("small late")
        ui.label(_states()[item.status]).classes(f"tag {tones.get(item.status, '')}")
