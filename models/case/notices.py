"""Who is told of an event. A notice names the case and what happened, never a person's hardship or name."""

from __future__ import annotations

from models.base import Model
from models.case.closure import CaseClosed, CaseReopened, ClosureRejected, ClosureRequested
from models.case.destination import DestinationRegistered, DestinationRejected, DestinationVerified
from models.case.erasure import (
    ErasureRejected,
    ErasureRequested,
    LegalHoldLifted,
    LegalHoldPlaced,
    RetentionEnded,
    RetentionNear,
)
from models.case.follow_up import StabilityChecked
from models.case.kernel import department, school, staff
from models.case.ladder import RungReached
from models.case.machine import Recorded
from models.case.objection import ObjectionAnswered, ObjectionRaised
from models.case.pairing import (
    CandidatesExhausted,
    MentorAssigned,
    MentorProposed,
    MentorRefused,
    PairingAccepted,
    PairingDeclined,
    ProposalLapsed,
)
from models.case.plan import PlanApproved, PlanRejected, PlanSet
from models.case.profile import ConsentWithdrawn
from models.case.referral import (
    ReferralAcknowledged,
    ReferralAnswered,
    ReferralCancelled,
    ReferralExpired,
    ReferralOutcomeReported,
    ReferralSent,
)
from models.case.state import CaseState
from models.case.transfer import TransferAccepted, TransferDeclined, TransferRequested


class Notice(Model):
    """`audience` such as `staff:<id>` or `department:<id>`; `kind` an event type or `rung:<clock>:<rung>`."""

    seq: int
    audience: str
    kind: str
    subject: str = ""


def notices(state: CaseState, item: Recorded) -> list[Notice]:
    """The notices of one event, with `state` as it is after it."""
    event = item.event
    if isinstance(event, RungReached):
        kind = f"rung:{event.clock}:{event.rung}"
        return [Notice(seq=item.seq, audience=event.audience, kind=kind, subject=event.subject)]
    subject, audiences = _told(state, event)
    told = sorted(audiences - {staff(item.actor_id)})
    return [Notice(seq=item.seq, audience=to, kind=event.type, subject=subject) for to in told]


def _told(state: CaseState, event: object) -> tuple[str, set[str]]:  # noqa: C901  (a table in the form of a match)
    college, centre = department(state.department_id), school(state.school_id)
    mentor = {staff(state.pairing.mentor_id)} if state.pairing.mentor_id else set[str]()
    match event:
        case MentorProposed() | ProposalLapsed():
            return "", {staff(event.mentor_id)}
        case PairingAccepted() | PairingDeclined() | CandidatesExhausted() | MentorRefused():
            return "", {college}
        case MentorAssigned():
            previous = {staff(event.previous)} if event.previous else set[str]()
            return "", {staff(event.mentor_id)} | previous
        case PlanSet():
            return str(event.plan.version), {college}
        case PlanApproved() | PlanRejected():
            return str(event.plan_version), mentor
        case ReferralSent():
            return event.referral.id, {staff(event.referral.to)}
        case ReferralAnswered() | ReferralOutcomeReported() | ReferralExpired() | ReferralCancelled():
            referral = state.referrals[event.referral_id]
            return referral.id, mentor | {staff(referral.sender_id), staff(referral.to)}
        case ReferralAcknowledged():
            return event.referral_id, {staff(state.referrals[event.referral_id].to)}
        case ConsentWithdrawn():
            resting = [state.referrals[referral_id] for referral_id in event.referrals]
            return event.consent_id, mentor | {
                staff(to) for item in resting for to in (item.to, item.sender_id)
            }
        case TransferRequested():
            receiver = department(event.to) if event.kind == "department" else staff(event.to)
            return event.transfer_id, {receiver}
        case TransferAccepted() | TransferDeclined():
            told = mentor | {staff(state.transfers[event.transfer_id].requested_by)}
            if isinstance(event, TransferAccepted) and event.previous_mentor:
                told |= {staff(event.previous_mentor)}
            return event.transfer_id, told
        case DestinationRegistered():
            return event.destination.id, {college}
        case DestinationVerified():
            return event.destination_id, mentor | ({centre} if event.level == "department" else set[str]())
        case DestinationRejected():
            return event.destination_id, mentor
        case ClosureRequested():
            return "", {college}
        case ObjectionRaised():
            return event.objection_id, mentor | {college}
        case ObjectionAnswered():
            return event.objection_id, mentor
        case CaseClosed() | ClosureRejected() | CaseReopened():
            return "", mentor or {college}
        case LegalHoldPlaced() | LegalHoldLifted() | ErasureRequested() | RetentionNear() | RetentionEnded():
            return "", {centre}
        case ErasureRejected():
            return "", {staff(event.asked_by)}
        case StabilityChecked(stable=False):
            return str(event.number), {college}
        case _:
            return "", set()
