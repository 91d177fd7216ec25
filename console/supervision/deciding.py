"""One decision in place: what is asked for, and the acts that answer it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import ui

from console.acts import act, act_unseen
from console.links import link
from console.supervision.asked import Matter, matter, show
from console.supervision.owners import person_name
from console.texts import _, ago, moment, say
from console.visit import ROOT, Visit
from models.views.acts import acts
from models.views.approvals import Approval
from models.views.case import CommandResult, CommandsView
from models.views.vocabulary import vocabulary


def granting(clock: str) -> str:
    """The command that grants what is asked for."""
    return acts().answers(clock)[0].command


def given(line: Approval) -> dict[str, Any]:
    """What the line says of its command already."""
    part, _dot, level = line.subject.partition(".")
    if line.clock == "approve_plan":
        return {"plan_version": int(part)}
    named = acts().answers(line.clock)[0].given(line.subject)
    return named | ({"level": level} if level else {})


async def decide(visit: Visit, line: Approval, then: Callable[[], Awaitable[None]]) -> None:
    """Open what is asked for. `then` follows a decision."""
    with ui.context.client.content:
        item = await matter(visit, line)
        allowed, own = await _allowed(visit, item), line.own
        with ui.dialog() as dialog, ui.card().classes("sheet"):
            title = say(vocabulary().choice("clock", line.clock))
            ui.label(f"{line.display} · {title}").classes("sheet-title").props("role=heading aria-level=2")
            with ui.column().classes("sheet-body"):
                _asked_by(visit, line)
                show(visit, item)
                if own:
                    ui.label(_("This is your own work: another person has to decide.")).classes("meanwhile")
                elif not allowed:
                    ui.label(_("There is nothing to decide here any more.")).classes("meanwhile")
            with ui.row().classes("sheet-end"):
                if item.case is not None:
                    link(_("Open the case"), f"{ROOT}/cases/{line.case_id}")
                    ui.space()
                ui.button(_("Close"), on_click=dialog.close).props("flat no-caps")
                for command in reversed(allowed):
                    ui.button(
                        say(vocabulary().command(command)),
                        on_click=partial(_act, visit, item, command, dialog, then),
                    ).props("no-caps " + ("unelevated color=primary" if command == allowed[0] else "outline"))
        dialog.on("hide", dialog.delete)
        dialog.open()


def _asked_by(visit: Visit, line: Approval) -> None:
    who = line.by_name or person_name(visit, line.by if line.by else "graduate")
    ui.label(
        _("Asked for by {who} {ago} ({at})", who=who, ago=ago(line.since), at=moment(line.since))
    ).classes("soft small")


async def _allowed(visit: Visit, item: Matter) -> list[str]:
    """The answers that the API allows now."""
    wanted = [answer.command for answer in acts().answers(item.line.clock)]
    if item.case is None:
        return wanted
    possible = await visit.api.get(CommandsView, f"/cases/{item.line.case_id}/commands")
    allowed = {entry.type for entry in possible.commands if entry.allowed}
    return [] if item.line.own else [command for command in wanted if command in allowed]


async def _act(
    visit: Visit, item: Matter, command: str, dialog: ui.dialog, then: Callable[[], Awaitable[None]]
) -> None:
    async def done(_result: CommandResult) -> None:
        dialog.close()
        await then()

    values = given(item.line)
    if item.case is None:
        await act_unseen(visit, item.line.case_id, command, done, values)
        return
    await act(visit, item.case, command, done, values, about=partial(show, visit, item))
