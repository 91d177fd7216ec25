"""Forms about accounts, and first passwords shown once."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui import ui

from console.forms import Choices, Form
from console.people.sessions import session_lines
from console.redrawn import Redrawn
from console.sheet import ask_first, open_sheet, show_once
from console.texts import _, moment
from console.visit import Visit
from models.views.page import Page
from models.views.sign_on import AccountDraft, AccountView, FirstPassword, SessionView

Again = Callable[[], Awaitable[None]]


def show_first_password(made: FirstPassword) -> None:
    """Tell it once; it is kept nowhere."""
    show_once(
        _("One-time first password"),
        _(
            "Let it be scanned, pass on the link, or hand over the password. Shown this once, it counts until {until} "
            "or until a password was chosen.",
            until=moment(made.valid_until),
        ),
        {_("Account"): made.account, _("First password"): made.first_password, _("Link"): made.link},
        qr=made.link,
    )


def new_account(visit: Visit, without: Mapping[str, str], again: Again) -> None:
    """The form of an account for one of those `without`."""

    async def send(form: Form) -> None:
        made = await visit.api.post(FirstPassword, "/accounts", form.value())
        await again()
        show_first_password(made)

    options = {"account.staff_id": without}
    open_sheet(_("New account"), AccountDraft, "account", Choices(options=options), send)


async def change_account(visit: Visit, account: AccountView, change: Mapping[str, Any], again: Again) -> None:
    """Enable or unlock it."""
    await visit.api.post(AccountView, f"/accounts/{account.id}", dict(change), method="PATCH")
    ui.notify(_("Done."), type="positive")
    await again()


def disable_account(visit: Visit, account: AccountView, again: Again) -> None:
    """Disable it, once it was asked."""

    async def disable() -> None:
        await change_account(visit, account, {"disabled": True}, again)

    ask_first(
        _("Disable the account {account}?", account=account.account),
        _("Its sessions and API tokens end at once; it can be enabled again."),
        _("Disable"),
        disable,
    )


def reset_account(visit: Visit, account: AccountView, again: Again, *, second_factor: bool) -> None:
    """A new first password, once it was asked; with `second_factor` also that is set up anew."""

    async def reset() -> None:
        body = {"second_factor": second_factor}
        made = await visit.api.post(FirstPassword, f"/accounts/{account.id}/reset", body)
        await again()
        show_first_password(made)

    ask_first(
        _("A new first password for {account}?", account=account.account),
        _("The password and the second factor count no longer, and all sessions end.")
        if second_factor
        else _("The password counts no longer, and all sessions end."),
        _("Make a new first password"),
        reset,
    )


async def show_sessions(visit: Visit, account: AccountView) -> None:
    """The running sessions of the account, each of which can be ended."""
    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("sheet"):
        title = _("Sessions of {account}", account=account.account)
        ui.label(title).classes("sheet-title").props("role=heading aria-level=2")
        with ui.column().classes("sheet-body"):

            @Redrawn
            async def lines() -> None:
                found = await visit.api.get(Page[SessionView], "/auth/sessions", actor=account.id)
                session_lines(visit, found.items, lines.refresh)

            await lines()
        with ui.row().classes("sheet-end"):
            ui.button(_("Close"), on_click=dialog.close).props("flat no-caps")
    dialog.on("hide", dialog.delete)
    dialog.open()


def give_graduate_account(visit: Visit, case_id: str, name: str) -> None:
    """An account for the graduate of a case, once it was asked."""

    async def give() -> None:
        show_first_password(await visit.api.post(FirstPassword, f"/cases/{case_id}/account"))

    ask_first(
        _("Give {name} an account?", name=name),
        _("With it the graduate sees the own file. One that exists already gets a new first password."),
        _("Make a first password"),
        give,
    )
