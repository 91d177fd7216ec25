"""Where the file stands in its life, what is due next and why, and what can be done about it."""

from typing import Any

from nicegui import ui

from console.acts import act
from console.case_parts.desk import Desk, tag
from console.case_parts.telling import part_of
from console.frame import card, empty
from console.texts import _, ago, day, moment, say
from models.case.state import STAGES
from models.views.acts import Answer, acts
from models.views.case import DeadlineView
from models.views.vocabulary import vocabulary

# A file that is not opened goes another way.
_LIFE = tuple(stage for stage in STAGES if stage != "not_open")
_SOON = ("before_due", "due")


def stepper(desk: Desk) -> None:
    """The stages of the life, and the one where the file stands."""
    stage = desk.case.stage
    stages = ("intake", "not_open") if stage == "not_open" else _LIFE
    at = stages.index(stage)
    with ui.element("ol").classes("life").props('aria-label="' + _("Stages of the file") + '"'):
        for number, name in enumerate(stages):
            state = "done" if number < at else "now" if number == at else "later"
            item = ui.element("li").classes(state)
            if state == "now":
                item.props("aria-current=step")
            with item:
                ui.icon("check" if state == "done" else "circle").classes("dot").props("aria-hidden=true")
                ui.label(say(vocabulary().stage(name)))


def due(desk: Desk) -> None:
    """What is due, for whom, since when."""
    case = desk.case
    with card(_("What is due next"), icon="event"):
        if case.no_deadline_reason is not None:
            reason = say(vocabulary().choice("no_deadline_reason", case.no_deadline_reason))
            empty(_("Nothing is due."), reason, icon="event_available")
        for deadline in sorted(case.deadlines, key=lambda item: item.due_at):
            _deadline(desk, deadline)


def _deadline(desk: Desk, deadline: DeadlineView) -> None:
    words = vocabulary()
    answers = acts().answers(deadline.clock)
    with ui.element("div").classes("line wrap"):
        with ui.element("div").classes("grow"):
            with ui.element("div").classes("marks"):
                ui.label(say(words.choice("clock", deadline.clock))).classes("strong")
                ui.label(about(desk, deadline)).classes("soft")
                _marks(deadline)
            ui.label(
                _(
                    "{who} is to do it; the clock runs since {since}.",
                    who=desk.who(deadline.owner),
                    since=moment(deadline.since),
                )
            ).classes("small soft")
            on = day(deadline.due_on) if deadline.due_on else moment(deadline.due_at)
            ui.label(_("Due: {when}", when=on)).classes("small soft")
        for answer in answers:
            if desk.may(answer.command):
                desk.button(answer.command, values=answer.given(deadline.subject))


def _marks(deadline: DeadlineView) -> None:
    words = vocabulary()
    if deadline.paused:
        tag(say(words.field("paused")), "soon")
        return
    tone = "late" if deadline.overdue else "soon" if deadline.rung in _SOON else ""
    tag(ago(deadline.due_at), tone)
    if deadline.rung is not None:
        tag(say(words.choice("rung", deadline.rung)), tone)
    if deadline.estimated:
        tag(say(words.field("estimated")))


def about(desk: Desk, deadline: DeadlineView) -> str:
    """Which part of the file a deadline is about; empty where it is about the file."""
    names = (answer.subject for answer in acts().answers(deadline.clock) if answer.subject)
    field, subject = next(names, ""), deadline.subject.split(".")[0]
    found = part_of(desk, field, subject)
    return found if found != subject else ""


def next_step(desk: Desk) -> tuple[Answer, DeadlineView] | None:
    """What this person does next: the first thing due that this person can answer."""
    for deadline in sorted(desk.case.deadlines, key=lambda item: item.due_at):
        for answer in acts().answers(deadline.clock):
            if desk.may(answer.command):
                return answer, deadline
    return None


def actions(desk: Desk) -> None:
    """Everything that can be done now; what cannot, with the reason, on demand."""
    words = vocabulary()
    with card(_("What can be done now"), icon="bolt"):
        step = next_step(desk)
        if step is not None:
            answer, deadline = step
            with ui.element("div").classes("actions"):
                desk.button(answer.command, values=answer.given(deadline.subject), primary=True)
                due_act = say(words.choice("clock", deadline.clock))
                ui.label(_("Next: {what}, {when}", what=due_act, when=ago(deadline.due_at))).classes(
                    "small soft next"
                )
        for area in acts().areas:
            allowed = [command for command in area.commands if desk.may(command)]
            if not allowed:
                continue
            ui.label(say(area)).classes("small soft area")
            with ui.element("div").classes("actions"):
                for command in allowed:
                    desk.button(command)
        if not any(item.allowed for item in desk.possible.values()):
            empty(_("You can do nothing in this file now."), _("The reasons stand below."), icon="lock")
        with desk.opened("not", _("Why not the rest?"), icon="help_outline"):
            for area in acts().areas:
                for command in area.commands:
                    item = desk.possible.get(command)
                    if item is None or item.allowed:
                        continue
                    with ui.element("div").classes("why"):
                        ui.label(say(words.command(command))).classes("strong")
                        ui.label((item.zh if desk.visit.language == "zh" else item.en) or "").classes(
                            "small soft"
                        )


def bottom(desk: Desk) -> None:
    """On phones: the next step and the quick contact, always at hand."""
    step = next_step(desk)
    contact = desk.may("record_contact") and (step is None or step[0].command != "record_contact")
    if step is None and not contact:
        return
    with ui.element("div").classes("bottom"):
        if step is not None:
            answer, deadline = step
            desk.button(answer.command, values=answer.given(deadline.subject), primary=True)
        if contact:
            desk.button("record_contact", _("Quick contact"), primary=step is None)


async def asked(desk: Desk, wanted: str) -> None:
    """Open the form that the address asks for: of a clock of the file, or of a command."""
    answers = acts().answers(wanted)
    due_now = [
        item for item in sorted(desk.case.deadlines, key=lambda item: item.due_at) if item.clock == wanted
    ]
    options: list[tuple[str, dict[str, Any]]] = [
        (answer.command, answer.given(item.subject)) for item in due_now for answer in answers
    ] or [(answer.command, dict(answer.values)) for answer in answers]
    if not answers and wanted in desk.possible:
        options = [(wanted, {})]
    for command, values in options:
        if desk.may(command):
            await act(desk.visit, desk.case, command, desk.done, values)
            return
    for command, _values in options:
        item = desk.possible.get(command)
        reason = (item.zh if desk.visit.language == "zh" else item.en) if item else None
        if reason:
            ui.notify(reason, type="warning")
            return
