"""Contacts and services (帮扶记录, 服务包): what was delivered, what the graduate confirmed, what is still owed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.case.kernel import (
    WORKERS,
    Command,
    Context,
    Deadline,
    Event,
    Moment,
    Party,
    Ref,
    Refused,
    Rule,
    Stamp,
    staff,
)
from models.case.plan import complete_measure, known_service_type, open_measure
from models.case.profile import check_happened_at
from models.lint import job_lead_problems
from models.policy import PackageItem

if TYPE_CHECKING:
    from models.case.state import CaseState

Method = Literal["face_to_face", "phone", "message", "visit", "online"]


class Service(Model):
    """One delivery. `agreed` is the graduate's word on it, None while not asked."""

    id: str
    type: str
    happened_at: datetime
    recorded_at: datetime
    recorded_by: str
    agreed: bool | None = None


class PackageLine(Model):
    """One item of the service package: how much is due, delivered (at most `due` count) and confirmed."""

    item: str
    types: tuple[str, ...]
    due: int
    done: int
    confirmed: int

    @property
    def owed(self) -> int:
        return self.due - self.done


class RecordContact(Command):
    """A talk with the graduate; it starts the contact rhythm anew."""

    type: Literal["record_contact"] = "record_contact"
    method: Method
    content: str = Field(min_length=1, max_length=4000)
    happened_at: Moment | None = None
    next_step: str | None = Field(default=None, max_length=1000)


class RecordService(Command):
    """A service of the package was delivered. `service_type` takes a code, a name or an alias."""

    type: Literal["record_service"] = "record_service"
    service_type: Ref
    method: Method
    content: str = Field(min_length=1, max_length=4000)
    happened_at: Moment | None = None
    measure_id: Ref | None = None
    proof: str | None = Field(default=None, max_length=500)


class ConfirmService(Command):
    """The graduate confirms a service, or says that it did not happen so."""

    type: Literal["confirm_service"] = "confirm_service"
    service_id: Ref
    agreed: bool
    remark: str | None = Field(default=None, max_length=1000)


class ContactRecorded(Event):
    type: Literal["contact_recorded"] = "contact_recorded"
    method: Method
    content: str
    happened_at: datetime
    next_step: str | None = None


class ServiceRecorded(Event):
    type: Literal["service_recorded"] = "service_recorded"
    service_id: str
    service_type: str
    method: Method
    content: str
    happened_at: datetime
    measure_id: str | None = None
    proof: str | None = None


class ServiceConfirmed(Event):
    type: Literal["service_confirmed"] = "service_confirmed"
    service_id: str
    agreed: bool
    remark: str | None = None


ServiceEvent = ContactRecorded | ServiceRecorded | ServiceConfirmed


def evolve(state: CaseState, event: ServiceEvent, stamp: Stamp) -> CaseState:
    match event:
        case ContactRecorded():
            return state.contacted(event.happened_at)
        case ServiceRecorded():
            service = Service(
                id=event.service_id,
                type=event.service_type,
                happened_at=event.happened_at,
                recorded_at=stamp.at,
                recorded_by=stamp.actor_id,
            )
            state = add_service(state, service)
            return complete_measure(state, event.measure_id, stamp.at) if event.measure_id else state
        case ServiceConfirmed():
            confirmed = state.services[event.service_id].model_copy(update={"agreed": event.agreed})
            return state.but(services={**state.services, confirmed.id: confirmed})


def add_service(state: CaseState, service: Service) -> CaseState:
    """The state with one more delivery."""
    return state.but(services={**state.services, service.id: service})


def next_service_id(state: CaseState) -> str:
    return f"s{len(state.services) + 1}"


def due_package(state: CaseState) -> tuple[PackageItem, ...]:
    """The package that this graduate is due, by the decision at intake."""
    if state.eligibility is None or state.eligibility.decision == "not_open":
        return ()
    short = state.eligibility.decision == "short_service"
    return state.policy.short_package if short else state.policy.service_package


def package(state: CaseState) -> tuple[PackageLine, ...]:
    """What is due, delivered and confirmed, item by item. A delivery that the graduate denies does not count."""
    lines: list[PackageLine] = []
    for item in due_package(state):
        matching = [service for service in state.services.values() if service.type in item.types]
        done = sum(service.agreed is not False for service in matching)
        confirmed = sum(service.agreed is True for service in matching)
        lines.append(
            PackageLine(
                item=item.item,
                types=item.types,
                due=item.count,
                done=min(done, item.count),
                confirmed=min(confirmed, item.count),
            )
        )
    return tuple(lines)


def deadlines(state: CaseState) -> list[Deadline]:
    """The contact rhythm by risk level; after leaving school, follow-up takes its place."""
    assessment, mentor_id, delivering = state.assessment, state.pairing.mentor_id, state.delivering_since
    if assessment is None or mentor_id is None or delivering is None or state.left_on is not None:
        return []
    last = state.last_contact_at or delivering
    since = max(last, delivering, assessment.assessed_at, state.waiting_since)
    every = state.policy.contact_every[assessment.risk_level]
    return [
        Deadline(
            # A contact entered late that changes nothing must not send the same reminders again.
            key=f"contact:{since.astimezone(UTC).isoformat()}",
            clock="contact",
            subject="",
            since=since,
            due=state.policy.calendar.due(since, every, state.pauses),
            owner=staff(mentor_id),
        )
    ]


def _contact(state: CaseState, command: RecordContact, context: Context) -> list[Event]:
    happened_at = check_happened_at(state, command.happened_at, context.now)
    return [
        ContactRecorded(
            method=command.method,
            content=command.content,
            happened_at=happened_at,
            next_step=command.next_step,
        )
    ]


def _record(state: CaseState, command: RecordService, context: Context) -> list[Event]:
    code = known_service_type(state, command.service_type)
    happened_at = check_happened_at(state, command.happened_at, context.now)
    if command.measure_id is not None:
        open_measure(state, command.measure_id)
    if code == "job_recommendation":
        problems = job_lead_problems(command.content)
        if problems:
            raise Refused("job_lead_unlawful", rule_zh=problems[0].zh, rule_en=problems[0].en)
    return [
        ServiceRecorded(
            service_id=next_service_id(state),
            service_type=code,
            method=command.method,
            content=command.content,
            happened_at=happened_at,
            measure_id=command.measure_id,
            proof=command.proof,
        )
    ]


def _confirm(state: CaseState, command: ConfirmService, _context: Context) -> list[Event]:
    if command.service_id not in state.services:
        known = ", ".join(state.services)
        raise Refused("unknown_service", service_id=command.service_id, known=known)
    return [ServiceConfirmed(service_id=command.service_id, agreed=command.agreed, remark=command.remark)]


RULES: tuple[Rule[Any], ...] = (
    Rule(RecordContact, WORKERS, _contact),
    Rule(RecordService, WORKERS, _record),
    Rule(ConfirmService, frozenset({Party.GRADUATE}), _confirm),
)
