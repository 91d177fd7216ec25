"""Opening files (建档): the workflow first, which is durable, then its first row in the ledger."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi.encoders import jsonable_encoder
from pydantic import Field
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from models.calendar import season_of
from models.case.intake import Hardship, Source
from models.case.kernel import Actor, Role
from models.case.machine import Opening, open_case
from models.case.profile import Line, Passage, Profile
from models.case.state import CaseState
from models.policy import Policy
from models.roster.cells import RosterRules
from models.roster.rows import RosterRow, judge_row
from models.tables import ErasureCertificate
from services.access import standings
from services.commands import temporal_away
from services.data_key import KeyDestroyed
from services.departments import require_department
from services.errors import Conflict, NotAllowed, Unprocessable
from services.identities import CaseExists, Identities, id_number_taken
from services.policies import policy_for
from services.projection import Ledger
from services.school_day import date_of
from services.settings import Settings
from services.turns import Turns
from services.vault import Vault
from workflows.messages import CASE_STATE, CASE_WORKFLOW, CaseInput, Projection

# The memo of a case's workflow that knows the request which opened it.
_REQUEST = "request"
_PROFILE_FIELDS = frozenset(Profile.model_fields) - {"other"}


class CaseDraft(Profile):
    """A graduate's data as a person types them in. `hardship_types` are type ids or names; `cohort` is the
    graduating year, by default that of `graduates_on`, else of the present season."""

    department_id: str
    cohort: int | None = Field(default=None, ge=2000, le=2100)
    hardship_types: list[Line] = Field(default_factory=list[Line], max_length=20)
    other: dict[Line, Passage] = Field(default_factory=dict[Line, Passage], max_length=100)


def profile_of(row: RosterRow) -> Profile:
    """The profile that a roster row describes; what has no field of its own is kept as text in `other`."""
    values: dict[str, Any] = row.model_dump(
        exclude_none=True, exclude={"other", "hardship", "cohort", "department"}
    )
    joined = {
        key: "、".join(getattr(row, key)) if isinstance(value, tuple) else value
        for key, value in values.items()
    }
    known = {key: value for key, value in joined.items() if key in _PROFILE_FIELDS}
    rest = {key: str(value) for key, value in joined.items() if key not in _PROFILE_FIELDS and value != ""}
    return Profile.model_validate(known | {"other": {**row.other, **rest}})


def declared_of(row: RosterRow) -> tuple[Hardship, ...]:
    """The hardship types that a roster row states, without proof."""
    return tuple(Hardship(type=claim.type, text=claim.text) for claim in row.hardship)


def cohort_of(row: RosterRow, today: date) -> int:
    """The graduating year (届): as stated, else that of the season of the school's date."""
    return season_of(today) if row.cohort is None else row.cohort


@dataclass(frozen=True)
class Opened:
    """A case that was opened; `projected` is False when it is durable but not in the ledger yet."""

    state: CaseState
    projected: bool


