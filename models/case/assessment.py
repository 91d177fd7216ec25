"""First talk and assessment (摸底谈话): intention, obstacles and the risk level that sets the contact rhythm."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from models.base import Model
from models.case.kernel import Command, Context, Deadline, Event, Party, Rule, Stamp, staff
from models.case.pairing import paired
from models.policy import RiskLevel

if TYPE_CHECKING:
    from models.case.state import CaseState

PSYCHOLOGICAL_SERVICE = "psychological_support"


class Assessment(Model):
    """The latest assessment. `number` counts them."""

    number: int
    risk_level: RiskLevel
    intention: str
    obstacles: tuple[str, ...]
    needs_psychological_support: bool
    assessed_at: datetime


Obstacle = Annotated[str, Field(max_length=500)]


class RecordAssessment(Command):
    """What the mentor learned in the talk. Level A is the highest risk."""

    type: Literal["record_assessment"] = "record_assessment"
    intention: str = Field(max_length=1000)
    obstacles: list[Obstacle] = Field(default_factory=list[Obstacle], max_length=30)
    risk_level: RiskLevel
    needs_psychological_support: bool = False
    notes: str = Field(default="", max_length=4000)


class AssessmentRecorded(Event):
    type: Literal["assessment_recorded"] = "assessment_recorded"
    intention: str
    obstacles: tuple[str, ...]
    risk_level: RiskLevel
    needs_psychological_support: bool
    notes: str


def evolve(state: CaseState, event: AssessmentRecorded, stamp: Stamp) -> CaseState:
    number = state.assessment.number + 1 if state.assessment else 1
    return state.but(
        assessment=Assessment(
            number=number,
            risk_level=event.risk_level,
            intention=event.intention,
            obstacles=event.obstacles,
            needs_psychological_support=event.needs_psychological_support,
            assessed_at=stamp.at,
        )
    )


def deadlines(state: CaseState) -> list[Deadline]:
    pairing, assessment = state.pairing, state.assessment
    if pairing.mentor_id is None or pairing.assigned_since is None:
        return []
    owner = staff(pairing.mentor_id)
    if assessment is None:
        return [state.clock("first_talk", str(len(pairing.former)), pairing.assigned_since, owner)]
    if not assessment.needs_psychological_support or _psychological_support_under_way(state, assessment):
        return []
    return [state.clock("psychological_support", str(assessment.number), assessment.assessed_at, owner)]


def _psychological_support_under_way(state: CaseState, assessment: Assessment) -> bool:
    referred = any(
        referral.kind == "psychological" and referral.sent_at >= assessment.assessed_at
        for referral in state.referrals.values()
    )
    served = any(
        service.type == PSYCHOLOGICAL_SERVICE and service.recorded_at >= assessment.assessed_at
        for service in state.services.values()
    )
    return referred or served


def _record(_state: CaseState, command: RecordAssessment, _context: Context) -> list[Event]:
    return [
        AssessmentRecorded(
            intention=command.intention,
            obstacles=tuple(command.obstacles),
            risk_level=command.risk_level,
            needs_psychological_support=command.needs_psychological_support,
            notes=command.notes,
        )
    ]


RULES: tuple[Rule[Any], ...] = (Rule(RecordAssessment, frozenset({Party.MENTOR}), _record, paired),)
