"""What can be chosen in the forms of a case: its own parts, the people and classes of the school, code tables."""

from collections.abc import Iterable, Mapping
from typing import Any

from console.backend import Refusal
from console.forms import Choices, Options
from console.texts import _, moment, say
from console.visit import Visit
from models.case.destination import PENDING
from models.case.profile import CONTACT_FIELDS, Particulars, Profile
from models.case.referral import RUNNING, TO_BE_SEEN
from models.codes import destinations, evidence_types, service_types
from models.hardship import hardship_types
from models.views.attachment import AttachmentView
from models.views.case import CaseView
from models.views.training import ClassLine
from models.views.vocabulary import vocabulary
from services.office import DepartmentView, StaffView

_MENTORS = ("mentor", "counselor", "department_supervisor")
# Left to the rules: people do not say how many seconds.
_UNASKED = frozenset({"send_referral.respond_within"})
# Fields that name one part of the case, and the part it most likely is when there is one alone.
_PARTS = frozenset(
    {
        "service_id",
        "referral_id",
        "enrolment_id",
        "destination_id",
        "transfer_id",
        "objection_id",
        "measure_id",
    }
)


async def choices_for(visit: Visit, case: CaseView, command: str, values: Mapping[str, Any]) -> Choices:
    """What the form of a command offers for this case. What `values` names already is not asked again."""
    options = _codes() | _own(case) | await _named(visit, command, case.department_id)
    if command == "register_destination":
        options["file_id"] = await _files(visit, case.case_id)
    begin = _begin(visit, case, command) | dict(values)
    for name in _PARTS & options.keys():
        if len(options[name]) == 1 and name not in begin and name != "measure_id":
            begin[name] = next(iter(options[name]))
    hidden = _UNASKED | {f"{command}.{name}" for name in values} | {"plan_version"}
    if command == "correct_profile" and visit.me.case_id is not None:
        begin = {name: value for name, value in begin.items() if name in CONTACT_FIELDS}
        hidden |= Profile.model_fields.keys() - CONTACT_FIELDS
    return Choices(options, hidden, begin)


async def choices_for_many(visit: Visit, command: str) -> Choices:
    """What the form of a command offers that is given to many cases: nothing that is a part of a single one."""
    named = await _named(visit, command, visit.me.department_id)
    return Choices({**_codes(), **named}, _UNASKED | _PARTS)


def _codes() -> dict[str, Options]:
    words = vocabulary()
    return {
        "service_type": {item.id: say(words.service(item.id)) for item in service_types()},
        "code": {
            item.code: f"{item.code} {say(words.destination(item.code))}"
            for item in destinations()
            if not item.superseded_by
        },
        "hardship_types.type": hardship_options(),
        "primary_type": hardship_options(),
        "evidence.type": {
            item.id: say(words.evidence(item.id)) for item in evidence_types() if not item.traineeship
        },
        "fields": _fields(),
        "disclose": _fields(),
    }


async def _named(visit: Visit, command: str, department_id: str | None) -> dict[str, Options]:
    """The people, departments and classes that a command may name."""
    match command:
        case "propose_mentor" | "assign_mentor":
            return {"mentor_id": await _mentors(visit, department_id)}
        case "set_plan":
            return {"owner_id": await _mentors(visit, department_id)}
        case "send_referral":
            return {"to": await _partners(visit)}
        case "request_transfer":
            return {"to": await _receivers(visit)}
        case "enrol_training":
            return {"class_id": await _classes(visit)}
        case _:
            return {}


