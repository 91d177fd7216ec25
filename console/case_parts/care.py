"""What the graduate is owed and what was agreed: service package, plan, talks and notes."""

from nicegui import ui

from console.case_parts.desk import Desk, fact, tag, when
from console.case_parts.entries import details
from console.case_parts.telling import text_of
from console.frame import card, nothing
from console.texts import _, ago, day, moment, say
from models.case.plan import CasePlan, PlanMeasure
from models.case.service import PackageLine, Service
from models.views.vocabulary import vocabulary

_TALKS = ("contact_recorded", "follow_up_recorded", "stability_checked", "assessment_recorded", "annotated")
_LATEST = 4


def package(desk: Desk) -> None:
    """The service package, line by line, with what is still owed."""
    found = desk.case.package
    with card(_("Service package"), icon="inventory_2"):
        if not found.lines:
            nothing(_("No service package yet."), _("It follows from the decision on eligibility."))
            desk.button("record_service")
            return
        with ui.element("div").classes("marks"):
            tag(
                _("{done} of {due} delivered", done=found.done, due=found.due),
                "good" if not found.owed else "",
            )
            tag(_("{count} confirmed by the graduate", count=found.confirmed))
            if found.owed:
                tag(_("{count} still owed", count=found.owed), "soon")
        for line in found.lines:
            _line(desk, line)
        _services(desk)


def _line(desk: Desk, line: PackageLine) -> None:
    name = say(vocabulary().choice("item", line.item))
    with ui.element("div").classes("line wrap"):
        ui.icon("check_circle" if not line.owed else "radio_button_unchecked").classes(
            "good" if not line.owed else "soft"
        ).props("size=20px aria-hidden=true")
        with ui.element("div").classes("grow"):
            ui.label(name)
            ui.label(
                _(
                    "{done} of {due} delivered, {confirmed} confirmed",
                    done=line.done,
                    due=line.due,
                    confirmed=line.confirmed,
                )
            ).classes("small soft")
        if line.owed:
            values = {"service_type": line.types[0]} if len(line.types) == 1 else {}
            desk.button("record_service", _("Record"), values, about=name)


def _services(desk: Desk) -> None:
    services = desk.case.services
    if not services:
        return
    with desk.opened("services", _("Services delivered ({count})", count=len(services)), icon="list"):
        for item in reversed(services):
            _service(desk, item)


def _service(desk: Desk, item: Service) -> None:
    name = say(vocabulary().service(item.type))
    with ui.element("div").classes("line wrap"):
        with ui.element("div").classes("grow"):
            ui.label(name)
            ui.label(
                _("{who}, {when}", who=desk.who(item.recorded_by), when=moment(item.happened_at))
            ).classes("small soft")
        if item.agreed is None:
            tag(_("Not confirmed yet"))
            desk.button("confirm_service", _("Confirm"), {"service_id": item.id}, about=name)
        else:
            tag(
                _("Confirmed") if item.agreed else _("Denied by the graduate"),
                "good" if item.agreed else "late",
            )


def plan(desk: Desk) -> None:
    """The plan in force, and the draft that waits for approval."""
    case = desk.case
    with card(_("Plan"), icon="flag"):
        if case.draft_plan is not None:
            with ui.element("div").classes("group draft"):
                with ui.element("div").classes("marks"):
                    ui.label(
                        _("Version {number} waits for approval", number=case.draft_plan.version)
                    ).classes("strong")
                    ui.label(
                        _(
                            "written by {who}, {when}",
                            who=desk.who(case.draft_plan.author_id),
                            when=ago(case.draft_plan.set_at),
                        )
                    ).classes("small soft")
                _goals(desk, case.draft_plan, running=False)
                with ui.element("div").classes("actions"):
                    desk.button("approve_plan", primary=True)
                    desk.button("reject_plan")
        if case.plan is not None:
            ui.label(
                _(
                    "Version {number}, approved by {who}, {when}",
                    number=case.plan.version,
                    who=desk.who(case.plan.approved_by),
                    when=moment(case.plan.approved_at or case.plan.set_at),
                )
            ).classes("small soft")
            _goals(desk, case.plan, running=True)
        elif case.draft_plan is None:
            nothing(
                _("No plan yet."), _("The mentor writes it after the first talk; a supervisor approves it.")
            )
        with ui.element("div").classes("actions"):
            desk.button("set_plan", _("Amend the plan") if case.plan or case.draft_plan else "")


def _goals(desk: Desk, found: CasePlan, *, running: bool) -> None:
    for goal in found.goals:
        ui.label(goal.title).classes("strong goal")
        for measure in goal.measures:
            _measure(desk, measure, running=running)


def _measure(desk: Desk, measure: PlanMeasure, *, running: bool) -> None:
    with ui.element("div").classes("line wrap"):
        done = measure.done_at is not None
        ui.icon("check_circle" if done else "radio_button_unchecked").classes(
            "good" if done else "soft"
        ).props("size=20px aria-hidden=true")
        with ui.element("div").classes("grow"):
            ui.label(measure.title)
            parts = [desk.who(measure.owner_id), _("due {day}", day=day(measure.due_on))]
            if measure.service_type:
                parts.insert(0, say(vocabulary().service(measure.service_type)))
            ui.label(" · ".join(parts)).classes("small soft")
        if measure.done_at is not None:
            tag(_("Done {when}", when=ago(measure.done_at)), "good")
        elif running:
            desk.button("complete_measure", _("Complete"), {"measure_id": measure.id}, about=measure.title)


def talks(desk: Desk) -> None:
    """The assessment and the latest talks and notes."""
    case, words = desk.case, vocabulary()
    with card(_("Talks and notes"), icon="forum"):
        with ui.element("div").classes("facts"):
            last = ago(case.last_contact_at) if case.last_contact_at else _("never")
            fact(say(words.field("last_contact_at")), last)
            fact(say(words.field("contacts")), str(case.contacts))
            if case.assessment is not None:
                fact(
                    say(words.field("risk_level")),
                    say(words.choice("risk_level", case.assessment.risk_level)),
                )
                fact(say(words.field("intention")), text_of(desk, "intention", case.assessment.intention))
        found = desk.events(*_TALKS)
        if not found:
            nothing(_("No talk was recorded yet."), _("A short note after each talk is enough."))
        for entry in found[:_LATEST]:
            with ui.element("div").classes("entry"):
                with ui.element("div").classes("marks"):
                    ui.label(say(words.event(entry.type))).classes("strong")
                    ui.label(desk.doer(entry)).classes("small soft")
                    when(entry.at)
                details(desk, entry)
        with ui.element("div").classes("actions"):
            desk.button("record_contact")
            desk.button("record_follow_up")
            desk.button("annotate")
