"""One line each of what is due and what happened."""

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from console.acts import act, act_unseen
from console.links import link
from console.texts import _, ago, moment, say
from console.visit import ROOT, Visit
from models.views.acts import Answer, acts
from models.views.case import CaseView, CommandResult
from models.views.inbox import DeadlineEntry, NoticeEntry
from models.views.vocabulary import vocabulary

Then = Callable[[], Awaitable[None]]


def deadline_line(
    visit: Visit, entry: DeadlineEntry, then: Then | None, *, several: bool = False, owner: str = ""
) -> None:
    """Something due, with its act, or with `several` all of them; `then` follows the act, None where there is none
    of one's own. `owner` is who is waited for."""
    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            person(visit, entry.case_id, entry.display)
            ui.label(say(entry)).classes("small soft")
            if owner:
                ui.label(_("Waiting for: {name}", name=owner)).classes("small soft")
        tone = "late" if entry.overdue else "soon" if entry.rung is not None else ""
        ui.label(ago(entry.due_at)).classes(f"tag {tone}").tooltip(moment(entry.due_at))
        if then is not None:
            with ui.element("div").classes("line-acts"):
                for place, answer in enumerate(acts().answers(entry.clock)[: 2 if several else 1]):
                    look = "unelevated color=primary" if several and place == 0 else "outline color=primary"
                    ui.button(
                        say(vocabulary().command(answer.command)),
                        on_click=partial(_do, visit, entry, answer, then),
                    ).props(f"{look} no-caps dense").classes("act")


def notice_line(visit: Visit, entry: NoticeEntry) -> None:
    """Something that happened."""
    with ui.element("div").classes("line"):
        with ui.element("div").classes("grow"):
            person(visit, entry.case_id, entry.display)
            ui.label(say(entry)).classes("small soft")
        ui.label(ago(entry.at)).classes("small soft").tooltip(moment(entry.at))


def person(visit: Visit, case_id: str, display: str) -> None:
    """The graduate's name, which leads to the file; who reads no files is led to the referrals."""
    if not visit.may("case.read"):
        link(_("A graduate referred to you"), f"{ROOT}/referrals").classes("strong")
    elif display == case_id:
        # The file was there for this person once, as before a pairing was declined.
        ui.label(_("A file that is no longer yours")).classes("soft")
    else:
        link(display, f"{ROOT}/cases/{case_id}").classes("strong")


async def _do(visit: Visit, entry: DeadlineEntry, answer: Answer, then: Then) -> None:
    async def done(_result: CommandResult) -> None:
        await then()

    if visit.may("case.read"):
        case = await visit.api.get(CaseView, f"/cases/{entry.case_id}")
        await act(visit, case, answer.command, done, answer.given(entry.subject))
    else:
        await act_unseen(visit, entry.case_id, answer.command, done, answer.given(entry.subject))
