"""The life of a case, lived once more from what the ledger holds of it."""

from bench.chaos.evidence import CaseFound
from models.case.intake import CaseOpened
from models.case.kernel import Actor
from models.case.machine import Opening, Recorded, evolve, open_case
from models.case.state import CaseState


def begins(case: CaseFound) -> bool:
    """Whether the ledger has the beginning of a case."""
    return isinstance(case.events[0].event, CaseOpened)


def first_state(case: CaseFound) -> CaseState:
    """The state in which a case was opened, by its first event."""
    first = case.events[0]
    assert isinstance(first.event, CaseOpened)  # noqa: S101  (asked for cases that begin)
    assert case.state is not None  # noqa: S101  (asked for cases that answer)
    opening = Opening(
        case_id=case.case_id,
        school_id=case.state.school_id,
        department_id=case.state.department_id,
        cohort=first.event.cohort,
        opened_at=first.at,
        opened_by=Actor(id=first.actor_id, role=first.actor_role, school_id=case.state.school_id),
        profile=first.event.profile,
        declared=first.event.declared,
        roster_digest=first.event.roster_digest,
        source=first.event.source,
        policy=case.state.policy,
    )
    return open_case(opening)[0]


def lived(case: CaseFound) -> CaseState | None:
    """The state to which the events of a case lead, None where the first is missing or another cannot follow
    on those before."""
    if not begins(case):
        return None
    state = first_state(case)
    for item in case.events[1:]:
        after = next_state(state, item)
        if after is None:
            return None
        state = after
    return state


def next_state(state: CaseState, item: Recorded) -> CaseState | None:
    """The state after an event, None where it cannot have happened then."""
    try:
        return evolve(state, item)
    except (KeyError, AssertionError, AttributeError):
        return None
