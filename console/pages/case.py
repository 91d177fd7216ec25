"""One file (一人一档): who, where in the life, what is due next and why, and everything that was done."""

from functools import partial

from nicegui import ui

from console.case_parts import behind, care, entries, life, loops, outcome, person
from console.case_parts.desk import Desk, look
from console.frame import frame
from console.live import live
from console.visit import ROOT, Visit, page
from models.views.case import CommandResult


@page("/cases/{case_id}", "Case", permission="case.read")
async def case_page(visit: Visit, case_id: str, act: str = "") -> None:
    """The page. `act` opens the form of what is due under that clock, or of that command."""

    async def follow(_result: CommandResult | None = None) -> None:
        # Read first, then show: what stood there stays until the new is here.
        nonlocal desk
        desk = await look(visit, desk, case_id, follow, show)
        await show()

    async def show() -> None:
        body.refresh(desk)

    desk = await look(visit, None, case_id, follow, show)
    with frame(visit, desk.case.profile.name, here="/cases"):

        @ui.refreshable
        def body(shown: Desk) -> None:
            _body(shown)

        body(desk)
        if visit.may("access_log.read") or visit.may("case.workflow"):
            with ui.element("div").classes("columns halves"):
                if visit.may("access_log.read"):
                    behind.looks(visit, case_id)
                if visit.may("case.workflow"):
                    behind.workflow(visit, case_id)
    live.watch(lambda change: change.case_id == case_id, follow)
    if act:
        ui.navigate.history.replace(f"{ROOT}/cases/{case_id}")
        ui.timer(0, partial(life.asked, desk, act), once=True)


def _body(desk: Desk) -> None:
    person.head(desk)
    life.stepper(desk)
    with ui.element("div").classes("columns two"):
        with ui.element("div"):
            life.due(desk)
            care.package(desk)
            care.plan(desk)
            care.talks(desk)
        with ui.element("div"):
            life.actions(desk)
            outcome.destination(desk)
            loops.referrals(desk)
            loops.trainings(desk)
            loops.consents(desk)
            outcome.objections(desk)
            outcome.transfers(desk)
            outcome.closure(desk)
            outcome.keeping(desk)
    entries.timeline(desk)
    life.bottom(desk)
