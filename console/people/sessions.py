"""Sessions of a person, each of which can be ended."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from nicegui import ui

from console.frame import empty
from console.people.devices import device, way
from console.sheet import ask_first
from console.texts import _, ago, moment
from console.visit import Visit
from models.views.sign_on import SessionView

Again = Callable[[], Awaitable[None]]


def session_lines(visit: Visit, sessions: Sequence[SessionView], again: Again) -> None:
    """A line for each; `again` after one was ended."""
    if not sessions:
        empty(_("No session is running."), _("Signing on begins one."), icon="devices")
    for item in sessions:
        with ui.element("div").classes("line"):
            ui.icon("smartphone" if "Mobile" in item.agent else "computer").props(
                "size=22px aria-hidden=true"
            )
            with ui.element("div").classes("grow"):
                ui.label(device(item.agent)).classes("strong")
                place = _("this machine") if item.address in ("", "local") else item.address
                ui.label(f"{way(item.how)} · {place}").classes("small soft")
                began = _("since {when}", when=moment(item.created_at))
                used = _("last used {when}", when=ago(item.last_seen_at))
                ui.label(f"{began} · {used}").classes("small soft")
            if item.current:
                ui.label(_("this session")).classes("tag good")
            else:
                ui.button(_("End"), on_click=partial(_ask, visit, item, again)).props(
                    'outline no-caps padding="xs md"'
                )


def _ask(visit: Visit, item: SessionView, again: Again) -> None:
    async def end() -> None:
        await visit.api.send("DELETE", f"/auth/sessions/{item.id}")
        ui.notify(_("The session has ended."), type="positive")
        await again()

    ask_first(
        _("End this session?"),
        _("Whoever uses it has to sign on anew; what was typed and not sent is lost there."),
        _("End the session"),
        end,
    )
