"""Pairing (结对): one responsible mentor per graduate, proposed by rules or assigned by a supervisor [18]."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.case.kernel import (
    STAFF,
    SUPERVISORS,
    Command,
    Context,
    Deadline,
    Event,
    MentorAnswer,
    Party,
    Ref,
    Refused,
    ReserveMentor,
    Rule,
    Stamp,
    department,
    staff,
)

if TYPE_CHECKING:
    from models.case.state import CaseState


class Proposal(Model):
    """A mentor was asked and has not answered yet."""

    mentor_id: str
    proposed_at: datetime
    number: int


class Pairing(Model):
    """`excluded` are those who declined, stayed silent or were refused by the graduate; `seeking` asks the
    case to find the next candidate; `exhausted_at` is set when only a supervisor can help."""

    mentor_id: str | None = None
    assigned_since: datetime | None = None
    proposal: Proposal | None = None
    proposals: int = 0
    round_proposals: int = 0
    excluded: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    seeking: bool = False
    exhausted_at: datetime | None = None
    replacement_wanted_at: datetime | None = None


class ProposeMentor(Command):
    """Ask a mentor to take the case; without `mentor_id` the best by the rules."""

    type: Literal["propose_mentor"] = "propose_mentor"
    mentor_id: Ref | None = None


class ProposeNextMentor(Command):
    """The case itself asks the next candidate after a refusal or silence."""

    type: Literal["propose_next_mentor"] = "propose_next_mentor"


class AcceptPairing(Command):
    type: Literal["accept_pairing"] = "accept_pairing"
    reason: str | None = Field(default=None, max_length=1000)


class DeclinePairing(Command):
    type: Literal["decline_pairing"] = "decline_pairing"
    reason: str | None = Field(default=None, max_length=1000)


class AssignMentor(Command):
    """A supervisor sets the owner; no acceptance needed, always with a reason."""

    type: Literal["assign_mentor"] = "assign_mentor"
    mentor_id: Ref
    reason: str = Field(min_length=1, max_length=1000)


class RefuseMentor(Command):
    """The graduate does not want the proposed or present mentor."""

    type: Literal["refuse_mentor"] = "refuse_mentor"
    reason: str | None = Field(default=None, max_length=1000)


class MentorProposed(Event):
    type: Literal["mentor_proposed"] = "mentor_proposed"
    mentor_id: str


class PairingAccepted(Event):
    type: Literal["pairing_accepted"] = "pairing_accepted"
    mentor_id: str


class PairingDeclined(Event):
    type: Literal["pairing_declined"] = "pairing_declined"
    mentor_id: str
    reason: str


class ProposalLapsed(Event):
    """The mentor did not answer in time."""

    type: Literal["proposal_lapsed"] = "proposal_lapsed"
    mentor_id: str


class CandidatesExhausted(Event):
    """Nobody is left to ask: the college's supervisor has to assign."""

    type: Literal["candidates_exhausted"] = "candidates_exhausted"


class MentorAssigned(Event):
    type: Literal["mentor_assigned"] = "mentor_assigned"
    mentor_id: str
    previous: str | None
    reason: str


class MentorRefused(Event):
    type: Literal["mentor_refused"] = "mentor_refused"
    mentor_id: str
    reason: str | None = None


PairingEvent = (
    MentorProposed
    | PairingAccepted
    | PairingDeclined
    | ProposalLapsed
    | CandidatesExhausted
    | MentorAssigned
    | MentorRefused
)


