"""Accounts (账号): who can sign on, and what helps those who cannot."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from nicegui import ui

from console.frame import aria, card, empty, frame
from console.people.accounts import change_account, disable_account, new_account, reset_account, show_sessions
from console.texts import _, ago, moment, say
from console.visit import Visit, page
from models.views.sign_on import AccountView
from models.views.vocabulary import vocabulary
from services.actors import GRADUATE_PREFIX
from services.office import StaffView

_PAGE = 40
Again = Callable[[], Awaitable[None]]


@dataclass
class _Wanted:
    """What the list shows."""

    text: str = ""
    state: str | None = None
    most: int = _PAGE
    accounts: list[AccountView] = field(default_factory=list[AccountView])
    staff: dict[str, StaffView] = field(default_factory=dict[str, StaffView])

    def name(self, account: AccountView) -> str:
        if account.id.startswith(GRADUATE_PREFIX):
            return _("Graduate")
        person = self.staff.get(account.id)
        return person.name if person else account.account

    def shown(self) -> list[AccountView]:
        return [
            item
            for item in self.accounts
            if self.text in f"{self.name(item)} {item.account}"
            and (self.state is None or bool(getattr(item, self.state)))
        ]

    def without(self) -> dict[str, str]:
        """The staff that have none."""
        having = {item.id for item in self.accounts}
        return {
            id_: f"{person.name} · {id_}"
            for id_, person in self.staff.items()
            if id_ not in having and person.departed_on is None
        }


@page("/accounts", "Accounts", permission="account.manage")
async def accounts(visit: Visit) -> None:
    """The page."""
    wanted = _Wanted()

    async def read() -> None:
        wanted.accounts = await visit.api.every(AccountView, "/accounts")
        wanted.staff = {item.id: item for item in await visit.api.every(StaffView, "/staff")}

    @ui.refreshable
    def lines() -> None:
        _lines(visit, wanted, again, lines.refresh)

    async def again() -> None:
        await read()
        lines.refresh()

    await read()
    with frame(visit, _("Accounts"), here="/accounts"), card():
        _filters(visit, wanted, lines.refresh, again)
        lines()


def _filters(visit: Visit, wanted: _Wanted, show: Callable[[], object], again: Again) -> None:
    def take(name: str, value: object) -> None:
        setattr(wanted, name, value)
        wanted.most = _PAGE
        show()

    states = {
        "disabled": _("disabled"),
        "locked": _("locked"),
        "must_change": _("first password not changed yet"),
        "second_factor": _("with a second factor"),
    }
    with ui.element("div").classes("sieve"):
        ui.input(_("Name or account"), on_change=lambda event: take("text", event.value or "")).props(
            "outlined dense clearable debounce=200"
        )
        ui.select(
            states, label=_("State"), clearable=True, on_change=lambda event: take("state", event.value)
        ).props("outlined dense")
        ui.button(
            _("New account"), icon="person_add", on_click=lambda: new_account(visit, wanted.without(), again)
        ).props("unelevated no-caps color=primary").classes("justify-self-start")


def _lines(visit: Visit, wanted: _Wanted, again: Again, show: Callable[[], object]) -> None:
    found = wanted.shown()
    ui.label(_("{count} accounts", count=len(found))).classes("small soft").props("aria-live=polite")
    if not found:
        empty(_("No account fits."), _("Take a filter away."), icon="person_search")
    for item in found[: wanted.most]:
        with ui.element("div").classes("line"):
            with ui.element("div").classes("grow"):
                with ui.row().style("gap:6px;align-items:center"):
                    ui.label(wanted.name(item)).classes("strong")
                    _tags(item)
                role = wanted.staff[item.id].role if item.id in wanted.staff else None
                parts = [say(vocabulary().role(role)) if role else "", item.account, _last(item)]
                ui.label(" · ".join(part for part in parts if part)).classes("small soft")
            _menu(visit, item, wanted.name(item), again)
    if len(found) > wanted.most:

        def more() -> None:
            wanted.most += _PAGE
            show()

        ui.button(_("Show more"), on_click=more).props("flat no-caps").classes("full-width")


def _last(item: AccountView) -> str:
    if item.signed_on_at is None:
        return _("never signed on, made {when}", when=moment(item.created_at))
    return _("signed on {when}", when=ago(item.signed_on_at))


def _tags(item: AccountView) -> None:
    if item.disabled:
        ui.label(_("disabled")).classes("tag late")
    if item.locked:
        ui.label(_("locked")).classes("tag late")
    if item.must_change:
        ui.label(_("first password")).classes("tag soon")
    if item.second_factor:
        ui.label(_("second factor")).classes("tag good")
    if item.demo:
        ui.label(_("demonstration")).classes("tag")


def _menu(visit: Visit, item: AccountView, name: str, again: Again) -> None:
    with (
        ui.button(icon="more_vert").props("flat round " + aria(_("What to do with {name}", name=name))),
        ui.menu().props("auto-close"),
    ):
        if item.locked:
            unlock = {"unlock": True}
            ui.menu_item(_("Unlock"), partial(change_account, visit, item, unlock, again))
        # Graduates get theirs at the file, which administrators do not read.
        if not item.id.startswith(GRADUATE_PREFIX):
            _resets(visit, item, again)
        ui.menu_item(_("Sessions"), partial(show_sessions, visit, item))
        if item.disabled:
            enable = {"disabled": False}
            ui.menu_item(_("Enable"), partial(change_account, visit, item, enable, again))
        elif item.id != visit.me.actor_id:
            ui.menu_item(_("Disable"), partial(disable_account, visit, item, again))


def _resets(visit: Visit, item: AccountView, again: Again) -> None:
    ui.menu_item(_("New first password"), partial(reset_account, visit, item, again, second_factor=False))
    if item.second_factor:
        ui.menu_item(
            _("New first password and second factor"),
            partial(reset_account, visit, item, again, second_factor=True),
        )
