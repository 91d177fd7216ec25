"""Training (技能培训, 宏志助航 [19]): enrolment, waiting list, completion with certificate and effect."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.case.kernel import (
    WORKERS,
    Command,
    Context,
    Day,
    Event,
    Party,
    PlaceAnswer,
    Ref,
    Refused,
    ReservePlace,
    Rule,
    Stamp,
)
from models.case.service import Service, add_service, next_service_id

if TYPE_CHECKING:
    from models.case.state import CaseState

EnrolmentStatus = Literal["enrolled", "waiting", "completed", "withdrawn"]
OPEN_STATUSES = frozenset[EnrolmentStatus]({"enrolled", "waiting"})
TRAINING_SERVICE = "skills_training"


class Enrolment(Model):
    """A place in a class, or a course taken elsewhere (then `class_id` is None)."""

    id: str
    class_id: str | None
    course: str
    status: EnrolmentStatus
    enrolled_at: datetime


class EnrolTraining(Command):
    """Enrol in a class of the product, or note a course taken elsewhere."""

    type: Literal["enrol_training"] = "enrol_training"
    class_id: Ref | None = None
    course: str | None = Field(default=None, max_length=200)
    starts_on: Day | None = None


class CompleteTraining(Command):
    """`attendance` is the share of days attended (0 to 1), known for classes. Scores are 0 to 100."""

    type: Literal["complete_training"] = "complete_training"
    enrolment_id: Ref
    score_before: float | None = Field(default=None, ge=0, le=100)
    score_after: float | None = Field(default=None, ge=0, le=100)
    certificate: str | None = Field(default=None, max_length=200)
    attendance: float | None = Field(default=None, ge=0, le=1)


class WithdrawTraining(Command):
    type: Literal["withdraw_training"] = "withdraw_training"
    enrolment_id: Ref
    reason: str = Field(min_length=1, max_length=1000)


class GiveTrainingPlace(Command):
    """The class has a place for one who waited; given by the class."""

    type: Literal["give_training_place"] = "give_training_place"
    enrolment_id: str


class TrainingEnrolled(Event):
    type: Literal["training_enrolled"] = "training_enrolled"
    enrolment_id: str
    class_id: str | None
    course: str
    status: EnrolmentStatus
    starts_on: date | None = None


class TrainingPlaceGiven(Event):
    type: Literal["training_place_given"] = "training_place_given"
    enrolment_id: str


class TrainingCompleted(Event):
    type: Literal["training_completed"] = "training_completed"
    enrolment_id: str
    service_id: str
    score_before: float | None = None
    score_after: float | None = None
    certificate: str | None = None
    attendance: float | None = None


class TrainingWithdrawn(Event):
    type: Literal["training_withdrawn"] = "training_withdrawn"
    enrolment_id: str
    class_id: str | None
    reason: str


TrainingEvent = TrainingEnrolled | TrainingPlaceGiven | TrainingCompleted | TrainingWithdrawn


def evolve(state: CaseState, event: TrainingEvent, stamp: Stamp) -> CaseState:
    match event:
        case TrainingEnrolled():
            enrolment = Enrolment(
                id=event.enrolment_id,
                class_id=event.class_id,
                course=event.course,
                status=event.status,
                enrolled_at=stamp.at,
            )
            return state.but(trainings={**state.trainings, enrolment.id: enrolment})
        case TrainingPlaceGiven():
            return _with_status(state, event.enrolment_id, "enrolled")
        case TrainingWithdrawn():
            return _with_status(state, event.enrolment_id, "withdrawn")
        case TrainingCompleted():
            service = Service(
                id=event.service_id,
                type=TRAINING_SERVICE,
                happened_at=stamp.at,
                recorded_at=stamp.at,
                recorded_by=stamp.actor_id,
            )
            return add_service(_with_status(state, event.enrolment_id, "completed"), service)


def _with_status(state: CaseState, enrolment_id: str, status: EnrolmentStatus) -> CaseState:
    changed = state.trainings[enrolment_id].model_copy(update={"status": status})
    return state.but(trainings={**state.trainings, enrolment_id: changed})


def _enrolment_id(state: CaseState, command: EnrolTraining) -> str:
    """Unique in the case, and still the same when another enrolment was decided while the class was asked."""
    if command.class_id is None:
        return f"t{len(state.trainings) + 1}"
    times = sum(item.class_id == command.class_id for item in state.trainings.values())
    return f"{command.class_id}-{times + 1}"


def _course(command: EnrolTraining) -> str:
    return (command.course or "").strip()


def _enrol_need(state: CaseState, command: EnrolTraining, _context: Context) -> ReservePlace | None:
    if not command.class_id and not _course(command):
        raise Refused("class_or_course")
    for enrolment in state.trainings.values():
        same = (
            command.class_id == enrolment.class_id
            if command.class_id
            else _course(command) == enrolment.course
        )
        if same and enrolment.status in OPEN_STATUSES:
            raise Refused("already_enrolled", course=enrolment.course)
    if command.class_id is None:
        return None
    return ReservePlace(
        class_id=command.class_id, case_id=state.case_id, enrolment_id=_enrolment_id(state, command)
    )


def _enrol(state: CaseState, command: EnrolTraining, context: Context) -> list[Event]:
    status: EnrolmentStatus = "enrolled"
    course = _course(command)
    if isinstance(context.fact, PlaceAnswer):
        if context.fact.problem is not None:
            raise Refused(context.fact.problem)
        status = context.fact.place or "enrolled"
        course = course or context.fact.course
    return [
        TrainingEnrolled(
            enrolment_id=_enrolment_id(state, command),
            class_id=command.class_id,
            course=course,
            status=status,
            starts_on=command.starts_on,
        )
    ]


def _enrolled(state: CaseState, _context: Context) -> None:
    if not any(item.status in OPEN_STATUSES for item in state.trainings.values()):
        raise Refused("not_enrolled", enrolment_id="-")


def _open_enrolment(state: CaseState, enrolment_id: str) -> Enrolment:
    enrolment = state.trainings.get(enrolment_id)
    if enrolment is None or enrolment.status not in OPEN_STATUSES:
        raise Refused("not_enrolled", enrolment_id=enrolment_id)
    return enrolment


def _complete(state: CaseState, command: CompleteTraining, _context: Context) -> list[Event]:
    enrolment = _open_enrolment(state, command.enrolment_id)
    if enrolment.status == "waiting":
        raise Refused("still_waiting", course=enrolment.course)
    needed = state.policy.minimum_attendance
    if command.attendance is not None and command.attendance < needed:
        raise Refused("attendance_too_low", attendance=f"{command.attendance:.0%}", needed=f"{needed:.0%}")
    return [
        TrainingCompleted(
            enrolment_id=command.enrolment_id,
            service_id=next_service_id(state),
            score_before=command.score_before,
            score_after=command.score_after,
            certificate=command.certificate,
            attendance=command.attendance,
        )
    ]


def _withdraw(state: CaseState, command: WithdrawTraining, _context: Context) -> list[Event]:
    enrolment = _open_enrolment(state, command.enrolment_id)
    return [
        TrainingWithdrawn(
            enrolment_id=command.enrolment_id, class_id=enrolment.class_id, reason=command.reason
        )
    ]


def _give(state: CaseState, command: GiveTrainingPlace, _context: Context) -> list[Event]:
    if _open_enrolment(state, command.enrolment_id).status == "enrolled":
        return []
    return [TrainingPlaceGiven(enrolment_id=command.enrolment_id)]


RULES: tuple[Rule[Any], ...] = (
    Rule(EnrolTraining, WORKERS, _enrol, need=_enrol_need),
    Rule(CompleteTraining, WORKERS | {Party.SYSTEM}, _complete, _enrolled),
    Rule(WithdrawTraining, WORKERS | {Party.SYSTEM, Party.GRADUATE}, _withdraw, _enrolled),
    Rule(GiveTrainingPlace, frozenset({Party.SYSTEM}), _give, _enrolled),
)
