"""Forms of what is no command of a case: a sheet that stays, with all that was typed, until it is taken."""

import uuid
from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui
from pydantic import BaseModel

from console.backend import Refusal
from console.forms import Choices, Form
from console.texts import _, say

Send = Callable[[Form], Awaitable[None]]


def open_draft(
    title: str, model: type[BaseModel], owner: str, choices: Choices, send: Send, *, help_: str = ""
) -> None:
    """Open the form of a draft. `send` gives it to the API and does what follows; `form.key` goes with it as the key
    under which it acts once."""
    with ui.dialog().props("persistent") as dialog, ui.card().classes("sheet"):
        ui.label(title).classes("sheet-title").props("role=heading aria-level=2")
        with ui.column().classes("sheet-body"):
            if help_:
                ui.label(help_).classes("soft small")
            told = ui.column().classes("full-width")
            form = Form(model, owner, choices)
        with ui.row().classes("sheet-end"):
            ui.button(_("Cancel"), on_click=dialog.close).props("flat no-caps")
            button = ui.button(_("Submit")).props("unelevated no-caps color=primary")
    button.on_click(partial(_submit, dialog, told, form, button, send))
    dialog.on("hide", dialog.delete)
    dialog.open()


async def _submit(dialog: ui.dialog, told: ui.column, form: Form, button: ui.button, send: Send) -> None:
    told.clear()
    button.disable()
    try:
        await send(form)
    except Refusal as refusal:
        with told:
            for text in said_of(refusal, form):
                ui.label(text).classes("trouble").props("role=alert")
    else:
        dialog.close()
    finally:
        button.enable()


def said_of(refusal: Refusal, form: Form, within: str = "") -> list[str]:
    """Put what was refused at its fields, which stand `within` a part of what was sent; answers what is left to say.
    What was answered for good gets a new key."""
    problem = refusal.problem
    if refusal.signed_off:
        return [
            _("Your session has ended. Sign on in another tab, then submit again; what you typed stays here.")
        ]
    if refusal.may_be_repeated:
        return [say(problem) + " " + _("Submit again: nothing will be done twice.")]
    form.key = str(uuid.uuid4())
    left = form.show([(item.field.removeprefix(within), say(item)) for item in problem.errors])
    return left if problem.errors else [say(problem)]
