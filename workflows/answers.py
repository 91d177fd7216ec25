"""What a case has answered, so that a key that comes again is answered the same and never acts twice.

Temporal itself remembers the Updates of one run; this is for those of the runs before.
"""

from workflows.messages import CommandAnswer, EarlierAnswer

# As they were given. Whoever repeats a request mostly does so within seconds.
_KEPT = 32
# Larger ones (bytes as JSON) are kept in short at once: 32 of the largest would be more than a run can hand on.
_WHOLE = 8 * 1024
# Without their events, which the ledger has: about 100 bytes each, in all of which a run hands on at most 100 kB.
_EARLIER_KEPT = 1000
# Characters of an Update id, which is a hash.
_SHORT = 16


class Answers:
    """The last answers by Update id, and what is left of those before them."""

    def __init__(self, last: dict[str, CommandAnswer], earlier: dict[str, EarlierAnswer]) -> None:
        self.last = last
        self.earlier = earlier

    def knows(self, update_id: str) -> bool:
        """Whether this Update was answered."""
        return update_id in self.last or update_id[:_SHORT] in self.earlier

    def earlier_of(self, update_id: str) -> EarlierAnswer | None:
        """What is left of an answer that is not among the last ones."""
        return self.earlier.get(update_id[:_SHORT])

    def remember(self, update_id: str, answer: CommandAnswer) -> None:
        """Keep an answer; what is too old or too large for it is kept in short, or forgotten."""
        if len(answer.model_dump_json().encode()) > _WHOLE:
            self.earlier[update_id[:_SHORT]] = EarlierAnswer.of(answer)
        else:
            self.last[update_id] = answer
        while len(self.last) > _KEPT:
            oldest = next(iter(self.last))
            self.earlier[oldest[:_SHORT]] = EarlierAnswer.of(self.last.pop(oldest))
        while len(self.earlier) > _EARLIER_KEPT:
            del self.earlier[next(iter(self.earlier))]
