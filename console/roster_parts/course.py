"""What becomes of an import, from its start to its end: progress, counts, the rows that were not taken and why."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from console.following import until_over
from console.frame import aria
from console.links import link
from console.texts import _, say
from console.visit import ROOT, Visit
from models.views.imports import ImportRowView, ImportView, Outcome
from models.views.page import Page
from models.views.vocabulary import vocabulary

_OUTCOMES: tuple[Outcome, ...] = ("opened", "updated", "unchanged", "skipped", "rejected")
# Rows shown at once; more by a button.
_ROWS, _LINKS = 50, 60
_ENDED = frozenset({"done", "refused"})

Ended = Callable[[ImportView], Awaitable[None]]


class Course:
    """One import on a page, which follows it until it ends; `ended` is told then. Its rows stand in `rows`, by default
    below its counts."""

    def __init__(
        self, visit: Visit, view: ImportView, *, ended: Ended | None = None, rows: ui.element | None = None
    ) -> None:
        self._visit, self._ended, self._rows = visit, ended, rows
        self.view = view

    @property
    def over(self) -> bool:
        """Nothing changes any more."""
        return self.view.status in _ENDED

    async def show(self) -> None:
        """Build it where the page stands."""
        self._status = ui.label().classes("strong").props("role=status")
        self._bar = ui.linear_progress(show_value=False).props(aria(_("Progress of the import")))
        self._numbers: dict[str, ui.label] = {}
        with ui.element("div").classes("figures"):
            for outcome in _OUTCOMES:
                with ui.element("div").classes("figure"):
                    self._numbers[outcome] = ui.label().classes("number")
                    ui.label(say(vocabulary().choice("outcome", outcome, "import_row"))).classes("what")
        if self._rows is None:
            self._rows = ui.element("div").classes("full-width")
        self._rows.clear()
        self._draw()
        if self.over:
            await self._end()
        else:
            until_over(self._look, self._finish)

    async def _look(self) -> bool:
        self.view = await self._visit.api.get(ImportView, f"/imports/{self.view.id}")
        self._draw()
        return self.over

    async def _finish(self) -> None:
        await self._end()
        if self._ended is not None:
            await self._ended(self.view)

    def _draw(self) -> None:
        view = self.view
        counts = {outcome: getattr(view, outcome) for outcome in _OUTCOMES}
        done = sum(counts.values())
        for outcome, label in self._numbers.items():
            label.set_text(str(counts[outcome]))
        self._numbers["rejected"].classes(
            add="late" if view.rejected else "", remove="" if view.rejected else "late"
        )
        self._status.set_text(self._said(done))
        known = view.status == "processing" and view.total
        self._bar.set_value(1.0 if self.over else done / view.total if known else 0.0)
        self._bar.props(remove="indeterminate") if known or self.over else self._bar.props("indeterminate")
        self._bar.set_visibility(not self.over)

    def _said(self, done: int) -> str:
        view = self.view
        if view.status == "refused":
            return _("The file was not taken; nothing was changed.")
        if view.status != "done":
            status = say(vocabulary().choice("status", view.status, "import"))
            return _("{status}: {done} of {total} rows", status=status, done=done, total=view.total or "…")
        if view.dry_run:
            return _("Checked: {total} rows. Nothing was written yet.", total=view.total)
        return _("Imported: {total} rows.", total=view.total)

    async def _end(self) -> None:
        view = self.view
        assert self._rows is not None  # noqa: S101  (made by `show`)
        with self._rows:
            if view.error is not None:
                ui.label(say(view.error)).classes("trouble").props("role=alert")
            if view.rejected:
                await self._rejected()
            if not view.dry_run:
                for outcome in ("opened", "updated"):
                    if getattr(view, outcome):
                        await self._cases(outcome)

    async def _rejected(self) -> None:
        view, own = self.view, self.view.created_by == self._visit.me.actor_id
        with ui.element("section").classes("full-width"):
            with ui.element("h3").classes("rows-title"):
                ui.label(_("Rows that were not taken"))
            with ui.element("div").classes("actions"):
                link(
                    _("Download these rows (CSV)"),
                    f"/api/v1/imports/{view.id}/rows?outcome=rejected&format=csv",
                ).props("download").classes("download")
            days = self._visit.settings.import_rows_days
            ui.label(
                _(
                    "Mend them in the downloaded file and upload that: what was taken stays as it is, and nobody is "
                    "opened twice. The rows can be fetched for {days} days.",
                    days=days,
                )
                if own
                else _(
                    "Who uploaded the roster finds the cells of these rows in the file; you find the reasons."
                )
            ).classes("soft small")
            await _Lines(self._visit, view, "rejected", _ROWS, _problem).show()

    async def _cases(self, outcome: Outcome) -> None:
        titles = {"opened": _("Files opened"), "updated": _("Files updated")}
        with ui.element("section").classes("full-width"):
            with ui.element("h3").classes("rows-title"):
                ui.label(titles[outcome])
            await _Lines(self._visit, self.view, outcome, _LINKS, _case, classes="row-links").show()


class _Lines:
    """Rows of one outcome, page by page."""

    def __init__(
        self,
        visit: Visit,
        view: ImportView,
        outcome: Outcome,
        limit: int,
        draw: Callable[[ImportRowView], None],
        classes: str = "full-width",
    ) -> None:
        self._visit, self._path, self._outcome = visit, f"/imports/{view.id}/rows", outcome
        self._limit, self._draw, self._classes = limit, draw, classes
        self._cursor: str | None = None

    async def show(self) -> None:
        """The first page, and a button for the next."""
        self._place = ui.element("div").classes(self._classes)
        self._button = ui.button(_("Show more"), icon="expand_more", on_click=self._more)
        self._button.props("flat no-caps")
        await self._more()

    async def _more(self) -> None:
        found: Page[ImportRowView] = await self._visit.api.page(
            ImportRowView, self._path, outcome=self._outcome, limit=self._limit, cursor=self._cursor
        )
        self._cursor = found.next_cursor
        with self._place:
            for row in found.items:
                self._draw(row)
        self._button.set_visibility(self._cursor is not None)


def _problem(row: ImportRowView) -> None:
    with ui.element("div").classes("line"):
        ui.label(_("Row {row}", row=row.row)).classes("strong row-number")
        with ui.element("div").classes("grow"):
            for problem in row.problems:
                said = say(problem)
                if problem.column:
                    said = _("{column}: {problem}", column=problem.column, problem=said)
                ui.label(said)


def _case(row: ImportRowView) -> None:
    if row.case_id is not None:
        link(_("Row {row}", row=row.row), f"{ROOT}/cases/{row.case_id}")
