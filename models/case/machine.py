"""The whole of the domain in four functions: `open_case`, `decide`, `evolve`, `possible`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from models.base import Model
from models.case import (
    assessment,
    closure,
    destination,
    erasure,
    follow_up,
    hold,
    intake,
    ladder,
    objection,
    pairing,
    plan,
    profile,
    referral,
    service,
    standards,
    training,
    transfer,
)
from models.case.chain import Chain
from models.case.intake import CaseOpened, Hardship, Source
from models.case.kernel import (
    MENTORS_ELSEWHERE,
    Actor,
    Command,
    Context,
    Event,
    Fact,
    NeedsFact,
    Party,
    Refused,
    Role,
    Rule,
    Stamp,
)
from models.case.profile import Profile
from models.case.state import CaseState
from models.pinned_policy import PinnedPolicy

_Asked = (
    profile.CorrectProfile
    | profile.Annotate
    | profile.RecordConsent
    | profile.WithdrawConsent
    | intake.ConfirmEligibility
    | pairing.ProposeMentor
    | pairing.AcceptPairing
    | pairing.DeclinePairing
    | pairing.AssignMentor
    | pairing.RefuseMentor
    | assessment.RecordAssessment
    | plan.SetPlan
    | plan.ApprovePlan
    | plan.RejectPlan
    | plan.CompleteMeasure
    | service.RecordContact
    | service.RecordService
    | service.ConfirmService
    | training.EnrolTraining
    | training.CompleteTraining
    | training.WithdrawTraining
    | referral.SendReferral
    | referral.AnswerReferral
    | referral.ReportReferralOutcome
    | referral.AcknowledgeReferral
    | referral.CancelReferral
    | hold.PlaceHold
    | hold.ReleaseHold
    | transfer.RequestTransfer
    | transfer.AcceptTransfer
    | transfer.DeclineTransfer
    | destination.RegisterDestination
    | destination.VerifyDestination
    | destination.RejectDestination
    | follow_up.MarkLeftSchool
    | follow_up.RecordFollowUp
    | follow_up.RecordStabilityCheck
    | closure.RequestClosure
    | closure.ApproveClosure
    | closure.RejectClosure
    | closure.Reopen
    | erasure.PlaceLegalHold
    | erasure.LiftLegalHold
    | erasure.RequestErasure
    | erasure.ApproveErasure
    | erasure.RejectErasure
    | objection.RaiseObjection
    | objection.AnswerObjection
)
PublicCommand = Annotated[_Asked | standards.ChangePolicy, Field(discriminator="type")]
"""What people may ask of a case."""

SystemCommand = pairing.ProposeNextMentor | intake.UpdateFromRoster | training.GiveTrainingPlace
AnyCommand = Annotated[_Asked | standards.ChangePolicyTo | SystemCommand, Field(discriminator="type")]

AnyEvent = Annotated[
    intake.IntakeEvent
    | profile.ProfileEvent
    | pairing.PairingEvent
    | assessment.AssessmentRecorded
    | plan.PlanEvent
    | service.ServiceEvent
    | training.TrainingEvent
    | referral.ReferralEvent
    | hold.HoldEvent
    | transfer.TransferEvent
    | destination.DestinationEvent
    | follow_up.FollowUpEvent
    | closure.ClosureEvent
    | erasure.ErasureEvent
    | objection.ObjectionEvent
    | standards.PolicyChanged
    | ladder.RungReached,
    Field(discriminator="type"),
]
EVENTS: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)

_STEPS = (
    intake,
    profile,
    pairing,
    assessment,
    plan,
    service,
    training,
    referral,
    hold,
    transfer,
    destination,
    follow_up,
    closure,
    erasure,
    objection,
    standards,
)
RULES: Mapping[type[Command], Rule[Any]] = {rule.command: rule for step in _STEPS for rule in step.RULES}


class Recorded(Stamp):
    """An event with its place in the case."""

    event: AnyEvent


class Opening(Model):
    """What a case is opened with; also the input of its workflow's first run."""

    case_id: str
    school_id: str
    department_id: str
    cohort: int
    opened_at: datetime
    opened_by: Actor
    profile: Profile
    declared: tuple[Hardship, ...]
    roster_digest: str
    source: Source
    policy: PinnedPolicy


class Possibility(Model):
    """Whether a command is possible now, and if not, why."""

    type: str
    allowed: bool
    code: str | None = None
    zh: str | None = None
    en: str | None = None


def open_case(opening: Opening) -> tuple[CaseState, Recorded]:
    """The first state of a case and the event that opened it (建档)."""
    state = CaseState(
        case_id=opening.case_id,
        school_id=opening.school_id,
        department_id=opening.department_id,
        cohort=opening.cohort,
        version=1,
        opened_at=opening.opened_at,
        updated_at=opening.opened_at,
        waiting_since=opening.opened_at,
        source=opening.source,
        roster_digest=opening.roster_digest,
        policy=opening.policy,
        profile=opening.profile,
        declared=opening.declared,
    )
    event = CaseOpened(
        profile=opening.profile,
        declared=opening.declared,
        cohort=opening.cohort,
        roster_digest=opening.roster_digest,
        source=opening.source,
        policy_ref=opening.policy.ref,
    )
    actor = opening.opened_by
    stamp = Recorded(seq=1, at=opening.opened_at, actor_id=actor.id, actor_role=actor.role, event=event)
    return state.but(chain=Chain(after=0).followed_by(stamp, event.type)), stamp


