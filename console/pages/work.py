"""My work (我的工作): what is due, overdue, waited for, and what happened; one click from the act."""

from collections.abc import Sequence

from nicegui import ui

from console.frame import card, empty, frame
from console.live import live
from console.texts import _, ago, moment, say
from console.visit import ROOT, Visit, page
from models.views.inbox import DeadlineEntry, Inbox, NoticeEntry


@page("/work", "My work", permission="inbox.read")
async def work(visit: Visit) -> None:
    """The page."""
    with frame(visit, _("My work"), here="/work"):

        @ui.refreshable
        async def lists() -> None:
            inbox = await visit.api.get(Inbox, "/inbox")
            _figures(inbox)
            with ui.element("div").classes("columns two"):
                with ui.element("div"):
                    _deadlines(_("Overdue"), inbox.overdue, "warning", _("Nothing is overdue."))
                    _deadlines(_("Due"), inbox.due, "event", _("Nothing is due for you."))
                with ui.element("div"):
                    _deadlines(
                        _("Waiting for others"),
                        inbox.waiting_for_others,
                        "hourglass_empty",
                        _("You wait for nobody."),
                    )
                    _notices(inbox.notices)

        await lists()
        live.watch(lambda change: change.school_id == visit.me.school_id, lists.refresh)


def _figures(inbox: Inbox) -> None:
    counts = inbox.counts
    with ui.element("div").classes("figures"):
        for what, number, tone in (
            (_("Overdue"), counts.overdue, "late" if counts.overdue else ""),
            (_("Due"), counts.due, ""),
            (_("Waiting for others"), counts.waiting_for_others, ""),
            (_("News"), counts.notices, ""),
        ):
            with ui.element("div").classes("figure"):
                ui.label(str(number)).classes(f"number {tone}")
                ui.label(what).classes("what")


def _deadlines(title: str, entries: Sequence[DeadlineEntry], icon: str, nothing: str) -> None:
    with card(title, icon=icon):
        if not entries:
            empty(nothing, _("New tasks appear here by themselves."), icon="task_alt")
        for entry in entries:
            with ui.element("div").classes("line"):
                with ui.element("div").classes("grow"):
                    ui.link(entry.display, f"{ROOT}/cases/{entry.case_id}?act={entry.clock}").classes(
                        "strong"
                    )
                    ui.label(say(entry)).classes("small soft")
                tone = "late" if entry.overdue else ""
                ui.label(ago(entry.due_at)).classes(f"tag {tone}").tooltip(moment(entry.due_at))


def _notices(entries: Sequence[NoticeEntry]) -> None:
    with card(_("News"), icon="notifications"):
        if not entries:
            empty(_("No news."), _("What others do in your cases appears here."), icon="notifications_none")
        for entry in entries:
            with ui.element("div").classes("line"):
                with ui.element("div").classes("grow"):
                    ui.link(entry.display, f"{ROOT}/cases/{entry.case_id}").classes("strong")
                    ui.label(say(entry)).classes("small soft")
                ui.label(ago(entry.at)).classes("small soft").tooltip(moment(entry.at))
