"""Sheets over a page: a form that stays until it is taken, a question before an act, a secret that is shown once."""

import uuid
from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui
from pydantic import BaseModel

from console.backend import Refusal
from console.forms import Choices, Form
from console.frame import aria
from console.qr import picture_of
from console.texts import _, say

Send = Callable[[Form], Awaitable[None]]
"""Sends what was typed and does what follows; `form.key` goes along as the key under which it acts once. Raises
Refusal where it is not taken."""
Act = Callable[[], Awaitable[None]]


def open_sheet(
    title: str,
    model: type[BaseModel],
    owner: str,
    choices: Choices,
    send: Send,
    *,
    text: str = "",
    button: str = "",
) -> None:
    """Open a form of the model's fields; `text` stands above it."""
    with ui.context.client.content, ui.dialog().props("persistent") as dialog, ui.card().classes("sheet"):
        ui.label(title).classes("sheet-title").props("role=heading aria-level=2")
        with ui.column().classes("sheet-body"):
            if text:
                ui.label(text).classes("soft small")
            told = ui.column().classes("full-width").style("gap:8px")
            form = Form(model, owner, choices)
        with ui.row().classes("sheet-end"):
            ui.button(_("Cancel"), on_click=dialog.close).props("flat no-caps")
            submit = ui.button(button or _("Submit")).props("unelevated no-caps color=primary")
    submit.on_click(partial(_submit, dialog, told, form, submit, send))
    dialog.on("hide", dialog.delete)
    dialog.open()


async def _submit(dialog: ui.dialog, told: ui.column, form: Form, submit: ui.button, send: Send) -> None:
    told.clear()
    submit.disable()
    try:
        with ui.context.client.content:
            await send(form)
    except Refusal as refusal:
        for text in said_of(refusal, form):
            with told:
                ui.label(text).classes("trouble").props("role=alert")
        return
    finally:
        submit.enable()
    dialog.close()


def said_of(refusal: Refusal, form: Form, within: str = "") -> list[str]:
    """Put what was refused at its fields, which stand `within` a part of what was sent; answers what belongs to none.
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


def ask_first(question: str, text: str, button: str, act: Act) -> None:
    """Do something only after it was asked whether it is meant."""
    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("sheet"):
        ui.label(question).classes("sheet-title").props("role=heading aria-level=2")
        with ui.column().classes("sheet-body"):
            ui.label(text)
        with ui.row().classes("sheet-end"):
            ui.button(_("Cancel"), on_click=dialog.close).props("flat no-caps autofocus")

            async def meant() -> None:
                dialog.close()
                with ui.context.client.content:
                    await act()

            ui.button(button, on_click=meant).props("unelevated no-caps color=negative")
    dialog.on("hide", dialog.delete)
    dialog.open()


def show_once(title: str, text: str, values: dict[str, str], *, qr: str = "") -> None:
    """Show secrets by their labels, and one of them to be scanned as `qr`; once closed they are gone."""
    with ui.context.client.content, ui.dialog().props("persistent") as dialog, ui.card().classes("sheet"):
        ui.label(title).classes("sheet-title").props("role=heading aria-level=2")
        with ui.column().classes("sheet-body"):
            ui.label(text).classes("meanwhile")
            if qr:
                picture = ui.html(picture_of(qr), sanitize=False).classes("qr")
                picture.props("role=img " + aria(_("QR code of the link")))
            for label, value in values.items():
                field = ui.input(label, value=value).props("readonly outlined dense")
                with field.classes("full-width secret"), field.add_slot("append"):
                    ui.button(icon="content_copy", on_click=partial(_copy, value)).props(
                        "flat round dense " + aria(_("Copy"))
                    )
        with ui.row().classes("sheet-end"):
            ui.button(_("I have kept it"), on_click=dialog.close).props("unelevated no-caps color=primary")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _copy(value: str) -> None:
    ui.clipboard.write(value)
    ui.notify(_("Copied."), type="positive")
