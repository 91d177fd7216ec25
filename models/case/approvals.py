"""What waits for somebody's decision, and whose request or work it is."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from models.case.kernel import Actor
from models.case.state import CaseState
from models.case.transfer import open_transfer

ApprovalClock = Literal[
    "approve_plan",
    "approve_closure",
    "verify_destination",
    "approve_erasure",
    "answer_objection",
    "answer_transfer",
]
"""The deadlines that are met by deciding on what somebody else has asked for or done."""

APPROVALS: tuple[ApprovalClock, ...] = get_args(ApprovalClock)


class Asked(NamedTuple):
    """Who asked; None for the graduate. `on_behalf_of` is the mentor for whom that one stood in."""

    by: str | None
    on_behalf_of: str | None = None

    def own_work_of(self, actor: Actor) -> bool:
        """Whether the decision is another's, because nobody approves their own work."""
        return self.by is not None and actor.did(self.by, self.on_behalf_of)


def asked(state: CaseState, clock: ApprovalClock, subject: str) -> Asked | None:
    """Who asked for the decision that a deadline of this clock and subject waits for; None where it was made."""
    match clock:
        case "approve_plan":
            plan = state.draft_plan
            return Asked(plan.author_id, plan.on_behalf_of) if plan else None
        case "approve_closure":
            closure = state.closure
            return Asked(closure.requested_by, closure.on_behalf_of) if closure else None
        case "verify_destination":
            # The subject is the destination and the level at which it is verified.
            item = state.destinations.get(subject.partition(".")[0])
            return Asked(item.registered_by, item.on_behalf_of) if item else None
        case "approve_erasure":
            return Asked(state.erasure.requested_by) if state.erasure else None
        case "answer_objection":
            # Only the graduate objects.
            return Asked(None) if subject in state.objections else None
        case "answer_transfer":
            transfer = open_transfer(state)
            return Asked(transfer.requested_by) if transfer else None
