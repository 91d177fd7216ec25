"""API tokens of a person."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from console.forms import Choices, Form
from console.frame import empty
from console.sheet import ask_first, open_sheet, show_once
from console.texts import _, ago, day, say
from console.visit import Visit
from models.access import access_policy
from models.views.sign_on import TokenDraft, TokenMade, TokenView

Again = Callable[[], Awaitable[None]]
# A token forgotten does harm for so long.
_DAYS = 30


def token_lines(visit: Visit, tokens: Sequence[TokenView], again: Again) -> None:
    """A line for each; `again` after one was revoked."""
    if not tokens:
        empty(
            _("No API tokens."),
            _("With one, a program of yours acts as you within what you allow."),
            icon="vpn_key",
        )
    for item in tokens:
        with ui.element("div").classes("line"):
            with ui.element("div").classes("grow"):
                ui.label(item.name).classes("strong")
                with ui.row().style("gap:4px"):
                    for scope in item.scopes:
                        ui.label(_scope(scope)).classes("tag")
                used = (
                    _("last used {when}", when=ago(item.last_used_at))
                    if item.last_used_at
                    else _("never used")
                )
                until = _("until {when}", when=day(item.expires_at.date()))
                whose = "" if item.owner_id == visit.me.actor_id else f"{visit.name(item.owner_id)} · "
                ui.label(f"{whose}{until} · {used}").classes("small soft")
            ui.button(_("Revoke"), on_click=_asking(visit, item, again)).props(
                'outline no-caps padding="xs md"'
            )


def _asking(visit: Visit, item: TokenView, again: Again) -> Callable[[], None]:
    async def revoke() -> None:
        await visit.api.send("DELETE", f"/tokens/{item.id}")
        ui.notify(_("The token counts no longer."), type="positive")
        await again()

    return lambda: ask_first(
        _("Revoke this token?"),
        _("The program that uses {name} is refused from now on.", name=item.name),
        _("Revoke"),
        revoke,
    )


def new_token(visit: Visit, again: Again) -> None:
    """The form of a new one."""
    scopes = {scope: _scope(scope) for scope in sorted(access_policy().for_tokens(visit.me.role))}

    async def send(form: Form) -> None:
        made = await visit.api.post(TokenMade, "/tokens", form.value())
        await again()
        show_once(
            _("The new token"),
            _("It is shown this once. Put it where the program finds it, and nowhere else."),
            {_("Token"): made.token},
        )

    open_sheet(
        _("New API token"),
        TokenDraft,
        "token",
        Choices(options={"token.scopes": scopes}, values={"days": _DAYS}),
        send,
        text=_("Give a token no more than its program needs."),
    )


def _scope(scope: str) -> str:
    permission = access_policy().permissions.get(scope)
    return say(permission) if permission else scope
