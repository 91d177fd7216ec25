"""Moving one case of a leaver, through the same commands as a supervisor would give."""

import asyncio

from sqlalchemy import Engine
from sqlmodel import Session
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from models.case.machine import AnyCommand
from models.case.pairing import AssignMentor, reservation
from models.case.state import CaseState
from models.case.transfer import RequestTransfer, open_transfer
from models.tables import CaseRow
from services.commands import CommandKey, Commands
from services.errors import ServiceError, StaleVersion, Unavailable
from services.offboarding import OffboardingLedger, today
from services.pairing import MentorPool
from services.states import States
from workflows.offboarding_messages import CasesAfter, MoveAnswer, MoveInput, Progress


class OffboardingActivities:
    """A refusal of a case is an answer; everything else is tried again by Temporal."""

    def __init__(self, client: Client, engine: Engine, mentors: MentorPool, states: States) -> None:
        self._engine = engine
        self._mentors = mentors
        self._commands = Commands(client)
        self._ledger = OffboardingLedger(engine)
        self._states = states

    @activity.defn(name="leaver_cases")
    def leaver_cases(self, given: CasesAfter) -> list[str]:
        return self._ledger.cases(given.staff_id, given.after, given.size)

    @activity.defn(name="record_offboarding")
    def record_offboarding(self, progress: Progress) -> None:
        self._ledger.record(progress.offboarding, finished=progress.finished)

    @activity.defn(name="move_case")
    async def move_case(self, given: MoveInput) -> MoveAnswer:
        """Assign the case anew, or ask the successor."""
        answer = MoveAnswer(case_id=given.case_id)
        state = await asyncio.to_thread(self._state, given.case_id)
        if not _still_theirs(state, given.offboarding.staff_id):
            return answer
        successor, problem = await asyncio.to_thread(self._successor, state, given)
        command = None if successor is None else _command(state, given, successor)
        if command is None:
            return answer.model_copy(update={"problem": problem})
        try:
            await self._commands.send(
                given.case_id,
                [command],
                given.offboarding.asked_by,
                CommandKey(f"offboarding:{given.run}:{given.case_id}:{state.version}:{successor}"),
                # Should an earlier try have gone through unseen, this one must not move the case again.
                expected_version=state.version,
            )
        except StaleVersion:
            raise ApplicationError("the case has changed meanwhile", type="case_changed") from None
        except Unavailable:
            raise
        except ServiceError as refused:
            if refused.code == "no_capacity" and given.offboarding.successor_id is None:
                raise ApplicationError("the place was taken meanwhile", type="case_changed") from None
            return answer.model_copy(update={"problem": refused.code})
        return answer

    def _state(self, case_id: str) -> CaseState:
        with Session(self._engine) as session:
            return self._states.of(session, session.get_one(CaseRow, case_id))

    def _successor(self, state: CaseState, given: MoveInput) -> tuple[str | None, str | None]:
        """Who takes the case, or why nobody does."""
        asked = open_transfer(state)
        if given.offboarding.with_acceptance and (asked is not None or state.pairing.mentor_id is None):
            # A proposal lapses by itself; a transfer to the wanted successor was asked for before.
            wanted = asked is not None and asked.to == given.offboarding.successor_id
            return None, None if wanted else "transfer_open" if asked else "proposal_open"
        if given.offboarding.successor_id is not None:
            return given.offboarding.successor_id, None
        found = self._mentors.suggest(reservation(state, None), today())
        return found.mentor_id, found.problem


def _still_theirs(state: CaseState, staff_id: str) -> bool:
    proposal = state.pairing.proposal
    asked = proposal is not None and proposal.mentor_id == staff_id
    return not state.closed and (state.pairing.mentor_id == staff_id or asked)


def _command(state: CaseState, given: MoveInput, successor: str) -> AnyCommand:
    reason = given.offboarding.reason
    if given.offboarding.with_acceptance:
        return RequestTransfer(kind="mentor", to=successor, reason=reason)
    return AssignMentor(mentor_id=successor, reason=reason)
