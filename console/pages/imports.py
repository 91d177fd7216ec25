"""Import of rosters (导入名册): the way of a file into the ledger, and what became of earlier ones."""

from nicegui import ui

from console.frame import card, empty, frame
from console.links import link
from console.redrawn import Redrawn
from console.roster_parts.course import Course
from console.roster_parts.wizard import Wizard
from console.texts import _, ago, moment, say
from console.visit import ROOT, Visit, page
from models.views.imports import ImportView
from models.views.page import Page
from models.views.vocabulary import vocabulary
from services.office import DepartmentView

_TONES = {"done": "good", "refused": "late"}


@page("/import", "Import", permission="import.run")
async def import_page(visit: Visit) -> None:
    """A new import, and the earlier ones."""
    departments = await visit.api.every(DepartmentView, "/departments")
    with frame(visit, _("Import"), here="/import"):

        @Redrawn
        async def earlier() -> None:
            await _earlier(visit)

        Wizard(visit, {item.id: item.name for item in departments}, earlier.refresh).show()
        with card(_("Earlier imports"), icon="history"):
            await earlier()


@page("/import/{import_id}", "Import", permission="import.read")
async def one_import(visit: Visit, import_id: str) -> None:
    """What became of one import."""
    view = await visit.api.get(ImportView, f"/imports/{import_id}")
    await visit.learn_names([view.created_by])
    with frame(visit, view.filename, here="/import"):
        with ui.element("div").classes("actions before"):
            link(_("Import another roster"), f"{ROOT}/import")
        with card(_("What became of the rows"), icon="rule"):
            ui.label(
                _("{who}, {when}", who=visit.name(view.created_by), when=moment(view.created_at))
            ).classes("soft")
            if view.dry_run:
                ui.label(_("This was only a look at the file. To import it, upload it again.")).classes(
                    "meanwhile"
                )
            await Course(visit, view).show()
            left = (*view.unrecognised_columns, *view.duplicate_columns)
            if left:
                ui.label(_("Columns that were not read: {columns}", columns="、".join(left))).classes(
                    "soft small"
                )


async def _earlier(visit: Visit) -> None:
    found = await visit.api.get(Page[ImportView], "/imports", limit=20)
    await visit.learn_names(item.created_by for item in found.items)
    if not found.items:
        empty(_("Nothing was imported yet."), _("Choose a roster above."), icon="upload_file")
    with ui.element("div").classes("full-width") as place:
        for item in found.items:
            _line(visit, item)
    cursor = found.next_cursor

    async def more() -> None:
        nonlocal cursor
        following = await visit.api.get(Page[ImportView], "/imports", limit=20, cursor=cursor)
        await visit.learn_names(item.created_by for item in following.items)
        with place:
            for item in following.items:
                _line(visit, item)
        cursor = following.next_cursor
        button.set_visibility(cursor is not None)

    button = ui.button(_("Show more"), icon="expand_more", on_click=more).props("flat no-caps")
    button.set_visibility(cursor is not None)


def _line(visit: Visit, item: ImportView) -> None:
    words = vocabulary()
    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            link(item.filename, f"{ROOT}/import/{item.id}").classes("strong")
            counts = [
                (say(words.choice("outcome", outcome, "import_row")), getattr(item, outcome))
                for outcome in ("opened", "updated", "unchanged", "rejected")
            ]
            ui.label(" · ".join(f"{name} {count}" for name, count in counts if count)).classes("small")
            ui.label(_("{who}, {when}", who=visit.name(item.created_by), when=ago(item.created_at))).classes(
                "small soft"
            ).tooltip(moment(item.created_at))
        if item.dry_run:
            ui.label(say(words.field("dry_run", "import"))).classes("tag")
        ui.label(say(words.choice("status", item.status, "import"))).classes(
            f"tag {_TONES.get(item.status, '')}"
        )
