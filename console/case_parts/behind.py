"""Who else looked at the file, and how its workflow runs in Temporal; both are asked for only when opened."""

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from console.case_parts.desk import fact, tag, when
from console.frame import card, nothing
from console.links import link
from console.texts import _, ago, moment, say
from console.visit import Visit
from models.views.audit import AccessLine
from models.views.vocabulary import vocabulary
from services.status import WorkflowStatus

_LINES = 20


def looks(visit: Visit, case_id: str) -> None:
    """Who else looked, when and what for."""

    async def fill(place: ui.column, cursor: str | None = None) -> None:
        found = await visit.api.page(AccessLine, f"/cases/{case_id}/access-log", cursor=cursor, limit=_LINES)
        with place:
            if not found.items:
                nothing(_("Nobody looked yet."), _("Every look at this file appears here."))
            for line in found.items:
                _look(visit, line)
            if found.next_cursor is not None:
                more = ui.button(_("Earlier"), icon="expand_more").props("flat no-caps")

                async def earlier(at: str) -> None:
                    more.delete()
                    await fill(place, at)

                more.on_click(partial(earlier, found.next_cursor))

    with card(_("Who else looked"), icon="visibility"):
        _on_demand(_("Show who had access to this file"), fill)


def _look(visit: Visit, line: AccessLine) -> None:
    chinese = visit.language == "zh"
    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            role = say(vocabulary().role(line.role))
            ui.label(_("{name} ({role})", name=line.name, role=role) if line.name else role)
            purpose = line.purpose_zh if chinese else line.purpose_en
            parts = [
                line.act_zh if chinese else line.act_en,
                line.department,
                _("for: {purpose}", purpose=purpose) if purpose else None,
            ]
            ui.label(" · ".join(part for part in parts if part)).classes("small soft")
        when(line.at)


def workflow(visit: Visit, case_id: str) -> None:
    """How the file's workflow stands in Temporal as it is now."""

    async def fill(place: ui.column) -> None:
        status = await visit.api.get(WorkflowStatus, f"/cases/{case_id}/workflow")
        with place:
            _workflow(visit, status)

    with card(_("Workflow status"), icon="account_tree"):
        _on_demand(_("Show the live status"), fill)


def _workflow(visit: Visit, status: WorkflowStatus) -> None:
    live = status.live
    with ui.element("div").classes("marks"):
        running = status.status == "running"
        tag(_running(status.status), "good" if running else "")
        if live is None:
            tag(_("No worker answers now"), "late")
        elif live.projection_behind:
            tag(_("The ledger is behind; {count} events wait", count=live.pending_events), "late")
        else:
            tag(_("The ledger is up to date"), "good")
    with ui.element("div").classes("facts"):
        fact(_("Looks at the time again"), _at(status))
        if live is not None:
            fact(_("Stage"), say(vocabulary().stage(live.stage)))
            fact(_("Version"), str(live.version))
            fact(_("Waiting work"), str(live.pending_events + live.pending_effects))
            fact(_("Acts in this run"), str(live.commands_in_run))
        fact(
            _("Length of the history"),
            _("{count} events, {size} KB", count=status.history_length, size=status.history_bytes // 1024),
        )
        fact(_("This run began"), moment(status.started_at))
    if status.pending:
        ui.label(_("Under way, with their tries:")).classes("small soft")
        for item in status.pending:
            ui.label(_tried(item)).classes("small")
    else:
        ui.label(_("Nothing is being tried again.")).classes("small soft")
    origin = next(iter(visit.settings.temporal_ui_origins), None)
    if origin is not None:
        namespace = visit.settings.temporal_namespace
        address = f"{origin}/namespaces/{namespace}/workflows/{status.workflow_id}"
        link(_("Open in Temporal's pages"), address, new_tab=True)


def _running(status: str) -> str:
    texts = {
        "running": _("Running"),
        "completed": _("Completed"),
        "failed": _("Failed"),
        "terminated": _("Terminated"),
    }
    return texts.get(status, status)


def _tried(pending: str) -> str:
    """An activity under way, as the API names it: `project (attempt 3)`."""
    name, _space, tried = pending.partition(" ")
    texts = {
        "project": _("Writing into the ledger"),
        "reserve_mentor": _("Asking for a mentor with room"),
        "reserve_place": _("Asking for a place in a class"),
        "leave_class": _("Giving a place in a class back"),
        "begin_erasure": _("Beginning the erasure"),
    }
    number = "".join(filter(str.isdecimal, tried))
    return _("{what}, try {number}", what=texts.get(name, name), number=number)


def _at(status: WorkflowStatus) -> str:
    if status.next_deadline is None:
        return _("never")
    return _("{moment} ({ago})", moment=moment(status.next_deadline), ago=ago(status.next_deadline))


def _on_demand(title: str, fill: Callable[[ui.column], Awaitable[None]]) -> None:
    """A folded part that asks anew each time it is opened."""

    async def opened(open_: bool) -> None:
        if open_:
            place.clear()
            await fill(place)

    with (
        ui.expansion(title, on_value_change=lambda event: opened(bool(event.value)))
        .classes("fold full-width")
        .props("dense")
    ):
        place = ui.column().classes("full-width").style("gap:4px")
