"""Overdue (逾期): who owes what, since when, how far it has been escalated; one click to the case."""

from typing import get_args

from nicegui import ui

from console.frame import card, empty, frame
from console.links import link
from console.live import live
from console.redrawn import Redrawn
from console.supervision.filters import filters
from console.supervision.owners import learn_owners, owner_name
from console.texts import _, ago, moment, say
from console.visit import ROOT, Visit, page
from models.case.kernel import Role
from models.policy import ClockName, RungName
from models.views.supervision import OverdueEntry
from models.views.vocabulary import vocabulary
from services.office import DepartmentView

_AT_FIRST = 50
# Before it is due nothing is overdue.
_RUNGS = [rung for rung in get_args(RungName) if rung != "before_due"]
_ESCALATED = ("college", "school")


@page("/overdue", "Overdue", permission="supervision.read")
async def overdue_page(visit: Visit, rung: str = "", clock: str = "", department: str = "") -> None:
    """The page; its filters stand in the address, as the overview links to it."""
    chosen = {"rung": rung, "clock": clock, "department": department}
    words = vocabulary()
    offered = {
        "rung": (_("Step of escalation"), {item: say(words.choice("rung", item)) for item in _RUNGS}),
        "clock": (
            _("What is due"),
            {item: say(words.choice("clock", item)) for item in get_args(ClockName)},
        ),
    }
    if visit.me.role == Role.SCHOOL_SUPERVISOR:
        departments = await visit.api.every(DepartmentView, "/departments")
        offered["department"] = (_("Department"), {item.id: item.name for item in departments})
    with frame(visit, _("Overdue"), here="/overview"):
        filters("/overdue", chosen, offered)
        most = _AT_FIRST

        @Redrawn
        async def content() -> None:
            entries = await visit.api.every(OverdueEntry, "/supervision/overdue", most + 1, **chosen)
            await learn_owners(visit, (entry.owner for entry in entries))
            await visit.learn_names(
                id_ for entry in entries for id_ in (entry.department_id, entry.mentor_id)
            )
            _list(visit, entries[:most])
            if len(entries) > most:
                ui.button(_("Show more"), icon="expand_more", on_click=more).props("flat no-caps")

        async def more() -> None:
            nonlocal most
            most += _AT_FIRST
            await content.refresh()

        await content()
        live.watch(lambda change: change.school_id == visit.me.school_id, content.refresh)


def _list(visit: Visit, entries: list[OverdueEntry]) -> None:
    with card(_("The longest overdue first"), icon="warning"):
        if not entries:
            empty(_("Nothing is overdue."), _("What is late appears here by itself."), icon="task_alt")
        for entry in entries:
            with ui.element("div").classes("line"):
                with ui.element("div").classes("grow"):
                    link(entry.display, f"{ROOT}/cases/{entry.case_id}?act={entry.clock}").classes("strong")
                    ui.label(_what(visit, entry)).classes("small soft")
                if entry.rung in _ESCALATED:
                    ui.label(say(vocabulary().choice("rung", entry.rung))).classes("tag soon")
                ui.label(_("due {ago}", ago=ago(entry.due_at))).classes("tag late").tooltip(
                    moment(entry.due_at)
                )


def _what(visit: Visit, entry: OverdueEntry) -> str:
    due = {
        "what": say(vocabulary().choice("clock", entry.clock)),
        "who": owner_name(visit, entry.owner),
        "department": visit.name(entry.department_id),
        "since": moment(entry.since),
    }
    if entry.mentor_id is None or entry.owner.endswith(f":{entry.mentor_id}"):
        return _("{what} · owed by {who} · {department} · since {since}", **due)
    return _(
        "{what} · owed by {who} · mentor {mentor} · {department} · since {since}",
        mentor=visit.name(entry.mentor_id),
        **due,
    )
