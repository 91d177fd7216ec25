"""The rows in which the ledger shows a state."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.case.machine import Recorded
from models.case.notices import notices
from models.case.referral import Referral
from models.case.state import CaseState
from models.case.summary import DeadlineLine
from models.tables import (
    CaseDeadline,
    CaseHardship,
    CaseNotice,
    CaseReferral,
    CaseRow,
    PolicyVersion,
    Reservation,
)
from models.tables.types import Table


@dataclass
class LedgerRows:
    """Everything that the ledger holds of one state, but for its events."""

    case: CaseRow
    hardships: list[CaseHardship] = field(default_factory=list[CaseHardship])
    deadlines: list[CaseDeadline] = field(default_factory=list[CaseDeadline])
    referrals: list[CaseReferral] = field(default_factory=list[CaseReferral])
    reservation: Reservation | None = None

    def children(self) -> dict[type[CaseHardship | CaseDeadline | CaseReferral], Sequence[Table]]:
        """The rows that hang on the case's row, by table."""
        return {CaseHardship: self.hardships, CaseDeadline: self.deadlines, CaseReferral: self.referrals}


def policy_row(state: CaseState) -> PolicyVersion:
    policy = state.policy
    return PolicyVersion(
        ref=policy.ref,
        digest=policy.digest_of_content,
        document=policy.model_dump_json(),
        published_at=state.opened_at,
    )


def deadline_row(state: CaseState, line: DeadlineLine) -> CaseDeadline:
    deadline = line.deadline
    return CaseDeadline(
        case_id=state.case_id,
        key=deadline.key,
        school_id=state.school_id,
        department_id=state.department_id,
        mentor_id=state.pairing.mentor_id,
        clock=deadline.clock,
        subject=deadline.subject,
        owner=deadline.owner,
        since=deadline.since,
        due_on=deadline.due.on,
        due_at=deadline.due.at,
        rung=line.rung,
        paused=state.hold is not None,
    )


def referral_row(state: CaseState, referral: Referral) -> CaseReferral:
    return CaseReferral(
        case_id=state.case_id,
        referral_id=referral.id,
        school_id=state.school_id,
        department_id=state.department_id,
        kind=referral.kind,
        receiver=referral.to,
        sender_id=referral.sender_id,
        status=referral.status,
        sent_at=referral.sent_at,
        answered_at=referral.answered_at,
        changed_at=referral.changed_at,
        acknowledged_at=referral.acknowledged_at,
    )


def notice_rows(state: CaseState, item: Recorded) -> list[CaseNotice]:
    return [
        CaseNotice(case_id=state.case_id, school_id=state.school_id, at=item.at, **notice.model_dump())
        for notice in notices(state, item)
    ]


def reservation_row(state: CaseState) -> Reservation | None:
    """The mentor's place that the case takes; a closed case gives it back."""
    pairing = state.pairing
    holder = pairing.proposal.mentor_id if pairing.proposal else pairing.mentor_id
    if holder is None or state.closed:
        return None
    return Reservation(case_id=state.case_id, mentor_id=holder)
