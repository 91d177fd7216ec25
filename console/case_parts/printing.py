"""The file on paper: as PDF, for a purpose that stands on it."""

from urllib.parse import urlencode

from nicegui import ui

from console.case_parts.desk import Desk
from console.links import go
from console.texts import _, say
from models.purposes import purpose_texts


def print_button(desk: Desk) -> None:
    """The button, for those who may take files away."""
    if desk.visit.may("ledger.export"):
        ui.button(_("Print the file"), icon="print", on_click=lambda: _ask(desk)).props(
            "outline dense no-caps"
        )


def _ask(desk: Desk) -> None:
    def make() -> None:
        if not purpose.value:
            purpose.error = _("Choose what you need it for.")
            return
        masked = "false" if plain is not None and plain.value else "true"
        query = urlencode({"purpose": purpose.value, "masked": masked})
        go(f"/api/v1/cases/{desk.case.case_id}/paper?{query}", new_tab=True)
        dialog.close()

    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("sheet"):
        ui.label(_("Print the file")).classes("sheet-title").props("role=heading aria-level=2")
        with ui.column().classes("sheet-body"):
            ui.label(
                _("Who takes it away, when and what for stands on every page and in the record.")
            ).classes("soft small")
            options = {id_: say(text) for id_, text in purpose_texts().items()}
            purpose = ui.select(options, label=_("Purpose"), value=desk.kept.purpose).classes("full-width")
            purpose.props("outlined dense bottom-slots").without_auto_validation()
            may = desk.visit.may("ledger.export_plain")
            plain = ui.checkbox(_("With personal data in full")) if may else None
        with ui.row().classes("sheet-end"):
            ui.button(_("Cancel"), on_click=dialog.close).props("flat no-caps")
            ui.button(_("Make the PDF"), on_click=make).props("unelevated no-caps color=primary")
    dialog.on("hide", dialog.delete)
    dialog.open()
