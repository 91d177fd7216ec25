"""The state that an answer leads to, for showing the file with it."""

import asyncio
from datetime import datetime

from models.case.kernel import Actor
from models.case.lived import next_state
from models.case.state import CaseState
from models.views.case import CaseView
from services.access import plain_groups, standings
from services.errors import case_unknown
from services.ledger import LedgerReader, shown_case
from services.short_memory import ShortMemory
from services.vault import CACHE_SECONDS
from workflows.messages import CommandAnswer

_CASES = 500


class LastStates:
    """The states of the cases that people have in hand just now. What a case answers are its events: from the state
    before them they lead to the one after, which needs no query. States are kept for as long as keys are, and only
    those that cases have answered: what the ledger has beyond may never have happened."""

    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger = ledger
        self._kept: ShortMemory[CaseState] = ShortMemory(_CASES, CACHE_SECONDS)

    def keep(self, state: CaseState) -> None:
        """Remember a state that has surely happened, unless a later one is known."""
        known = self._kept.of(state.case_id)
        if known is None or known.version <= state.version:
            self._kept.put(state.case_id, state)

    async def shown_after(
        self, actor: Actor, case_id: str, answer: CommandAnswer, now: datetime
    ) -> tuple[CaseView, frozenset[str]]:
        """The file after this answer, or as it is later on, with the groups of fields that the actor sees plain.

        Raises NotFound (`case_unknown`) for one who may not read it any more, CaseErased, SQLAlchemyError."""
        state = self._led_to(case_id, answer)
        if state is None:
            state = await asyncio.to_thread(self._ledger.state, actor, case_id)
        elif not standings(actor, state):
            raise case_unknown()
        if state.version == answer.version:
            self.keep(state)
        return shown_case(actor, state, now), plain_groups(actor, state)

    def _led_to(self, case_id: str, answer: CommandAnswer) -> CaseState | None:
        """The state after the answer; None unless the one just before it is known."""
        state = self._kept.of(case_id)
        for item in answer.events:
            if state is None or state.version != item.seq - 1:
                return None
            state = next_state(state, item)
        return state if state is not None and state.version == answer.version else None
