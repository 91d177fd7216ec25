"""A life lived once more from its events ends in the very state; with any other word in it, it does not."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.case.chain import Chain
from models.case.kernel import Role
from models.case.lived import lived, lived_through
from models.case.machine import Recorded, evolve, open_case
from models.case.notices import notices
from models.case.profile import Annotated_
from models.case.state import CaseState

from .given import Case
from .people import M1, SUPERVISOR
from .record_life import LIVES


def a_life() -> Case:
    """A life with reminders, a closed file and notes."""
    case = Case().delivering()
    case.when(M1, "annotate", text="first words")
    case.wait(days=60)
    case.when(M1, "request_transfer", kind="mentor", to="m2", reason="leave")
    case.when(SUPERVISOR, "annotate", text="last words")
    return case


def read_back(case: Case) -> list[Recorded]:
    return [Recorded.model_validate_json(item.model_dump_json()) for item in case.events]


def of_an_earlier_version(case: Case, chained_after: int | None) -> CaseState:
    """The state of a case that had so many events before versions had a chain; None: all of them."""
    state, _ = open_case(case.opening)
    for item in case.events[1:]:
        if chained_after is None or state.version <= chained_after:
            state = state.but(chain=None)
        state = evolve(state, item)
    return state.but(chain=None) if chained_after is None else state


def place_of_note(events: list[Recorded]) -> int:
    return next(place for place, item in enumerate(events) if isinstance(item.event, Annotated_))


def test_it_ends_in_the_very_state() -> None:
    case = a_life()
    assert case.state.chain is not None
    assert lived(read_back(case), case.state) == case.state


@pytest.mark.parametrize(
    "change",
    [
        {"event": Annotated_(text="other words")},
        {"actor_id": "m3"},
        {"actor_role": Role.COUNSELOR},
    ],
    ids=["text", "author", "role"],
)
def test_another_word_does_not(change: dict[str, Any]) -> None:
    case = a_life()
    events = read_back(case)
    place = place_of_note(events)
    events[place] = events[place].model_copy(update=change)
    assert lived(events, case.state) != case.state


def test_another_order_does_not() -> None:
    case = a_life()
    events = read_back(case)
    events[-1], events[-2] = (
        events[-2].model_copy(update={"seq": events[-1].seq}),
        events[-1].model_copy(update={"seq": events[-2].seq}),
    )
    assert lived(events, case.state) != case.state


def test_events_that_cannot_have_happened_lead_nowhere() -> None:
    case = a_life()
    assert lived(read_back(case)[1:], case.state) is None
    approved = next(item for item in case.events if item.event.type == "plan_approved")
    assert lived([case.events[0], approved], case.state) is None


@pytest.mark.parametrize("chained_after", [None, 5], ids=["never", "from the sixth event on"])
def test_a_case_of_an_earlier_version_is_proved_as_far_as_its_state_goes(chained_after: int | None) -> None:
    case = a_life()
    state = of_an_earlier_version(case, chained_after)
    events = read_back(case)
    assert lived(events, state) == state
    assert (lived(events[:-1], state), lived(events[:7], state)) != (state, state)
    place = place_of_note(events)
    events[place] = events[place].model_copy(update={"event": Annotated_(text="other words")})
    assert (lived(events, state) == state) == (chained_after is None)


def test_a_field_that_a_later_version_adds_leaves_the_chain_as_it_was() -> None:
    class Longer(Annotated_):
        later: str | None = None

    note = next(item for item in a_life().events if isinstance(item.event, Annotated_))
    longer = note.model_copy(update={"event": Longer.model_validate(note.event.model_dump())})
    assert "later" in longer.event.model_dump()
    assert Chain(after=0).followed_by(longer, "annotated") == Chain(after=0).followed_by(note, "annotated")


@pytest.mark.parametrize("kept", sorted(LIVES.glob("*.json")), ids=lambda path: path.stem)
def test_what_an_earlier_version_told_still_leads_to_the_state_that_it_led_to_and_to_the_same_people(
    kept: Path,
) -> None:
    told = json.loads(kept.read_text(encoding="utf-8"))
    state = CaseState.model_validate(told["state"])
    events = [Recorded.model_validate(item) for item in told["events"]]
    assert lived(events, state) == state
    # Whoever is told otherwise than before would be told anew of what was long ago, by the next repair.
    states = lived_through(events, state)
    news = [notice for pair in zip(states, events, strict=True) for notice in notices(*pair)]
    assert [notice.model_dump(mode="json") for notice in news] == told["notices"]