def decide(
    state: CaseState,
    commands: Sequence[AnyCommand],
    context: Context,
    facts: dict[int, Fact],
) -> tuple[CaseState, list[Recorded]]:
    """The commands in order, all or nothing: the new state and its events.

    Raises `Refused`, or `NeedsFact` for the first command whose question is not answered in `facts`.
    """
    if context.expected_version is not None and context.expected_version != state.version:
        raise Refused("version_conflict", expected=context.expected_version, current=state.version)
    recorded: list[Recorded] = []
    for index, command in enumerate(commands):
        rule = RULES[type(command)]
        check(state, rule, context)
        # Asked again once it is answered: the case may have changed while the world was looking.
        need = rule.need(state, command, context) if rule.need is not None else None
        if need is not None and index not in facts:
            raise NeedsFact(index, need)
        events = rule.decide(state, command, replace(context, fact=facts.get(index)))
        state, new = record(state, events, context.actor, context.now)
        recorded += new
    return state, recorded


def check(state: CaseState, rule: Rule[Any], context: Context) -> None:
    """Whether a command is possible at all for this actor now. Raises `Refused`.

    The state speaks before the role, so that "not paired yet" is told to whoever may see the case.
    """
    parties = state.parties(context.actor)
    if not parties:
        raise Refused("case_unknown")
    if state.erasing:
        raise Refused("case_erased")
    if state.closed and not rule.on_closed:
        raise Refused("case_closed")
    rule.guard(state, context)
    if not parties & rule.who:
        raise Refused("not_yours" if parties & MENTORS_ELSEWHERE else "role_not_allowed")


def record(
    state: CaseState, events: Sequence[Event], actor: Actor, now: datetime
) -> tuple[CaseState, list[Recorded]]:
    """The state after the events, and the events with their places."""
    recorded: list[Recorded] = []
    for event in events:
        item = Recorded.model_validate(
            {
                "seq": state.version + 1,
                "at": now,
                "actor_id": actor.id,
                "actor_role": actor.role,
                "event": event,
            }
        )
        state = evolve(state, item)
        recorded.append(item)
    return state, recorded


_EVOLVERS: Mapping[Any, Callable[[CaseState, Any, Stamp], CaseState]] = {
    intake.IntakeEvent: intake.evolve,
    profile.ProfileEvent: profile.evolve,
    pairing.PairingEvent: pairing.evolve,
    assessment.AssessmentRecorded: assessment.evolve,
    plan.PlanEvent: plan.evolve,
    service.ServiceEvent: service.evolve,
    training.TrainingEvent: training.evolve,
    referral.ReferralEvent: referral.evolve,
    hold.HoldEvent: hold.evolve,
    transfer.TransferEvent: transfer.evolve,
    destination.DestinationEvent: destination.evolve,
    follow_up.FollowUpEvent: follow_up.evolve,
    closure.ClosureEvent: closure.evolve,
    erasure.ErasureEvent: erasure.evolve,
    objection.ObjectionEvent: objection.evolve,
    standards.PolicyChanged: standards.evolve,
    ladder.RungReached: ladder.evolve,
}
_EVOLVE_OF: Mapping[Any, Callable[[CaseState, Any, Stamp], CaseState]] = {
    event: step for events, step in _EVOLVERS.items() for event in get_args(events) or (events,)
}


def evolve(state: CaseState, item: Recorded) -> CaseState:
    """The state after one event."""
    chain = (state.chain or Chain(after=state.version)).followed_by(item, item.event.type)
    after = _EVOLVE_OF[type(item.event)](state, item.event, item)
    return after.but(version=item.seq, updated_at=item.at, chain=chain)


def possible(state: CaseState, actor: Actor, now: datetime) -> list[Possibility]:
    """Every public command: allowed now for this actor, or why not."""
    context = Context(actor=actor, now=now)
    answers: list[Possibility] = []
    for command, rule in RULES.items():
        if rule.who == frozenset({Party.SYSTEM}):
            continue
        name: str = command.model_fields["type"].default
        try:
            check(state, rule, context)
        except Refused as refused:
            answers.append(
                Possibility(type=name, allowed=False, code=refused.code, zh=refused.zh, en=refused.en)
            )
        else:
            answers.append(Possibility(type=name, allowed=True))
    return answers


def system(school_id: str) -> Actor:
    """The case itself as an actor: its timers, its class, its import."""
    return Actor(id="system", role=Role.SYSTEM, school_id=school_id)


def pass_time(state: CaseState, now: datetime) -> tuple[CaseState, list[Recorded]]:
    """What time alone brings by `now`, until nothing more is due at that moment."""
    recorded: list[Recorded] = []
    while events := ladder.tick(state, now):
        state, new = record(state, events, system(state.school_id), now)
        recorded += new
    return state, recorded