def evolve(state: CaseState, event: PairingEvent, stamp: Stamp) -> CaseState:
    pairing = state.pairing
    match event:
        case MentorProposed():
            number = pairing.proposals + 1
            proposal = Proposal(mentor_id=event.mentor_id, proposed_at=stamp.at, number=number)
            changes: dict[str, Any] = {
                "proposal": proposal,
                "proposals": number,
                "round_proposals": pairing.round_proposals + 1,
                "seeking": False,
                "exhausted_at": None,
            }
        case PairingAccepted():
            changes = taken_over(pairing, event.mentor_id, stamp.at)
        case MentorAssigned():
            changes = taken_over(pairing, event.mentor_id, stamp.at)
        case PairingDeclined() | ProposalLapsed():
            changes = {"proposal": None, "excluded": (*pairing.excluded, event.mentor_id), "seeking": True}
        case CandidatesExhausted():
            changes = {"seeking": False, "exhausted_at": stamp.at, "round_proposals": 0}
        case MentorRefused():
            changes = {"excluded": (*pairing.excluded, event.mentor_id)}
            if pairing.proposal is not None:
                changes |= {"proposal": None, "seeking": True}
            else:
                changes |= {"replacement_wanted_at": stamp.at}
    return state.but(pairing=pairing.model_copy(update=changes))


def taken_over(pairing: Pairing, mentor_id: str | None, at: datetime) -> dict[str, Any]:
    """What changes when the case goes to that mentor, or to nobody yet."""
    former = pairing.former
    if pairing.mentor_id is not None and pairing.mentor_id != mentor_id:
        former = (*former, pairing.mentor_id)
    return {
        "mentor_id": mentor_id,
        "assigned_since": at if mentor_id is not None else None,
        "proposal": None,
        "seeking": False,
        "exhausted_at": None,
        "replacement_wanted_at": None,
        "round_proposals": 0,
        "former": former,
    }


def deadlines(state: CaseState) -> list[Deadline]:
    """One clock at a time: the asked mentor's, or the college's. None while the case itself seeks the next."""
    pairing = state.pairing
    owner = department(state.department_id)
    if state.eligibility is None or pairing.seeking:
        return []
    if pairing.proposal is not None:
        asked = pairing.proposal
        return [state.clock("answer_pairing", str(asked.number), asked.proposed_at, staff(asked.mentor_id))]
    if pairing.replacement_wanted_at is not None:
        since = max(pairing.replacement_wanted_at, pairing.exhausted_at or pairing.replacement_wanted_at)
        return [state.clock("assign_mentor", f"replacement{len(pairing.excluded)}", since, owner)]
    if pairing.mentor_id is not None:
        return []
    decided_at = state.eligibility.decided_at
    if pairing.exhausted_at is not None:
        since = max(pairing.exhausted_at, decided_at)
        return [state.clock("assign_mentor", str(pairing.proposals), since, owner)]
    return [state.clock("propose_mentor", str(pairing.proposals), decided_at, owner)]


def reservation(state: CaseState, mentor_id: str | None, *, by_supervisor: bool = False) -> ReserveMentor:
    """The question for a mentor with room. A supervisor may choose one who was excluded before."""
    rules = state.policy.pairing
    return ReserveMentor(
        case_id=state.case_id,
        school_id=state.school_id,
        department_id=state.department_id,
        mentor_id=mentor_id,
        excluded=() if by_supervisor else state.pairing.excluded,
        experienced=state.assessment is not None and state.assessment.risk_level == "A",
        soft_load=rules.soft_load,
        hard_cap=rules.hard_cap,
    )


def _mentor_found(context: Context) -> str:
    answer = context.fact
    assert isinstance(answer, MentorAnswer)  # noqa: S101  (the shell answers the need it was given)
    if answer.mentor_id is None:
        raise Refused(answer.problem or "no_capacity")
    return answer.mentor_id


def eligible(state: CaseState, _context: Context) -> None:
    """The guard of every way to a mentor. Raises `not_eligible_yet`, `not_opened`."""
    if state.eligibility is None:
        raise Refused("not_eligible_yet")
    if state.eligibility.decision == "not_open":
        raise Refused("not_opened")


def _proposable(state: CaseState, context: Context) -> None:
    if state.pairing.mentor_id is not None and state.pairing.replacement_wanted_at is None:
        raise Refused("already_paired", mentor_id=state.pairing.mentor_id)
    eligible(state, context)
    if state.pairing.proposal is not None:
        raise Refused("proposal_open", mentor_id=state.pairing.proposal.mentor_id)


