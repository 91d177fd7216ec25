"""Which version of the service standards a case follows, and moving it to another one on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.case.kernel import SUPERVISORS, Command, Context, Event, Party, Ref, Refused, Rule, Stamp
from models.policy import Policy

if TYPE_CHECKING:
    from models.case.state import CaseState


class ChangePolicy(Command):
    """Move the case to another policy version."""

    type: Literal["change_policy"] = "change_policy"
    policy_ref: Ref
    reason: str = Field(min_length=1, max_length=1000)


class ChangePolicyTo(ChangePolicy):
    """The same as it reaches the case: with the document that the service has under that name, None where there is
    none."""

    policy: Policy | None = None


class PolicyChanged(Event):
    type: Literal["policy_changed"] = "policy_changed"
    previous: str
    policy: Policy
    reason: str


def evolve(state: CaseState, event: PolicyChanged, _stamp: Stamp) -> CaseState:
    return state.but(policy=event.policy)


def _change(state: CaseState, command: ChangePolicyTo, _context: Context) -> list[Event]:
    if command.policy is None or command.policy.ref != command.policy_ref:
        raise Refused("unknown_policy", policy_ref=command.policy_ref)
    if command.policy == state.policy:
        raise Refused("nothing_changed")
    return [PolicyChanged(previous=state.policy.ref, policy=command.policy, reason=command.reason)]


RULES: tuple[Rule[Any], ...] = (Rule(ChangePolicyTo, SUPERVISORS | {Party.SYSTEM}, _change),)
