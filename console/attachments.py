"""The evidence uploaded to a case: a list with previews, and what is needed to add to it."""

import uuid
from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui
from nicegui.events import UploadEventArguments

from console.backend import Refusal
from console.frame import aria, card, empty
from console.links import link
from console.redrawn import Redrawn
from console.texts import _, ago, moment, say
from console.uploads import uploader
from console.visit import Visit
from models.codes import evidence_types
from models.views.attachment import AttachmentView
from models.views.vocabulary import vocabulary

_KIB = 1024
_PICTURES = "image/"


async def attachments(visit: Visit, case_id: str, *, add: bool) -> None:
    """The part of a page that shows the attachments of a case; with `add`, others can be added."""

    hidden = False

    @Redrawn
    async def listed() -> None:
        nonlocal hidden
        try:
            found = await visit.api.every(AttachmentView, f"/cases/{case_id}/attachments")
        except Refusal as refusal:
            # Who may read the file may still neither see what was uploaded to it nor add to it.
            hidden = True
            ui.label(say(refusal.problem)).classes("soft")
            return
        await visit.learn_names(item.uploaded_by for item in found)
        if not found:
            empty(
                _("Nothing was uploaded yet."),
                _("Photos and PDF of agreements, licences, notices."),
                icon="attach_file",
            )
        for item in found:
            _line(visit, item, listed.refresh)

    with card(_("Evidence files"), icon="attach_file"):
        await listed()
        if add and not hidden:
            _uploader(visit, case_id, listed.refresh)


def _line(visit: Visit, item: AttachmentView, refresh: Callable[[], Awaitable[None]]) -> None:
    address = f"/api/v1/cases/{item.case_id}/attachments/{item.id}"

    async def remove() -> None:
        await visit.api.send("DELETE", f"/cases/{item.case_id}/attachments/{item.id}")
        await refresh()

    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            ui.label(item.filename).classes("strong")
            kind, size = say(vocabulary().evidence(item.kind)), max(1, item.size_bytes // _KIB)
            ui.label(
                _(
                    "{kind} · {size} KB · {who}, {when}",
                    kind=kind,
                    size=size,
                    who=visit.name(item.uploaded_by),
                    when=ago(item.uploaded_at),
                )
            ).classes("small soft").tooltip(moment(item.uploaded_at))
        if item.media_type.startswith(_PICTURES) and item.shown:
            ui.button(icon="image", on_click=partial(_show, address, item.filename)).props(
                "flat round dense " + aria(_("Preview"))
            )
        elif item.shown:
            link(_("Preview"), address, new_tab=True)
        link(_("Save"), f"{address}?download=true")
        if not item.named and item.uploaded_by == visit.me.actor_id:
            ui.button(icon="delete", on_click=remove).props(
                "flat round dense color=negative " + aria(_("Remove"))
            )


def _show(address: str, name: str) -> None:
    with ui.dialog().props("maximized") as dialog, ui.card().classes("full-width"):
        ui.button(_("Close"), icon="close", on_click=dialog.close).props("flat no-caps")
        ui.image(address).props(f'fit=contain alt="{name.replace(chr(34), "")}"').classes("preview")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _uploader(visit: Visit, case_id: str, refresh: Callable[[], Awaitable[None]]) -> None:
    kinds = {
        item.id: say(vocabulary().evidence(item.id)) for item in evidence_types() if not item.traineeship
    }

    async def uploaded(event: UploadEventArguments) -> None:
        if kind.value is None:
            kind.error = _("Say first what the file proves.")
            return
        content = await event.file.read()
        fields = {"kind": str(kind.value)}
        await visit.api.upload(
            AttachmentView,
            f"/cases/{case_id}/attachments",
            event.file.name,
            content,
            fields,
            str(uuid.uuid4()),
        )
        ui.notify(_("Kept: {name}", name=event.file.name), type="positive")
        await refresh()

    with ui.element("div").classes("upload"):
        kind = ui.select(kinds, label=_("What does it prove?")).props("outlined dense").classes("filter")
        uploader(
            _("Choose a file, or take a photo"),
            visit.settings.max_attachment_mb,
            uploaded,
            accept=".pdf,.png,.jpg,.jpeg,.webp,.heic,.docx,.xlsx,image/*",
        )
