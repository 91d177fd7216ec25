"""The events that a run of a case still has at hand, whole, from which a ledger that lost them is repaired."""

from collections.abc import Iterable

from models.case.machine import Recorded
from workflows.messages import Carried


class RecentEvents:
    """Those of this run, and those of the last answers from the runs before."""

    def __init__(self) -> None:
        self._by_place: dict[int, Recorded] = {}

    @classmethod
    def of(cls, carried: Carried) -> "RecentEvents":
        """What an earlier run hands over."""
        recent = cls()
        for answer in carried.answers.values():
            recent.add(answer.events)
        recent.add(carried.pending)
        return recent

    def add(self, events: Iterable[Recorded]) -> None:
        """Keep what has just happened."""
        self._by_place |= {item.seq: item for item in events}

    def in_order(self) -> list[Recorded]:
        """All of them by their places, between which there may be gaps."""
        return [item for _, item in sorted(self._by_place.items())]
