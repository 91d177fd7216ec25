"""What a supervisor decides on: the plan, closure, destination, erasure, objection or transfer itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from nicegui import ui

from console.backend import Refusal
from console.links import link
from console.supervision.owners import person_name
from console.texts import _, day, moment, say
from console.visit import Visit
from models.case.destination import Destination
from models.case.plan import CasePlan
from models.views.approvals import Approval
from models.views.attachment import AttachmentView
from models.views.case import CaseView, TimelineEntry
from models.views.vocabulary import vocabulary

# The event that asked for the decision, and its field that the deadline's subject names.
_ASKED_BY: Mapping[str, tuple[str, str | None]] = {
    "approve_closure": ("closure_requested", None),
    "verify_destination": ("destination_registered", "destination.id"),
    "approve_erasure": ("erasure_requested", None),
    "answer_objection": ("objection_raised", "objection_id"),
    "answer_transfer": ("transfer_requested", "transfer_id"),
}


@dataclass(frozen=True)
class Matter:
    """A decision to make with what is needed for it. `case` is None where the file is not to be read yet; `event` is
    what asked for the decision, as the reader may see it."""

    line: Approval
    case: CaseView | None
    event: Mapping[str, Any]
    attachments: Sequence[AttachmentView]

    @property
    def part(self) -> str:
        """The part of the case that it is about; a destination's deadline names its level behind a dot."""
        return self.line.subject.partition(".")[0]


async def matter(visit: Visit, line: Approval) -> Matter:
    """All that there is to see about a decision. Raises Refusal."""
    path = f"/cases/{line.case_id}"
    try:
        case = await visit.api.get(CaseView, path)
    except Refusal as refusal:
        if refusal.signed_off or refusal.may_be_repeated:
            raise
        return Matter(line, None, {}, ())
    event = dict[str, Any]()
    if line.clock in _ASKED_BY:
        entries = await visit.api.every(TimelineEntry, f"{path}/timeline")
        event = next((item.data for item in reversed(entries) if _asks(item, line)), event)
    attachments: list[AttachmentView] = []
    if line.clock == "verify_destination" and visit.may("attachment.read"):
        attachments = await visit.api.every(AttachmentView, f"{path}/attachments")
    ids = [case.department_id, case.mentor_id, *(item.to for item in case.transfers)]
    plan = case.draft_plan
    if plan is not None:
        ids += [plan.author_id, *(measure.owner_id for measure in plan.measures())]
    await visit.learn_names(ids)
    return Matter(line, case, event, attachments)


def _asks(entry: TimelineEntry, line: Approval) -> bool:
    type_, named = _ASKED_BY[line.clock]
    if entry.type != type_:
        return False
    if named is None:
        return True
    found: Any = entry.data
    for key in named.split("."):
        found = found[key]
    return found == line.subject.partition(".")[0]


def show(visit: Visit, item: Matter) -> None:
    """Draw what is to be decided on."""
    case, line = item.case, item.line
    if case is None:
        ui.label(
            _("The file belongs to another department. You can read it once you have taken it over.")
        ).classes("soft")
        return
    clock = line.clock
    if clock == "approve_plan" and case.draft_plan is not None:
        _plan(visit, case, case.draft_plan)
    elif clock == "verify_destination":
        found = next((entry for entry in case.destinations if entry.id == item.part), None)
        if found is not None:
            _destination(item, case, found)
    elif clock == "approve_closure":
        _facts(_closure(item, case))
    else:
        _facts(_told(visit, item))