class CaseOpener:
    """Starts the workflows of cases."""

    def __init__(
        self,
        client: Client,
        engine: Engine,
        vault: Vault,
        policies: tuple[Policy, ...],
        settings: Settings,
    ) -> None:
        self._client = client
        self._engine = engine
        self._ledger = Ledger(engine, vault)
        self._identities = Identities(engine, vault)
        self._turns = Turns(engine, settings.data_dir / "turns")
        self._vault = vault
        self._policies = policies
        self._settings = settings

    def opening(
        self, actor: Actor, row: RosterRow, department_id: str, opened_at: datetime, source: Source
    ) -> Opening:
        """What a roster row opens. Raises NoPolicyError where no service standards fit the cohort."""
        cohort = cohort_of(row, date_of(opened_at))
        return Opening(
            case_id=self._vault.case_id(actor.school_id, row.student_no),
            school_id=actor.school_id,
            department_id=department_id,
            cohort=cohort,
            opened_at=opened_at,
            opened_by=actor,
            profile=profile_of(row),
            declared=declared_of(row),
            roster_digest=row.digest(),
            source=source,
            policy=policy_for(self._policies, self._settings.province, cohort),
        )

    def prepare(self, actor: Actor, draft: CaseDraft, now: datetime) -> Opening:
        """Check a draft but for its ID number. Raises NotAllowed, Unprocessable (`case_invalid`, `department_unknown`),
        Conflict (`case_exists`, `case_erased`)."""
        if actor.role != Role.SCHOOL_SUPERVISOR and draft.department_id != actor.department_id:
            raise NotAllowed
        row = self._judged(draft)
        with Session(self._engine) as session:
            require_department(session, actor.school_id, draft.department_id, Unprocessable)
            opening = self.opening(actor, row, draft.department_id, now, Source())
            self._check_new(session, actor, opening)
        return opening

    def _judged(self, draft: CaseDraft) -> RosterRow:
        cells = {
            key: str(value)
            for key, value in jsonable_encoder(draft, exclude_none=True).items()
            if key not in ("department_id", "hardship_types", "other", "subsidy_claimed")
        }
        cells["hardship"] = "、".join(draft.hardship_types)
        rules = RosterRules(allow_test_identities=self._settings.allow_test_identities)
        judged = judge_row(cells, rules)
        if isinstance(judged, list):
            raise Unprocessable(
                "case_invalid",
                "；".join(problem.zh for problem in judged),
                "; ".join(problem.en for problem in judged),
                problems=[problem.model_dump() for problem in judged],
            )
        return judged.model_copy(update={"subsidy_claimed": draft.subsidy_claimed, "other": draft.other})

    def _check_new(self, session: Session, actor: Actor, opening: Opening) -> None:
        owner = self._identities.of_student_no(session, actor, opening.profile.student_no)
        if owner is not None:
            raise CaseExists(owner.case_id, named=owner.named)
        erased = select(ErasureCertificate).where(ErasureCertificate.case_id == opening.case_id)
        certificate = session.exec(erased).first()
        if certificate is not None:
            number = certificate.number if standings(actor, certificate) else None
            raise Conflict(
                "case_erased",
                f"该学号的档案已按规定删除{f'（证明编号 {number}）' if number else ''}，不能再次建档。",
                f"The file of this student number was erased{f' (certificate {number})' if number else ''}; it is not "
                "opened again.",
                **({"certificate": number} if number else {}),
            )

    def _check_id_number(self, actor: Actor, case_id: str, id_number: str) -> None:
        with Session(self._engine) as session:
            other = self._identities.of_id_number(session, actor, id_number, besides=case_id)
        if other is not None:
            raise id_number_taken(other)

    async def open_once(self, actor: Actor, draft: CaseDraft, now: datetime, key: str) -> Opened:
        """Check a draft and open the case; the same request with the same key answers the case that it opened.

        Raises what `prepare` does, Conflict (`id_number_taken`), KeyDestroyed for one whose file was erased, and
        Unavailable.
        """
        request = hashlib.sha256(f"{actor.id}\0{key}\0{draft.model_dump_json()}".encode()).hexdigest()
        try:
            opening = await asyncio.to_thread(self.prepare, actor, draft, now)
            id_number = opening.profile.id_number
            if id_number is None:
                return await self.open(opening, request)
            # Two openings of one person under different student numbers meet nowhere else.
            turn = self._vault.index(opening.school_id, "id_number", id_number)
            async with self._turns.of(f"open\0{turn}"):
                await asyncio.to_thread(self._check_id_number, actor, opening.case_id, id_number)
                return await self.open(opening, request)
        except CaseExists as exists:
            handle = self._client.get_workflow_handle(exists.case_id)
            if await _request_of(handle) != request:
                raise
            return Opened(await handle.query(CASE_STATE, result_type=CaseState), projected=True)

    async def open(self, opening: Opening, request: str | None = None) -> Opened:
        """Start a case and show it in the ledger. While that is away, and should this process die between the two, the
        case writes its first row itself. Raises CaseExists, KeyDestroyed, Unavailable."""
        if await asyncio.to_thread(self._vault.ensure, [opening.case_id]):
            raise KeyDestroyed(opening.case_id)
        try:
            started = await self.start(opening, projected=False, request=request)
        except RPCError:
            raise temporal_away() from None
        if not started:
            # Not in the ledger yet, which says whose it is.
            raise CaseExists(opening.case_id, named=False)
        state, event = open_case(opening)
        first = Projection(state=state, events=[event])
        try:
            await asyncio.to_thread(self._ledger.project, [first])
        except SQLAlchemyError:
            return Opened(state, projected=False)
        return Opened(state, projected=True)

    async def start(self, opening: Opening, *, projected: bool, request: str | None = None) -> bool:
        """Start the case's workflow, for which `Vault.ensure` has made the key; False when the case exists already.

        With `projected`, the caller promises to write its first row by `project`; otherwise the case does it
        itself. `request` is kept with the workflow, so that a repeated one is known again."""
        try:
            await self._client.start_workflow(
                CASE_WORKFLOW,
                CaseInput(opening=opening, projected=projected),
                id=opening.case_id,
                task_queue=self._settings.task_queue,
                # A case whose workflow has ended was erased.
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                memo={_REQUEST: request} if request else None,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    def project(self, openings: list[Opening]) -> None:
        """Write the first rows of started cases, in one transaction. Rows that are there stay."""
        opened = [open_case(opening) for opening in openings]
        self._ledger.open([Projection(state=state, events=[event]) for state, event in opened])


async def _request_of(handle: WorkflowHandle[Any, Any]) -> str | None:
    """The request that opened the case. Raises Unavailable."""
    try:
        described = await handle.describe()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return None
        raise temporal_away() from None
    return await described.memo_value(_REQUEST, default=None, type_hint=str)
