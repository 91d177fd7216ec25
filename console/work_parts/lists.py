"""The sections of My work, each read as far as the person wants to see it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from nicegui import ui

from console.frame import aria, card, empty
from console.links import link
from console.texts import ZONE, _, say
from console.visit import Visit
from console.work_parts.lines import deadline_line, notice_line
from models.views.inbox import DeadlineEntry, Inbox, NoticeEntry, Section
from models.views.wording import wording

_STEP = 50
# How much of each section is shown at first.
_FIRST: dict[Section, int] = {"overdue": _STEP, "due": _STEP, "waiting_for_others": 12, "notices": 12}
_DEADLINES: tuple[Section, ...] = ("overdue", "due", "waiting_for_others")
# The later a rung, the further up it is known that somebody waits.
_RUNGS = ("school", "college", "overdue")
_PAIRING = "answer_pairing"


class WorkLists:
    """What one person has to do, as of the last look."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._wanted = dict(_FIRST)
        self._inbox: Inbox

    async def load(self) -> None:
        """Read every section as far as it is to be shown."""
        api = self._visit.api
        found = await api.get(Inbox, "/inbox", limit=_STEP)
        for section in _FIRST:
            shown: list[DeadlineEntry] | list[NoticeEntry] = getattr(found, section)
            while section in found.next_cursors and len(shown) < self._wanted[section]:
                cursor = found.next_cursors.pop(section)
                more = await api.get(Inbox, "/inbox", section=section, cursor=cursor, limit=_STEP)
                shown += getattr(more, section)
                found.next_cursors.update(more.next_cursors)
        owners = {_owner(entry) for section in _DEADLINES for entry in getattr(found, section)}
        await self._visit.learn_names(owners)
        self._inbox = found

    async def reload(self) -> None:
        """Read again, and only then replace what is shown."""
        await self.load()
        self.show.refresh()

    async def _more(self, section: Section) -> None:
        self._wanted[section] += _STEP
        await self.reload()

    @ui.refreshable_method
    def show(self) -> None:
        """The page's content."""
        inbox = self._inbox
        own = [*inbox.overdue, *inbox.due]
        asked = [entry for entry in own if entry.clock == _PAIRING]
        self._figures(len(asked))
        with ui.element("div").classes("columns two"):
            with ui.element("div"):
                if asked:
                    self._pairings(asked)
                self._overdue([entry for entry in inbox.overdue if entry.clock != _PAIRING])
                self._due([entry for entry in inbox.due if entry.clock != _PAIRING])
            with ui.element("div"):
                self._waiting(inbox.waiting_for_others)
                self._notices(inbox.notices)

    def _figures(self, asked: int) -> None:
        counts = self._inbox.counts
        figures = [
            ("overdue", _("Overdue"), counts.overdue, "late" if counts.overdue else ""),
            ("due", _("Due within a week"), counts.due, ""),
            ("waiting", _("Waiting for others"), counts.waiting_for_others, ""),
            ("news", _("News of this week"), counts.notices, ""),
        ]
        if asked:
            figures.insert(0, ("pairings", _("Pairings to answer"), asked, "soon"))
        with ui.element("nav").classes("figures").props(aria(_("Sections of this page"))):
            for anchor, what, number, tone in figures:
                with link(target=f"#{anchor}").classes("figure"):
                    ui.label(str(number)).classes(f"number {tone}")
                    ui.label(what).classes("what")

    def _pairings(self, entries: Sequence[DeadlineEntry]) -> None:
        with ui.element("section").props("id=pairings"), card(_("Pairings to answer"), icon="handshake"):
            for entry in entries:
                deadline_line(self._visit, entry, self.reload, several=True)

    def _overdue(self, entries: Sequence[DeadlineEntry]) -> None:
        with ui.element("section").props("id=overdue"), card(_("Overdue"), icon="warning"):
            if not entries:
                empty(_("Nothing is overdue."), _("Well kept."), icon="task_alt")
            for rung in _RUNGS:
                found = [entry for entry in entries if _rung(entry) == rung]
                if found:
                    name = next(text for key, text in wording().rungs.items() if key == rung)
                    self._group(say(name), found)
            self._more_button("overdue", len(self._inbox.overdue))

    def _due(self, entries: Sequence[DeadlineEntry]) -> None:
        today = datetime.now(ZONE).date()
        groups: dict[str, list[DeadlineEntry]] = {}
        for entry in entries:
            on = entry.due_at.astimezone(ZONE).date()
            name = (
                _("Today")
                if on <= today
                else _("Within a week")
                if on <= today + timedelta(days=7)
                else _("Later")
            )
            groups.setdefault(name, []).append(entry)
        with ui.element("section").props("id=due"), card(_("Due"), icon="event"):
            if not entries:
                empty(
                    _("Nothing is due for you."), _("New tasks appear here by themselves."), icon="task_alt"
                )
            for name, found in groups.items():
                self._group(name, found)
            self._more_button("due", len(self._inbox.due))

    def _group(self, title: str, entries: Sequence[DeadlineEntry]) -> None:
        with ui.element("div").classes("full-width"):
            with ui.element("h3").classes("group-title"):
                ui.label(f"{title} · {len(entries)}")
            for entry in entries:
                deadline_line(self._visit, entry, self.reload)

    def _waiting(self, entries: Sequence[DeadlineEntry]) -> None:
        with (
            ui.element("section").props("id=waiting"),
            card(_("Waiting for others"), icon="hourglass_empty"),
        ):
            if not entries:
                empty(_("You wait for nobody."), _("What others owe your cases appears here."))
            for entry in entries[: self._wanted["waiting_for_others"]]:
                deadline_line(self._visit, entry, None, owner=self._visit.name(_owner(entry)))
            self._more_button("waiting_for_others", len(entries))

    def _notices(self, entries: Sequence[NoticeEntry]) -> None:
        with ui.element("section").props("id=news"), card(_("News"), icon="notifications"):
            if not entries:
                empty(
                    _("No news."), _("What others do in your cases appears here."), icon="notifications_none"
                )
            for entry in entries[: self._wanted["notices"]]:
                notice_line(self._visit, entry)
            self._more_button("notices", len(entries))

    def _more_button(self, section: Section, read: int) -> None:
        if read > self._wanted[section] or section in self._inbox.next_cursors:
            ui.button(_("Show more"), on_click=partial(self._more, section)).props("flat no-caps dense")


def _rung(entry: DeadlineEntry) -> str:
    return entry.rung if entry.rung in _RUNGS else "overdue"


def _owner(entry: DeadlineEntry) -> str:
    """The id of the member of staff, the department or the school that is to act."""
    return entry.owner.partition(":")[2]
