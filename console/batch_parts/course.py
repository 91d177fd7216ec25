"""What becomes of a batch: how far it is, and the answer of each case."""

from functools import partial

from nicegui import ui

from console.batch_parts.chosen import take_to_batch
from console.following import until_over
from console.frame import aria, card, nothing
from console.links import link
from console.paged import paged
from console.texts import _, say
from console.visit import ROOT, Visit
from models.views.batch import BatchOutcome, BatchRow, BatchView
from models.views.page import Page

_ROWS = 50


class BatchCourse:
    """One batch on a page, which follows it until each case has answered."""

    def __init__(self, visit: Visit, view: BatchView) -> None:
        self._visit = visit
        self.view = view

    async def show(self) -> None:
        """Build it where the page stands."""
        with card():
            self._status = ui.label().classes("strong").props("role=status")
            self._bar = ui.linear_progress(show_value=False).props(aria(_("Progress of the batch")))
            self._numbers: dict[BatchOutcome, ui.label] = {}
            with ui.element("div").classes("figures"):
                for outcome, text in _outcomes().items():
                    with ui.element("div").classes("figure"):
                        self._numbers[outcome] = ui.label().classes("number")
                        ui.label(text).classes("what")
        self._answers = ui.element("div").classes("full-width")
        self._draw()
        if self._over:
            await self._end()
        else:
            until_over(self._look, self._end)

    @property
    def _over(self) -> bool:
        return self.view.status == "done"

    async def _look(self) -> bool:
        self.view = await self._visit.api.get(BatchView, f"/batches/{self.view.id}")
        self._draw()
        return self._over

    def _draw(self) -> None:
        view = self.view
        over = self._over
        for outcome, label in self._numbers.items():
            label.set_text(str(getattr(view, outcome)))
        self._numbers["refused"].classes("late" if view.refused else "", remove="late")
        answered = view.done + view.refused
        self._status.set_text(
            _("All {total} files have answered.", total=view.total)
            if over
            else _(
                "{answered} of {total} files have answered. It goes on by itself, also when this page is closed.",
                answered=answered,
                total=view.total,
            )
        )
        self._bar.set_value(answered / view.total)
        self._bar.set_visibility(not over)

    async def _end(self) -> None:
        with self._answers:
            if self.view.refused:
                with card(_("Refused"), icon="report"):
                    with ui.element("div").classes("actions"):
                        ui.button(
                            _("Choose these again"), icon="playlist_add_check", on_click=self._choose_again
                        ).props("outline no-caps")
                    await self._rows("refused")
            with card(_("Done"), icon="task_alt"):
                await self._rows("done")

    async def _rows(self, outcome: BatchOutcome) -> None:
        await paged(partial(self._page, outcome), _row, _none)

    async def _page(self, outcome: BatchOutcome, cursor: str | None) -> Page[BatchRow]:
        path = f"/batches/{self.view.id}/rows"
        return await self._visit.api.page(BatchRow, path, outcome=outcome, cursor=cursor, limit=_ROWS)

    async def _choose_again(self) -> None:
        path = f"/batches/{self.view.id}/rows"
        rows = await self._visit.api.every(BatchRow, path, outcome="refused")
        take_to_batch(self._visit.me.actor_id, [row.case_id for row in rows if row.case_id is not None])


def _outcomes() -> dict[BatchOutcome, str]:
    return {"done": _("Done"), "refused": _("Refused"), "pending": _("Not answered yet")}


def _row(row: BatchRow) -> None:
    with ui.element("div").classes("line"), ui.element("div").classes("grow"):
        if row.case_id is None:
            ui.label(_("A file that was erased"))
        else:
            link(row.display or row.case_id, f"{ROOT}/cases/{row.case_id}").classes("strong")
        if row.zh is not None and row.en is not None:
            ui.label(say(row)).classes("small soft")  # type: ignore[arg-type]


def _none() -> None:
    nothing(_("In no file."), _("The reasons stand above."))
