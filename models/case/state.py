"""The state of a case: everything that a decision may depend on, and nothing else.

Long texts (contact notes, reasons) live in the timeline only, so that the state stays small however long the
case lives.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field

from models.base import Model
from models.calendar import DurationValue, Span
from models.case import transfer
from models.case.assessment import Assessment
from models.case.chain import Chain
from models.case.closure import Closure
from models.case.destination import Destination
from models.case.erasure import Erasure, LegalHold
from models.case.hold import Hold
from models.case.intake import Eligibility, Hardship, Source
from models.case.kernel import Actor, Deadline, Party, Role
from models.case.objection import Objection
from models.case.pairing import Pairing
from models.case.plan import CasePlan
from models.case.profile import Consent, Profile
from models.case.referral import Referral, receivers
from models.case.service import Service
from models.case.training import Enrolment
from models.case.transfer import Transfer
from models.pinned_policy import PinnedPolicy
from models.policy import ClockName, Policy

Stage = Literal["intake", "pairing", "assessment", "planning", "delivery", "follow_up", "closed", "not_open"]
STAGES: tuple[Stage, ...] = (
    "intake",
    "pairing",
    "assessment",
    "planning",
    "delivery",
    "follow_up",
    "closed",
    "not_open",
)


class CaseFacts(Model):
    """What is known of one graduate's file. `version` counts its events; `waiting_since` is the graduate's wait, apart
    from `pairing.assigned_since`, the present owner's clock. `delivering_since`: the first plan was approved. `chain`
    is None until the first event in a version that has it."""

    schema_version: Literal[1] = 1
    case_id: str
    school_id: str
    department_id: str
    cohort: int
    version: int
    opened_at: datetime
    updated_at: datetime
    waiting_since: datetime
    source: Source
    roster_digest: str
    profile: Profile
    declared: tuple[Hardship, ...] = ()
    eligibility: Eligibility | None = None
    pairing: Pairing = Pairing()
    assessment: Assessment | None = None
    draft_plan: CasePlan | None = None
    plan_rejected_at: datetime | None = None
    delivering_since: datetime | None = None
    plan: CasePlan | None = None
    plan_versions: int = 0
    services: dict[str, Service] = Field(default_factory=dict[str, Service])
    contacts: int = 0
    last_contact_at: datetime | None = None
    trainings: dict[str, Enrolment] = Field(default_factory=dict[str, Enrolment])
    referrals: dict[str, Referral] = Field(default_factory=dict[str, Referral])
    consents: tuple[Consent, ...] = ()
    destinations: dict[str, Destination] = Field(default_factory=dict[str, Destination])
    left_on: date | None = None
    left_at: datetime | None = None
    next_follow_up_on: date | None = None
    stability_checks: int = 0
    hold: Hold | None = None
    pauses: tuple[Span, ...] = ()
    transfers: dict[str, Transfer] = Field(default_factory=dict[str, Transfer])
    closure: Closure | None = None
    objections: dict[str, Objection] = Field(default_factory=dict[str, Objection])
    reopened: int = 0
    legal_hold: LegalHold | None = None
    legal_hold_lifted_at: datetime | None = None
    retention_warned_at: datetime | None = None
    retention_ended_at: datetime | None = None
    erasure: Erasure | None = None
    rungs: dict[str, int] = Field(default_factory=dict[str, int])
    chain: Chain | None = None

    def under(self, policy: Policy) -> CaseState:
        """The file with the policy that it pins."""
        # Both are valid already; to look through the policy again takes longer than all the rest.
        known = {name: getattr(self, name) for name in CaseFacts.model_fields}
        return CaseState.model_construct(**known, policy=policy)


class CaseState(CaseFacts):
    """One graduate's file: what is known, and the standards that it is judged by."""

    policy: PinnedPolicy

    def but(self, **changes: Any) -> Self:
        """The same state with some fields replaced."""
        return self.model_copy(update=changes)

    def contacted(self, at: datetime) -> Self:
        """One more contact; an act entered late never moves the last contact back."""
        last = max(at, self.last_contact_at or at)
        return self.but(contacts=self.contacts + 1, last_contact_at=last, next_follow_up_on=None)

    @property
    def closed(self) -> bool:
        return self.closure is not None and self.closure.closed_at is not None

    @property
    def erasing(self) -> bool:
        """True from the decision to erase the file: nothing happens in it any more."""
        return self.erasure is not None and self.erasure.decided_at is not None

    @property
    def seeking_mentor(self) -> bool:
        """True when the case itself is to ask the next mentor. A closed one goes on when it is reopened."""
        return self.pairing.seeking and not self.closed and not self.erasing

    @property
    def stage(self) -> Stage:
        """Where the case stands in its life, derived, so that it can never disagree with the facts."""
        if self.closed:
            return "closed"
        if self.eligibility is None:
            return "intake"
        if self.eligibility.decision == "not_open":
            return "not_open"
        if self.pairing.mentor_id is None:
            return "pairing"
        if self.assessment is None:
            return "assessment"
        if self.plan is None:
            return "planning"
        return "delivery" if self.left_on is None else "follow_up"

    @cached_property
    def spread(self) -> float:
        """A fraction of 0 to 1 from the case's id, which spreads night deadlines over the window."""
        return int.from_bytes(hashlib.sha256(self.case_id.encode()).digest()[:4], "big") / 2**32

    def clock(
        self,
        name: ClockName,
        subject: str,
        since: datetime,
        owner: str,
        within: DurationValue | None = None,
    ) -> Deadline:
        """The deadline of a clock of the policy started at `since`; pauses do not count.

        The clocks of a reopened case start anew: nobody was due to act while it was closed.
        """
        clock = self.policy.clocks[name]
        since = max(since, self.waiting_since)
        due = self.policy.calendar.due(since, within or clock.within, self.pauses)
        lapses_at = self.policy.lapse_time(due, name, self.spread, self.pauses)
        key = f"{name}:{subject}.{self.reopened}"
        return Deadline(
            key=key, clock=name, subject=subject, since=since, due=due, owner=owner, lapses_at=lapses_at
        )

    def parties(self, actor: Actor) -> frozenset[Party]:
        """How the actor stands to this case; empty for one who may not know that it exists."""
        if actor.role == Role.SYSTEM:
            return frozenset({Party.SYSTEM})
        if actor.school_id != self.school_id:
            return frozenset()
        found = set(self._by_role(actor))
        pairing = self.pairing
        if actor.mentors(pairing.mentor_id):
            found.add(Party.MENTOR)
        if pairing.proposal is not None and pairing.proposal.mentor_id == actor.id:
            found.add(Party.PROPOSED_MENTOR)
        if actor.id in pairing.former or actor.id in pairing.excluded:
            found.add(Party.FORMER_MENTOR)
        if actor.id in receivers(self) or transfer.receives(self, actor):
            found.add(Party.RECEIVER)
        return frozenset(found)

    def covered_by(self, actor: Actor) -> str | None:
        """The mentor of this case for whom the actor stands in."""
        mentor_id = self.pairing.mentor_id
        return mentor_id if mentor_id in actor.covering else None

    def _by_role(self, actor: Actor) -> set[Party]:
        if actor.role == Role.SCHOOL_SUPERVISOR:
            return {Party.SCHOOL_SUPERVISOR}
        if actor.role == Role.GRADUATE:
            return {Party.GRADUATE} if actor.case_id == self.case_id else set()
        if actor.department_id != self.department_id:
            return set()
        by_role = {
            Role.DEPARTMENT_SUPERVISOR: {Party.DEPARTMENT_SUPERVISOR},
            Role.COUNSELOR: {Party.COUNSELOR},
        }
        # While nobody owns the case, a mentor of the college may be told why an act is refused.
        unpaired = actor.role == Role.MENTOR and self.pairing.mentor_id is None
        return by_role.get(actor.role, {Party.COLLEAGUE} if unpaired else set[Party]())
