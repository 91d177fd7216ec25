"""Proving that the events in the ledger are those of the case."""

from collections.abc import Iterator

from pydantic import ValidationError

from models.case.lived import lived
from models.case.state import CaseState
from services.data_key import KeyDestroyed, SealBroken
from services.past_events import PastEvents


def unequal_events(past: PastEvents, state: CaseState) -> Iterator[str]:
    """What is wrong with the events of a case: all must be there and nothing else, and they must lead to its state,
    word for word, as its chain has it. Raises KeyMissing."""
    try:
        events = past.all_of(state.case_id)
    except (KeyDestroyed, SealBroken, ValidationError):
        yield "events.unreadable"
        return
    places = {item.seq for item in events}
    wanted = set(range(1, state.version + 1))
    if wanted - places:
        yield "events.missing"
    if places - wanted:
        yield "events.beyond"
    if places == wanted and lived(events, state) != state:
        yield "events.content"
