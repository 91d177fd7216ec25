"""Seeing one masked field plain: for a purpose, recorded, shown to the graduate."""

from functools import partial
from typing import Any

from nicegui import ui

from console.case_parts.desk import Desk
from console.frame import aria
from console.texts import _, say
from models.purposes import purpose_texts
from services.unmask import UnmaskDraft, Unmasked


def covered(desk: Desk, field: str, label: str, text: str) -> None:
    """A masked value with the way to the plain one, where the person may ask for it."""
    with ui.row().classes("covered"):
        ui.label(text)
        if desk.visit.may("case.unmask"):
            ui.button(icon="visibility", on_click=partial(_ask, desk, field, label)).props(
                "flat dense round size=sm " + aria(_("Show in full: {what}", what=label))
            )


def _ask(desk: Desk, field: str, label: str) -> None:
    async def show() -> None:
        if not purpose.value:
            purpose.error = _("Choose what you need it for.")
            return
        draft = UnmaskDraft(field=field, purpose=purpose.value, note=(note.value or "").strip() or None)
        found = await desk.visit.api.post(
            Unmasked, f"/cases/{desk.case.case_id}/unmask", draft.model_dump(mode="json")
        )
        desk.kept.plain[field] = found.value
        desk.kept.purpose = purpose.value
        dialog.close()
        desk.show()

    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("sheet"):
        ui.label(_("Show in full: {what}", what=label)).classes("sheet-title").props(
            "role=heading aria-level=2"
        )
        with ui.column().classes("sheet-body"):
            ui.label(_("Each look is recorded with its purpose, and the graduate can see it.")).classes(
                "soft small"
            )
            options = {id_: say(text) for id_, text in purpose_texts().items()}
            purpose = ui.select(options, label=_("Purpose"), value=desk.kept.purpose).classes("full-width")
            purpose.props("outlined dense bottom-slots").without_auto_validation()
            note = ui.input(_("Note (optional)")).props("outlined dense maxlength=500").classes("full-width")
        with ui.row().classes("sheet-end"):
            ui.button(_("Cancel"), on_click=dialog.close).props("flat no-caps")
            ui.button(_("Show"), on_click=show).props("unelevated no-caps color=primary")
    dialog.on("hide", dialog.delete)
    dialog.open()


def plain_or(desk: Desk, field: str, shown: Any) -> Any:
    """The value that was asked for, or what the file shows."""
    return desk.kept.plain.get(field, shown)
