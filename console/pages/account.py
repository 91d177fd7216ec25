"""My account (我的账号): sessions, password and second factor, tokens, who stands in, channels, how pages look."""

from typing import Literal, get_args

from nicegui import ui

from console.frame import card, frame, remember, sign_off
from console.people.channel import channel_part
from console.people.cover import cover_lines, new_cover
from console.people.sessions import session_lines
from console.people.tokens import new_token, token_lines
from console.redrawn import Redrawn
from console.texts import COOKIE, LANGUAGES, _, say
from console.visit import DARK, FIRST, ROOT, Dark, Visit, dark_of, page
from models.views.page import Page
from models.views.sign_on import SessionView, TokenView
from models.views.vocabulary import vocabulary
from services.delegations import DelegationView
from services.my_channel import MyChannelView

_HERE = f"{ROOT}/account"


@page("/account", "My account")
async def account(visit: Visit) -> None:
    """The page."""
    await visit.learn_names([visit.me.actor_id, visit.me.department_id])
    with frame(visit, _("My account")), ui.element("div").classes("columns two"):
        with ui.element("div"):
            _myself(visit)
            await _sessions(visit)
            if visit.may("delegation.own"):
                await _cover(visit)
            if visit.may("token.own"):
                await _tokens(visit)
        with ui.element("div"):
            _looks(visit)
            if visit.may("channel.own"):
                await _channel(visit)


def _myself(visit: Visit) -> None:
    me = visit.me
    with card(_("Myself"), icon="badge"):
        with ui.element("div").classes("facts"):
            _fact(_("Name"), visit.name(me.actor_id) if me.case_id is None else _("Graduate"))
            _fact(_("Role"), say(vocabulary().role(me.role)))
            if me.department_id:
                _fact(_("Department"), visit.name(me.department_id))
        with ui.element("div").classes("actions"):
            _own_form(_("Change the password"), "password", "password")
            _own_form(_("Set up the second factor"), "phonelink_lock", "totp")


def _own_form(title: str, icon: str, step: Literal["password", "totp"]) -> None:
    ui.button(title, icon=icon).props(f'outline no-caps type=a href="{FIRST}?step={step}&then={_HERE}"')


def _fact(what: str, value: str) -> None:
    with ui.element("div").classes("fact"):
        ui.label(what).classes("what")
        ui.label(value)


def _looks(visit: Visit) -> None:
    with card(_("How pages look"), icon="palette"):
        ui.label(_("Language")).classes("small soft")
        ui.toggle(
            dict(LANGUAGES), value=visit.language, on_change=lambda event: remember(COOKIE, event.value)
        ).props(_TOGGLE)
        ui.label(_("Brightness")).classes("small soft")
        names: dict[Dark, str] = {"auto": _("as the device"), "light": _("light"), "dark": _("dark")}
        shown = {choice: names[choice] for choice in get_args(Dark)}
        ui.toggle(
            shown,
            value=dark_of(ui.context.client.request.cookies),
            on_change=lambda event: remember(DARK, event.value),
        ).props(_TOGGLE)


_TOGGLE = "no-caps unelevated spread toggle-color=primary"


async def _sessions(visit: Visit) -> None:
    with card(_("Sessions"), icon="devices"):

        @Redrawn
        async def lines() -> None:
            found = await visit.api.get(Page[SessionView], "/auth/sessions")
            session_lines(visit, found.items, lines.refresh)

        await lines()
        with ui.element("div").classes("actions"):
            ui.button(_("Sign out"), icon="logout", on_click=lambda: sign_off(everywhere=False)).props(
                "outline no-caps"
            )
            ui.button(
                _("Sign out everywhere"), icon="phonelink_erase", on_click=lambda: sign_off(everywhere=True)
            ).props("outline no-caps color=negative")


async def _cover(visit: Visit) -> None:
    with card(_("Standing in"), icon="swap_horiz"):

        @Redrawn
        async def lines() -> None:
            found = await visit.api.get(Page[DelegationView], "/delegations", limit=50)
            await visit.learn_names(id_ for item in found.items for id_ in (item.from_id, item.to_id))
            cover_lines(visit, found.items, lines.refresh)

        await lines()
        with ui.element("div").classes("actions"):
            ui.button(
                _("Have somebody stand in"),
                icon="person_add",
                on_click=lambda: new_cover(visit, lines.refresh),
            ).props("outline no-caps")


async def _tokens(visit: Visit) -> None:
    with card(_("API tokens"), icon="vpn_key"):

        @Redrawn
        async def lines() -> None:
            found = await visit.api.get(Page[TokenView], "/tokens")
            await visit.learn_names(item.owner_id for item in found.items)
            token_lines(visit, found.items, lines.refresh)

        await lines()
        with ui.element("div").classes("actions"):
            ui.button(_("New API token"), icon="add", on_click=lambda: new_token(visit, lines.refresh)).props(
                "outline no-caps"
            )


async def _channel(visit: Visit) -> None:
    with card(_("Messages to me"), icon="notifications"):

        @Redrawn
        async def part() -> None:
            channel_part(visit, await visit.api.get(MyChannelView, "/staff/me/channel"), part.refresh)

        await part()
