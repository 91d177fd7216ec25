"""A life lived once more: the state to which the events of a case lead, taken from nothing else."""

from collections.abc import Sequence

from models.case.intake import CaseOpened
from models.case.kernel import Actor
from models.case.machine import Opening, Recorded, evolve, open_case
from models.case.state import CaseState

# What the evolvers of the steps raise where an event speaks of what is not there.
_IMPOSSIBLE = (LookupError, AttributeError, AssertionError, TypeError, ValueError)


def begins(events: Sequence[Recorded]) -> bool:
    """Whether the first of these events is the beginning of a case."""
    return bool(events) and isinstance(events[0].event, CaseOpened)


def first_state(first: Recorded, like: CaseState) -> CaseState:
    """The state in which a case was opened, by its first event; what no event says is as in `like`, a later state
    of the case."""
    assert isinstance(first.event, CaseOpened)  # noqa: S101  (asked for cases that begin)
    opening = Opening(
        case_id=like.case_id,
        school_id=like.school_id,
        department_id=like.department_id,
        cohort=first.event.cohort,
        opened_at=first.at,
        opened_by=Actor(id=first.actor_id, role=first.actor_role, school_id=like.school_id),
        profile=first.event.profile,
        declared=first.event.declared,
        roster_digest=first.event.roster_digest,
        source=first.event.source,
        policy=like.policy,
    )
    return open_case(opening)[0]


def next_state(state: CaseState, item: Recorded) -> CaseState | None:
    """The state after an event, None where it cannot have happened then."""
    try:
        return evolve(state, item)
    except _IMPOSSIBLE:
        return None


def lived(events: Sequence[Recorded], like: CaseState) -> CaseState | None:
    """The state to which all events of a case lead, equal to `like` if they are those that led to it, word for word
    from where its chain begins. None where the first is missing or another cannot follow on those before."""
    states = lived_through(events, like)
    return states[-1] if states and len(states) == len(events) else None


def lived_through(events: Sequence[Recorded], like: CaseState) -> list[CaseState]:
    """The state after each event, as far as one can follow on those before."""
    if not begins(events):
        return []
    chained_after = len(events) if like.chain is None else like.chain.after
    states = [_as_chained(first_state(events[0], like), chained_after)]
    for item in events[1:]:
        after = next_state(states[-1], item)
        if after is None:
            break
        states.append(_as_chained(after, chained_after))
    return states


def _as_chained(state: CaseState, after: int) -> CaseState:
    return state if state.version > after else state.but(chain=None)
