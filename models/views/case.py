"""A case as people see it: a line of the ledger, the whole file, its timeline."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from models.base import Model
from models.case.closure import Closure, open_items
from models.case.destination import Destination
from models.case.erasure import Erasure, LegalHold, retention_ends_at
from models.case.hold import Hold
from models.case.intake import Eligibility, Hardship
from models.case.kernel import Deadline
from models.case.ladder import no_deadline_reason
from models.case.machine import Possibility
from models.case.objection import Objection
from models.case.pairing import Pairing
from models.case.plan import CasePlan
from models.case.profile import Consent, Profile
from models.case.referral import Referral
from models.case.service import PackageLine, Service, package
from models.case.state import CaseState, Stage
from models.case.summary import DeadlineLine, deadline_lines
from models.case.training import Enrolment
from models.case.transfer import Transfer
from models.policy import RiskLevel, RungName


class CaseLine(Model):
    """One line of the ledger (帮扶台账). `masked` names the fields that the reader sees masked."""

    case_id: str
    version: int
    name: str
    student_no: str
    department_id: str
    cohort: int
    stage: Stage
    primary_type: str | None
    risk_level: str | None
    mentor_id: str | None
    proposed_mentor_id: str | None
    services_due: int
    services_done: int
    services_confirmed: int
    destination_code: str | None
    destination_status: str | None
    settled: bool
    held_until: datetime | None
    opened_at: datetime
    updated_at: datetime
    waiting_since: datetime
    assigned_since: datetime | None
    next_due_at: datetime | None
    next_due_clock: str | None
    overdue: bool
    masked: tuple[str, ...] = ()


class AssessmentView(Model):
    """The latest assessment, whose personal parts may be masked."""

    number: int
    risk_level: RiskLevel
    intention: str
    obstacles: tuple[str, ...]
    needs_psychological_support: bool | None
    assessed_at: datetime


class DeadlineView(Model):
    """Something due. `estimated`: it lies in a year whose statutory holidays are not announced yet."""

    key: str
    clock: str
    subject: str
    owner: str
    since: datetime
    due_on: date | None
    due_at: datetime
    rung: RungName | None
    overdue: bool
    paused: bool
    estimated: bool


class PackageView(Model):
    """The service package: what is due, delivered, confirmed by the graduate, and still owed."""

    lines: tuple[PackageLine, ...]
    due: int
    done: int
    confirmed: int
    owed: int


class CaseView(Model):
    """One whole file, as of `version`. `masked` names the fields of the person that the reader sees masked; each
    can be asked for by `unmask`."""

    case_id: str
    version: int
    school_id: str
    department_id: str
    cohort: int
    stage: Stage
    policy_ref: str
    opened_at: datetime
    updated_at: datetime
    waiting_since: datetime
    assigned_since: datetime | None
    graduate_actor_id: str
    profile: Profile
    declared: tuple[Hardship, ...]
    eligibility: Eligibility | None
    pairing: Pairing
    mentor_id: str | None
    assessment: AssessmentView | None
    risk_level: str | None
    plan: CasePlan | None
    draft_plan: CasePlan | None
    package: PackageView
    services: list[Service]
    contacts: int
    last_contact_at: datetime | None
    trainings: list[Enrolment]
    referrals: list[Referral]
    consents: tuple[Consent, ...]
    destinations: list[Destination]
    left_on: date | None
    hold: Hold | None
    legal_hold: LegalHold | None
    erasure: Erasure | None
    retention_ends_at: datetime | None
    transfers: list[Transfer]
    closure: Closure | None
    objections: list[Objection]
    closed: bool
    open_items: list[str]
    deadlines: list[DeadlineView]
    next_deadline: DeadlineView | None
    no_deadline_reason: str | None
    masked: tuple[str, ...] = ()


class TimelineEntry(Model):
    """An event as the timeline shows it. `data` holds the event's own fields, `masked` those that the reader sees
    masked."""

    seq: int
    at: datetime
    type: str
    actor_id: str
    actor_role: str
    data: dict[str, Any]
    masked: tuple[str, ...] = ()


class CommandsView(Model):
    """What may be done with the case now, and why not for the rest."""

    case_id: str
    version: int
    commands: list[Possibility]


class CommandResult(Model):
    """The case after the command. `projected` is False, and `case` absent, when the events are durable but
    not in the ledger yet."""

    case_id: str
    version: int
    projected: bool
    events: list[TimelineEntry]
    case: CaseView | None = Field(default=None)


def deadline_view(state: CaseState, line: DeadlineLine, now: datetime) -> DeadlineView:
    """A deadline of a case as of `now`; nothing is overdue while the case is held."""
    deadline: Deadline = line.deadline
    paused = state.hold is not None
    calendar = state.policy.calendar
    return DeadlineView(
        key=deadline.key,
        clock=deadline.clock,
        subject=deadline.subject,
        owner=deadline.owner,
        since=deadline.since,
        due_on=deadline.due.on,
        due_at=deadline.due.at,
        rung=line.rung,
        overdue=deadline.due.at <= now and not paused,
        paused=paused,
        estimated=calendar.is_estimate(calendar.date_of(deadline.due.at)),
    )


def package_view(state: CaseState) -> PackageView:
    """The service package of a case."""
    lines = package(state)
    return PackageView(
        lines=lines,
        due=sum(line.due for line in lines),
        done=sum(line.done for line in lines),
        confirmed=sum(line.confirmed for line in lines),
        owed=sum(line.owed for line in lines),
    )


def case_view(state: CaseState, now: datetime, graduate_actor_id: str) -> CaseView:
    """The whole file as of `now`."""
    deadlines = [deadline_view(state, line, now) for line in deadline_lines(state)]
    return CaseView(
        case_id=state.case_id,
        version=state.version,
        school_id=state.school_id,
        department_id=state.department_id,
        cohort=state.cohort,
        stage=state.stage,
        policy_ref=state.policy.ref,
        opened_at=state.opened_at,
        updated_at=state.updated_at,
        waiting_since=state.waiting_since,
        assigned_since=state.pairing.assigned_since,
        graduate_actor_id=graduate_actor_id,
        profile=state.profile,
        declared=state.declared,
        eligibility=state.eligibility,
        pairing=state.pairing,
        mentor_id=state.pairing.mentor_id,
        assessment=AssessmentView(**state.assessment.model_dump()) if state.assessment else None,
        risk_level=state.assessment.risk_level if state.assessment else None,
        plan=state.plan,
        draft_plan=state.draft_plan,
        package=package_view(state),
        services=list(state.services.values()),
        contacts=state.contacts,
        last_contact_at=state.last_contact_at,
        trainings=list(state.trainings.values()),
        referrals=list(state.referrals.values()),
        consents=state.consents,
        destinations=list(state.destinations.values()),
        left_on=state.left_on,
        hold=state.hold,
        legal_hold=state.legal_hold,
        erasure=state.erasure,
        retention_ends_at=retention_ends_at(state),
        transfers=list(state.transfers.values()),
        closure=state.closure,
        objections=list(state.objections.values()),
        closed=state.closed,
        open_items=open_items(state),
        deadlines=deadlines,
        next_deadline=min(deadlines, key=lambda line: line.due_at, default=None),
        no_deadline_reason=no_deadline_reason(state),
    )