def _propose_need(state: CaseState, command: ProposeMentor, _context: Context) -> ReserveMentor:
    return reservation(state, command.mentor_id)


def _propose(_state: CaseState, _command: ProposeMentor, context: Context) -> list[Event]:
    return [MentorProposed(mentor_id=_mentor_found(context))]


def _next_need(state: CaseState, _command: ProposeNextMentor, _context: Context) -> ReserveMentor | None:
    if state.pairing.round_proposals >= state.policy.pairing.max_proposals:
        return None
    return reservation(state, None)


def _propose_next(state: CaseState, _command: ProposeNextMentor, context: Context) -> list[Event]:
    if not state.pairing.seeking:
        return []
    answer = context.fact
    if not isinstance(answer, MentorAnswer) or answer.mentor_id is None:
        return [CandidatesExhausted()]
    return [MentorProposed(mentor_id=answer.mentor_id)]


def _proposal_for(state: CaseState, context: Context) -> Proposal:
    asked = state.pairing.proposal
    if asked is None:
        if state.pairing.mentor_id == context.actor.id:
            raise Refused("already_paired", mentor_id=context.actor.id)
        raise Refused("no_proposal_open")
    if asked.mentor_id != context.actor.id:
        raise Refused("not_yours")
    return asked


def _answerable(state: CaseState, context: Context) -> None:
    _proposal_for(state, context)


def _accept(state: CaseState, _command: AcceptPairing, context: Context) -> list[Event]:
    return [PairingAccepted(mentor_id=_proposal_for(state, context).mentor_id)]


def _decline(state: CaseState, command: DeclinePairing, context: Context) -> list[Event]:
    reason = (command.reason or "").strip()
    if not reason:
        raise Refused("reason_required")
    return [PairingDeclined(mentor_id=_proposal_for(state, context).mentor_id, reason=reason)]


def _assign_need(state: CaseState, command: AssignMentor, _context: Context) -> ReserveMentor:
    if command.mentor_id == state.pairing.mentor_id:
        raise Refused("already_paired", mentor_id=command.mentor_id)
    return reservation(state, command.mentor_id, by_supervisor=True)


def _assign(state: CaseState, command: AssignMentor, context: Context) -> list[Event]:
    previous = state.pairing.mentor_id
    return [MentorAssigned(mentor_id=_mentor_found(context), previous=previous, reason=command.reason)]


def _refusable(state: CaseState, _context: Context) -> None:
    if state.pairing.proposal is None and state.pairing.mentor_id is None:
        raise Refused("not_paired")


def _refuse(state: CaseState, command: RefuseMentor, _context: Context) -> list[Event]:
    asked = state.pairing.proposal
    mentor_id = asked.mentor_id if asked is not None else state.pairing.mentor_id
    assert mentor_id is not None  # noqa: S101  (the guard has seen one of the two)
    return [MentorRefused(mentor_id=mentor_id, reason=command.reason)]


def paired(state: CaseState, _context: Context) -> None:
    """The guard of every act that takes a mentor. Raises `not_paired`."""
    if state.pairing.mentor_id is None:
        raise Refused("not_paired")


_ANYONE = STAFF | {Party.PROPOSED_MENTOR, Party.FORMER_MENTOR, Party.COLLEAGUE}

RULES: tuple[Rule[Any], ...] = (
    Rule(ProposeMentor, SUPERVISORS | {Party.COUNSELOR}, _propose, _proposable, _propose_need),
    Rule(ProposeNextMentor, frozenset({Party.SYSTEM}), _propose_next, need=_next_need),
    Rule(AcceptPairing, _ANYONE, _accept, _answerable),
    Rule(DeclinePairing, _ANYONE, _decline, _answerable),
    Rule(AssignMentor, SUPERVISORS, _assign, eligible, _assign_need),
    Rule(RefuseMentor, frozenset({Party.GRADUATE}), _refuse, _refusable),
)