def _own(case: CaseView) -> dict[str, Options]:
    """The parts of the case that a command may name."""
    words = vocabulary()
    measures = [
        measure
        for goal in (case.plan.goals if case.plan else ())
        for measure in goal.measures
        if measure.done_at is None
    ]
    return {
        "measure_id": {item.id: item.title for item in measures},
        "service_id": {
            item.id: f"{say(words.service(item.type))} {moment(item.happened_at)}" for item in case.services
        },
        "enrolment_id": {item.id: item.course for item in case.trainings},
        "referral_id": {
            item.id: f"{say(words.choice('kind', item.kind, 'send_referral'))} {moment(item.sent_at)}"
            for item in case.referrals
            if item.status in RUNNING | TO_BE_SEEN
        },
        "replaces": {
            item.id: f"{say(words.choice('kind', item.kind, 'send_referral'))} {moment(item.sent_at)}"
            for item in case.referrals
            if item.status in TO_BE_SEEN
        },
        "destination_id": {
            item.id: say(words.destination(item.code)) for item in case.destinations if item.status in PENDING
        },
        "transfer_id": {
            item.id: say(words.choice("kind", item.kind, "request_transfer"))
            for item in case.transfers
            if item.status == "requested"
        },
    }


def _begin(visit: Visit, case: CaseView, command: str) -> dict[str, Any]:
    """What a form most likely says."""
    if command in {"approve_plan", "reject_plan"} and case.draft_plan is not None:
        return {"plan_version": case.draft_plan.version}
    if command == "confirm_eligibility":
        declared = [{"type": item.type, "text": item.text, "proof": item.proof} for item in case.declared]
        return {"hardship_types": declared, "decision": "open"}
    if command in {"verify_destination", "reject_destination"}:
        return {"level": "school" if visit.me.role == "school_supervisor" else "department"}
    if command == "correct_profile":
        return {
            name: value
            for name, value in case.profile.model_dump().items()
            if name not in case.masked and value
        }
    if command == "set_plan" and (plan := case.draft_plan or case.plan) is not None:
        return {
            "goals": [
                {
                    "title": goal.title,
                    "measures": [
                        measure.model_dump(
                            mode="json", include={"title", "service_type", "owner_id", "due_on"}
                        )
                        for measure in goal.measures
                    ],
                }
                for goal in plan.goals
            ]
        }
    return {}


def hardship_options() -> Options:
    """The hardship types, by their ids."""
    return {item.id: say(vocabulary().hardship(item.id)) for item in hardship_types().types}


def _fields() -> Options:
    return {name: say(vocabulary().field(name)) for name in ("name", "student_no", *Particulars.model_fields)}


async def _mentors(visit: Visit, department_id: str | None) -> Options:
    if not visit.may("staff.read"):
        return {}
    staff = await visit.api.every(StaffView, "/staff", department=department_id)
    return _people(item for item in staff if item.role in _MENTORS and item.departed_on is None)


async def _partners(visit: Visit) -> Options:
    if not visit.may("staff.read"):
        return {}
    return {item.id: item.name for item in await visit.api.every(StaffView, "/staff", role="partner")}


async def _receivers(visit: Visit) -> Options:
    departments = await visit.api.every(DepartmentView, "/departments")
    staff = await visit.api.every(StaffView, "/staff")
    mentors = _people(item for item in staff if item.role in _MENTORS and item.departed_on is None)
    return {item.id: _("Department: {name}", name=item.name) for item in departments} | dict(mentors)


def _people(staff: Iterable[StaffView]) -> Options:
    return {
        item.id: _("{name} · {load} of {capacity}", name=item.name, load=item.load, capacity=item.capacity)
        for item in staff
    }


async def _classes(visit: Visit) -> Options:
    classes = await visit.api.every(ClassLine, "/training-classes", status="open")
    return {item.id: f"{item.course} {item.starts_on}" for item in classes}


async def _files(visit: Visit, case_id: str) -> Options:
    try:
        files = await visit.api.every(AttachmentView, f"/cases/{case_id}/attachments")
    except Refusal:
        # Who may register for somebody may still not see what was uploaded.
        return {}
    return {item.id: item.filename for item in files}


async def staff_options(visit: Visit) -> Options:
    """Everybody of the school who is there, by name."""
    staff = await visit.api.every(StaffView, "/staff")
    return {item.id: item.name for item in staff if item.departed_on is None}
