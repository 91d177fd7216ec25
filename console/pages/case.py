"""One file (一人一档): who, where in the life, what is due next and why, and everything that was done."""

from functools import partial

from nicegui import ui

from console.acts import act
from console.frame import card, frame
from console.live import live
from console.texts import _, ago, moment, say
from console.visit import Visit, page
from models.views.case import CaseView, CommandResult, CommandsView, TimelineEntry
from models.views.vocabulary import vocabulary


@page("/cases/{case_id}", "Case", permission="case.read")
async def case_page(visit: Visit, case_id: str) -> None:
    """The page."""
    case = await visit.api.get(CaseView, f"/cases/{case_id}")
    with frame(visit, case.profile.name, here="/cases"):

        @ui.refreshable
        async def content() -> None:
            shown = await visit.api.get(CaseView, f"/cases/{case_id}")
            possible = await visit.api.get(CommandsView, f"/cases/{case_id}/commands")
            entries = await visit.api.every(TimelineEntry, f"/cases/{case_id}/timeline")
            await visit.learn_names(
                [shown.department_id, shown.mentor_id, *(entry.actor_id for entry in entries)]
            )
            _actions(visit, shown, possible)
            _timeline(visit, entries)

        def _actions(visit: Visit, shown: CaseView, possible: CommandsView) -> None:
            async def done(_result: CommandResult) -> None:
                await content.refresh()

            with card(_("What can be done now")), ui.element("div").classes("actions"):
                for item in possible.commands:
                    if item.allowed:
                        ui.button(
                            say(vocabulary().command(item.type)),
                            on_click=partial(act, visit, shown, item.type, done),
                        ).props("outline no-caps dense")

        await content()
        live.watch(lambda change: change.case_id == case_id, content.refresh)


def _timeline(visit: Visit, entries: list[TimelineEntry]) -> None:
    with card(_("Timeline"), icon="history"):
        for entry in reversed(entries):
            with ui.element("div").classes("line"):
                with ui.element("div").classes("grow"):
                    ui.label(say(vocabulary().event(entry.type)))
                    ui.label(visit.name(entry.actor_id)).classes("small soft")
                ui.label(ago(entry.at)).classes("small soft").tooltip(moment(entry.at))
