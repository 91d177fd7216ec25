"""Batch (批量办理): the same for many files at once, and what became of it in each."""

from nicegui import ui

from console.batch_parts.course import BatchCourse
from console.batch_parts.start import NewBatch
from console.frame import card, empty, frame
from console.links import link
from console.paged import paged
from console.texts import _, ago, moment, say
from console.visit import ROOT, Visit, page
from models.views.batch import BatchView
from models.views.page import Page
from models.views.vocabulary import vocabulary

_EARLIER = 20


@page("/batch", "Batch", permission="case.list")
async def batch_page(visit: Visit) -> None:
    """A new batch, and one's earlier ones."""
    with frame(visit, _("Batch"), here="/batch"):
        place = ui.element("div").classes("full-width")

        async def begin() -> None:
            new = NewBatch(visit)
            await new.load()
            with place:
                await new.show()

        # What was chosen the tab knows, which is there only now.
        ui.timer(0, begin, once=True)
        with card(_("Earlier batches"), icon="history"):
            await paged(lambda cursor: _page_of(visit, cursor), _line, _none)


@page("/batch/{batch_id}", "Batch", permission="case.list")
async def one_batch(visit: Visit, batch_id: str) -> None:
    """What became of one batch."""
    view = await visit.api.get(BatchView, f"/batches/{batch_id}")
    with frame(visit, say(vocabulary().command(view.type)), here="/batch"):
        with ui.element("div").classes("actions before"):
            link(_("All batches"), f"{ROOT}/batch")
            ui.label(_("{moment} ({ago})", moment=moment(view.created_at), ago=ago(view.created_at))).classes(
                "soft"
            )
        await BatchCourse(visit, view).show()


async def _page_of(visit: Visit, cursor: str | None) -> Page[BatchView]:
    return await visit.api.page(BatchView, "/batches", cursor=cursor, limit=_EARLIER)


def _line(item: BatchView) -> None:
    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            link(say(vocabulary().command(item.type)), f"{ROOT}/batch/{item.id}").classes("strong")
            ui.label(_("{moment} ({ago})", moment=moment(item.created_at), ago=ago(item.created_at))).classes(
                "small soft"
            )
        if item.status == "running":
            ui.label(_("{count} under way", count=item.pending)).classes("tag soon")
        if item.refused:
            ui.label(_("{count} refused", count=item.refused)).classes("tag late")
        ui.label(_("{count} done", count=item.done)).classes("tag good")


def _none() -> None:
    empty(_("No batch was given yet."), _("What you do for many at once is listed here."), icon="history")
