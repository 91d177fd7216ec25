"""The ledger (帮扶台账): whose files one may read, found, narrowed and chosen from."""

import json
from functools import partial
from typing import cast

from nicegui import context, ui
from nicegui.events import ValueChangeEventArguments

from console.batch_parts.chosen import take_to_batch
from console.cases_parts.controls import Controls
from console.cases_parts.filters import MOST, STEP, Wanted
from console.cases_parts.opening import open_by_hand
from console.cases_parts.table import CaseTable
from console.frame import empty, frame
from console.live import live
from console.texts import _
from console.visit import ROOT, Visit, page
from models.views.case import CaseLine

# Going back through addresses that this page itself has set reads it anew.
_BACK = "window.addEventListener('popstate', () => location.reload())"
_SLASH = """
document.addEventListener('keydown', event => {
  if (event.key === '/' && !event.target.closest('input, textarea, [contenteditable]')) {
    event.preventDefault(); document.querySelector('.find input')?.focus();
  }
})
"""


@page("/cases", "Cases", permission="case.list")
async def cases(visit: Visit) -> None:
    """The page."""
    found = _Found(visit, Wanted.of(context.client.request.query_params))
    with frame(visit, _("Cases"), here="/cases", wide=True):
        await found.load()
        await found.show()
        live.watch(lambda change: change.school_id == visit.me.school_id, found.reload)


class _Found:
    """What is shown of the ledger."""

    def __init__(self, visit: Visit, wanted: Wanted) -> None:
        self._visit, self._wanted = visit, wanted
        self._controls = Controls(visit, wanted, self._narrow)
        self._table = CaseTable(visit, selectable=visit.may("case.command"), chosen=self._choose)
        self._lines: list[CaseLine] = []
        self._more = False

    async def load(self) -> None:
        """Read as many lines as are to be shown."""
        wanted, api = self._wanted, self._visit.api
        lines: list[CaseLine] = []
        cursor: str | None = None
        while len(lines) < wanted.shown:
            limit = min(200, wanted.shown - len(lines))
            page_ = await api.page(CaseLine, "/cases", cursor=cursor, limit=limit, **wanted.params())
            lines += page_.items
            cursor = page_.next_cursor
            if cursor is None:
                break
        self._lines, self._more = lines, cursor is not None
        people = [(line.mentor_id, line.proposed_mentor_id, line.department_id) for line in lines]
        await self._visit.learn_names(id_ for ids in people for id_ in ids)

    async def show(self) -> None:
        """Build the page."""
        await self._controls.load()
        self._controls.show()
        with ui.row().classes("list-head"):
            self._count = ui.label().props("role=status").classes("soft")
            ui.space()
            self._sorting()
            self._batch = ui.button(icon="playlist_add_check", on_click=self._to_batch).props(
                "unelevated no-caps"
            )
            if self._visit.may("case.open"):
                ui.button(
                    _("Open a file by hand"), icon="note_add", on_click=partial(open_by_hand, self._visit)
                ).props("outline no-caps")
        self._table.show(self._lines)
        self._nothing = ui.element("div").classes("full-width")
        self._on = ui.button(_("Show more"), on_click=self._further).props("flat no-caps")
        self._tell()
        ui.run_javascript(_BACK + ";" + _SLASH)
        # A search belongs to this entry of the browser's history, and to no address.
        context.client.on_connect(self._search_again)

    async def _search_again(self) -> None:
        asked = cast("str", await ui.run_javascript("history.state?.q ?? ''"))
        if asked and not self._wanted.q:
            self._controls.search.value = asked
            await self.reload()

    async def reload(self) -> None:
        """Read again, and only then replace what is shown."""
        await self.load()
        self._table.update(self._lines)
        self._tell()

    async def _narrow(self) -> None:
        self._wanted.shown = STEP
        await self.reload()
        self._remember()

    async def _further(self) -> None:
        self._wanted.shown = min(self._wanted.shown + STEP, MOST)
        await self.reload()
        self._remember()

    def _remember(self) -> None:
        state = json.dumps({"q": self._wanted.q.strip()})
        address = json.dumps(f"{ROOT}/cases{self._wanted.query()}")
        ui.run_javascript(
            f"if (location.pathname + location.search !== {address}) history.pushState({state}, '', {address});"
            f"else history.replaceState({state}, '')"
        )

    def _sorting(self) -> None:
        orders = {
            "due": _("Due first"),
            "-due": _("Due last"),
            "-updated": _("Changed last"),
            "updated": _("Not changed for long"),
            "-opened": _("Opened last"),
            "opened": _("Opened first"),
        }
        ui.select(orders, label=_("Order"), value=self._wanted.sort, on_change=self._sorted).props(
            "outlined dense options-dense"
        ).classes("control")

    async def _sorted(self, event: ValueChangeEventArguments[str]) -> None:
        self._wanted.sort = event.value
        await self._narrow()

    def _tell(self) -> None:
        count = len(self._lines)
        self._count.text = (
            _("{count} shown, and there are more", count=count)
            if self._more
            else _("{count} found", count=count)
        )
        self._on.set_visibility(self._more and self._wanted.shown < MOST)
        self._table.table.set_visibility(bool(count))
        self._nothing.clear()
        if not count:
            with self._nothing:
                self._none()
        self._choose()

    def _none(self) -> None:
        if self._wanted.q:
            empty(
                _("Nobody is found."),
                _("The search is exact: the full name, or the whole number."),
                icon="search_off",
            )
        elif self._wanted.narrowed:
            empty(_("No case is like this."), _("Take a filter away."), icon="filter_alt_off")
        else:
            empty(_("No files yet."), _("They come by import, or are opened by hand."), icon="folder_off")

    def _choose(self) -> None:
        count = len(self._table.selected)
        self._batch.text = _("Batch for {count}", count=count)
        self._batch.set_visibility(count > 0)

    def _to_batch(self) -> None:
        take_to_batch(self._visit.me.actor_id, self._table.selected)
