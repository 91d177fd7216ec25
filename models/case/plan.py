"""The plan (一人一策): goals → measures → owner → due date, in versions, approved by another than its author."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.calendar import Due
from models.case.kernel import (
    SUPERVISORS,
    WORKERS,
    Command,
    Context,
    Day,
    Deadline,
    Event,
    Party,
    Ref,
    Refused,
    Role,
    Rule,
    Stamp,
    department,
    staff,
)
from models.case.pairing import paired
from models.codes import service_type

if TYPE_CHECKING:
    from models.case.state import CaseState


OWNERS = frozenset({Role.MENTOR, Role.COUNSELOR, Role.DEPARTMENT_SUPERVISOR, Role.SCHOOL_SUPERVISOR})
"""Those of a school whom a measure may be given to."""


class PlanMeasure(Model):
    """One step towards a goal. `done_at` is set when it is delivered."""

    id: str
    title: str
    service_type: str | None
    owner_id: str
    due_on: date
    done_at: datetime | None = None


class PlanGoal(Model):
    title: str
    measures: tuple[PlanMeasure, ...]


class CasePlan(Model):
    """One version of the plan. `on_behalf_of` is the mentor for whom the author stood in."""

    version: int
    author_id: str
    on_behalf_of: str | None = None
    set_at: datetime
    goals: tuple[PlanGoal, ...]
    approved_at: datetime | None = None
    approved_by: str | None = None

    def measures(self) -> list[PlanMeasure]:
        return [measure for goal in self.goals for measure in goal.measures]


class MeasureDraft(Model):
    title: str = Field(min_length=1, max_length=200)
    service_type: Ref | None = None
    owner_id: Ref | None = None
    due_on: Day


class GoalDraft(Model):
    title: str = Field(min_length=1, max_length=200)
    measures: list[MeasureDraft] = Field(min_length=1, max_length=30)


class SetPlan(Command):
    """Write the plan, or amend it as a new version."""

    type: Literal["set_plan"] = "set_plan"
    goals: list[GoalDraft] = Field(min_length=1, max_length=10)


class ApprovePlan(Command):
    type: Literal["approve_plan"] = "approve_plan"
    plan_version: int


class RejectPlan(Command):
    """Send a plan back to its author, with a reason."""

    type: Literal["reject_plan"] = "reject_plan"
    plan_version: int
    reason: str = Field(min_length=1, max_length=1000)


class CompleteMeasure(Command):
    """A measure of the approved plan was carried out."""

    type: Literal["complete_measure"] = "complete_measure"
    measure_id: Ref
    note: str | None = Field(default=None, max_length=1000)


class PlanSet(Event):
    type: Literal["plan_set"] = "plan_set"
    plan: CasePlan


class PlanApproved(Event):
    type: Literal["plan_approved"] = "plan_approved"
    plan_version: int


class PlanRejected(Event):
    type: Literal["plan_rejected"] = "plan_rejected"
    plan_version: int
    reason: str


class MeasureCompleted(Event):
    type: Literal["measure_completed"] = "measure_completed"
    measure_id: str
    note: str | None = None


PlanEvent = PlanSet | PlanApproved | PlanRejected | MeasureCompleted


def evolve(state: CaseState, event: PlanEvent, stamp: Stamp) -> CaseState:
    match event:
        case PlanSet():
            return state.but(draft_plan=event.plan, plan_versions=event.plan.version)
        case PlanApproved():
            assert state.draft_plan is not None  # noqa: S101  (only a draft is approved)
            approved = state.draft_plan.model_copy(
                update={"approved_at": stamp.at, "approved_by": stamp.actor_id}
            )
            since = state.delivering_since or stamp.at
            return state.but(plan=approved, draft_plan=None, delivering_since=since)
        case PlanRejected():
            return state.but(draft_plan=None, plan_rejected_at=stamp.at)
        case MeasureCompleted():
            return complete_measure(state, event.measure_id, stamp.at)


def complete_measure(state: CaseState, measure_id: str, at: datetime) -> CaseState:
    """The approved plan with that measure done. Unknown ids change nothing."""
    if state.plan is None:
        return state
    goals = tuple(
        goal.model_copy(
            update={
                "measures": tuple(
                    measure.model_copy(update={"done_at": at}) if measure.id == measure_id else measure
                    for measure in goal.measures
                )
            }
        )
        for goal in state.plan.goals
    )
    return state.but(plan=state.plan.model_copy(update={"goals": goals}))


def deadlines(state: CaseState) -> list[Deadline]:
    found: list[Deadline] = []
    mentor_id, assigned_since = state.pairing.mentor_id, state.pairing.assigned_since
    if state.draft_plan is not None:
        version, since = state.draft_plan.version, state.draft_plan.set_at
        found.append(state.clock("approve_plan", str(version), since, department(state.department_id)))
    elif state.plan is None and state.assessment is not None and mentor_id and assigned_since:
        # Counted from the pairing, as the talk is; a plan sent back gets its time again.
        since = max(assigned_since, state.plan_rejected_at or assigned_since)
        key = f"{state.plan_versions}.{len(state.pairing.former)}"
        found.append(state.clock("set_plan", key, since, staff(mentor_id)))
    if state.plan is not None:
        for measure in state.plan.measures():
            if measure.done_at is None:
                found.append(_measure_deadline(state, state.plan, measure))
    return found


def _measure_deadline(state: CaseState, plan: CasePlan, measure: PlanMeasure) -> Deadline:
    calendar = state.policy.calendar
    # A measure that fell due while the case was closed is due on the day of its reopening.
    on = max(measure.due_on, calendar.date_of(state.waiting_since))
    return Deadline(
        key=f"measure:{plan.version}.{measure.id}.{state.reopened}",
        clock="measure",
        subject=measure.id,
        since=max(plan.approved_at or plan.set_at, state.waiting_since),
        due=Due(on=on, at=calendar.midnight(on + timedelta(days=1))),
        owner=staff(measure.owner_id),
    )


def open_measure(state: CaseState, measure_id: str) -> PlanMeasure:
    """The measure of the approved plan. Raises `unknown_measure`, `measure_done`."""
    measures = {measure.id: measure for measure in state.plan.measures()} if state.plan else {}
    if measure_id not in measures:
        raise Refused("unknown_measure", measure_id=measure_id, known=", ".join(measures))
    if measures[measure_id].done_at is not None:
        raise Refused("measure_done", measure_id=measure_id)
    return measures[measure_id]


def _assessed(state: CaseState, context: Context) -> None:
    paired(state, context)
    if state.assessment is None:
        raise Refused("not_assessed")


def _set(state: CaseState, command: SetPlan, context: Context) -> list[Event]:
    today = state.policy.calendar.date_of(context.now)
    version = state.plan_versions + 1
    goals: list[PlanGoal] = []
    count = 0
    for draft in command.goals:
        measures: list[PlanMeasure] = []
        for item in draft.measures:
            count += 1
            measures.append(_measure(state, item, f"m{count}", today))
        goals.append(PlanGoal(title=draft.title, measures=tuple(measures)))
    plan = CasePlan(
        version=version,
        author_id=context.actor.id,
        on_behalf_of=state.covered_by(context.actor),
        set_at=context.now,
        goals=tuple(goals),
    )
    return [PlanSet(plan=plan)]


def _measure(state: CaseState, item: MeasureDraft, measure_id: str, today: date) -> PlanMeasure:
    if item.due_on < today:
        raise Refused("due_date_past", title=item.title, due_on=item.due_on.isoformat())
    kind = None
    if item.service_type is not None:
        kind = known_service_type(state, item.service_type)
    owner_id = item.owner_id or state.pairing.mentor_id
    assert owner_id is not None  # noqa: S101  (the guard demands a mentor)
    return PlanMeasure(
        id=measure_id, title=item.title, service_type=kind, owner_id=owner_id, due_on=item.due_on
    )


def known_service_type(state: CaseState, text: str) -> str:
    """The code of a service type given as code, name or alias. Raises `unknown_service_type`."""
    code = service_type(text)
    if code is None or code not in state.policy.service_types:
        known = ", ".join(sorted(state.policy.service_types))
        raise Refused("unknown_service_type", service_type=text, known=known)
    return code


def _draft(state: CaseState, context: Context) -> CasePlan:
    if state.draft_plan is None:
        raise Refused("no_plan_pending")
    if context.actor.did(state.draft_plan.author_id, state.draft_plan.on_behalf_of):
        raise Refused("self_approval")
    return state.draft_plan


def _judgeable(state: CaseState, context: Context) -> None:
    _draft(state, context)


def _same_version(draft: CasePlan, version: int) -> None:
    if draft.version != version:
        raise Refused("stale_version", given=version, current=draft.version)


def _approve(state: CaseState, command: ApprovePlan, context: Context) -> list[Event]:
    _same_version(_draft(state, context), command.plan_version)
    return [PlanApproved(plan_version=command.plan_version)]


def _reject(state: CaseState, command: RejectPlan, context: Context) -> list[Event]:
    _same_version(_draft(state, context), command.plan_version)
    return [PlanRejected(plan_version=command.plan_version, reason=command.reason)]


def _has_plan(state: CaseState, _context: Context) -> None:
    if state.plan is None:
        raise Refused("no_plan")


def _complete(state: CaseState, command: CompleteMeasure, _context: Context) -> list[Event]:
    open_measure(state, command.measure_id)
    return [MeasureCompleted(measure_id=command.measure_id, note=command.note)]


RULES: tuple[Rule[Any], ...] = (
    Rule(SetPlan, frozenset({Party.MENTOR}), _set, _assessed),
    Rule(ApprovePlan, SUPERVISORS, _approve, _judgeable),
    Rule(RejectPlan, SUPERVISORS, _reject, _judgeable),
    Rule(CompleteMeasure, WORKERS, _complete, _has_plan),
)