def _plan(visit: Visit, case: CaseView, plan: CasePlan) -> None:
    words = vocabulary()
    facts = [(_("Version"), str(plan.version)), (_("Written by"), person_name(visit, plan.author_id))]
    if case.risk_level is not None:
        facts.append((_("Risk level"), say(words.choice("risk_level", case.risk_level))))
    owed = [
        f"{say(words.choice('item', line.item))} × {line.owed}" for line in case.package.lines if line.owed
    ]
    facts.append((_("Still owed of the service package"), _list(owed) or _("Nothing")))
    _facts(facts)
    for goal in plan.goals:
        with ui.column().classes("group").style("gap:2px"):
            ui.label(_("Goal: {title}", title=goal.title)).classes("strong")
            for measure in goal.measures:
                with ui.element("div").classes("line"):
                    with ui.element("div").classes("grow"):
                        ui.label(measure.title)
                        service = say(words.service(measure.service_type)) if measure.service_type else ""
                        who = person_name(visit, measure.owner_id)
                        ui.label(_list([text for text in (service, who) if text])).classes("small soft")
                    ui.label(_("by {day}", day=day(measure.due_on))).classes("tag")


def _destination(item: Matter, case: CaseView, found: Destination) -> None:
    words, event = vocabulary(), item.event
    facts = [
        (_("Destination"), f"{found.code} {say(words.destination(found.code))}"),
        (_("Counts as settled"), say(words.choice("bool", str(found.settled).lower()))),
    ]
    for name in ("employer", "credit_code", "monthly_pay", "signed_on"):
        value = event.get(name)
        if value not in (None, ""):
            text = f"{value:g}" if isinstance(value, float) else str(value)
            facts.append((say(words.field(name, "register_destination")), text))
    facts.append((_("Registered at"), moment(found.registered_at)))
    _facts(facts)
    ui.label(_("Evidence")).classes("strong")
    if not found.evidence:
        ui.label(_("No evidence was given.")).classes("soft")
    files = {file.id: file for file in item.attachments}
    for evidence in found.evidence:
        with ui.element("div").classes("line"):
            with ui.element("div").classes("grow"):
                ui.label(say(words.evidence(evidence.type)))
                if evidence.note:
                    ui.label(evidence.note).classes("small soft")
            file = files.get(evidence.file_id or "")
            if file is not None:
                link(
                    _("Open the file"), f"/api/v1/cases/{case.case_id}/attachments/{file.id}", new_tab=True
                ).tooltip(file.filename)


def _closure(item: Matter, case: CaseView) -> list[tuple[str, str]]:
    words, event = vocabulary(), item.event
    facts: list[tuple[str, str]] = []
    if case.closure is not None:
        facts += [
            (
                say(words.field("reason", "closure")),
                say(words.choice("reason", case.closure.reason, "closure")),
            ),
            (say(words.field("outcome", "request_closure")), case.closure.outcome),
        ]
    proof = event.get("proof")
    facts.append((say(words.field("proof", "request_closure")), str(proof) if proof else _("Not given")))
    settled = next((entry for entry in case.destinations if entry.status == "verified"), None)
    if settled is not None:
        facts.append((_("Verified destination"), say(words.destination(settled.code))))
    package = case.package
    facts.append(
        (
            _("Service package"),
            _(
                "{done} of {due} delivered, {confirmed} confirmed",
                done=package.done,
                due=package.due,
                confirmed=package.confirmed,
            ),
        )
    )
    return facts


def _told(visit: Visit, item: Matter) -> list[tuple[str, str]]:
    """What the event says, field by field."""
    words, facts = vocabulary(), list[tuple[str, str]]()
    type_ = _ASKED_BY[item.line.clock][0]
    for name, value in item.event.items():
        if value in (None, "", []) or name.endswith("_id"):
            continue
        if isinstance(value, list):
            text = _list(
                [say(words.choice(name, str(entry), type_)) for entry in cast("list[object]", value)]
            )
        elif name == "to":
            text = visit.name(str(value))
        else:
            text = say(words.choice(name, str(value), type_))
        facts.append((say(words.field(name, type_)), text))
    return facts


def _list(texts: Sequence[str]) -> str:
    return _(", ").join(texts)


def _facts(facts: Sequence[tuple[str, str]]) -> None:
    with ui.element("div").classes("facts"):
        for what, text in facts:
            with ui.element("div").classes("fact"):
                ui.label(what).classes("what")
                ui.label(text)
