"""Offboarding: starting it, how far it is, and what is still left with the leaver."""

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Engine, and_, func, or_
from sqlmodel import Session, col, select
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from models.base import Model
from models.case.kernel import Actor, Role
from models.tables import CaseRow, Offboarding, Staff
from services.commands import temporal_away
from services.database import writing
from services.errors import NotAllowed, NotFound, Unprocessable
from services.pairing import MENTOR_ROLES
from services.school_day import today
from services.settings import Settings
from workflows.messages import OFFBOARDING_WORKFLOW
from workflows.offboarding_messages import LeftOver, OffboardingInput


class OffboardingDraft(Model):
    """Who takes over, and why. Without `successor_id` each case goes to the best by the rules of pairing. With
    `with_acceptance` the successor is asked first. `depart_anyway` ends the account even if cases are left."""

    successor_id: str | None = Field(default=None, max_length=100)
    reason: str = Field(min_length=1, max_length=500)
    with_acceptance: bool = False
    depart_anyway: bool = False


class OffboardingView(Model):
    """`left` is counted now: cases that are still with the leaver, or that the leaver was asked to take.
    `status`: running, done, asked (successors have yet to accept), left_over."""

    staff_id: str
    status: Literal["running", "done", "asked", "left_over"]
    total: int
    moved: int
    left_over: list[LeftOver]
    left: int
    departed_on: date | None
    started_by: str
    started_at: datetime
    finished_at: datetime | None


def of_leaver(staff_id: str) -> ColumnElement[bool]:
    """The open cases that are with this person, or that this person was asked to take."""
    with_them = or_(col(CaseRow.mentor_id) == staff_id, col(CaseRow.proposed_mentor_id) == staff_id)
    return and_(col(CaseRow.closed_at).is_(None), with_them)


class Offboardings:
    """The offboardings of one installation."""

    def __init__(self, client: Client, engine: Engine, settings: Settings) -> None:
        self._client = client
        self._engine = engine
        self._settings = settings

    async def start(self, actor: Actor, staff_id: str, draft: OffboardingDraft) -> OffboardingView:
        """Move the cases of a leaver; one that is under way goes on as it was asked for.

        Raises NotAllowed, NotFound (`staff_unknown`), Unprocessable (`successor_invalid`), Unavailable.
        """
        begun = await asyncio.to_thread(self._begin, actor, staff_id, draft)
        # An earlier one that has recorded its end may still be closing: it has nothing left to do, and must not
        # be taken for the one that is asked for now.
        policy = WorkflowIDConflictPolicy
        conflict = policy.TERMINATE_EXISTING if begun else policy.USE_EXISTING
        given = OffboardingInput(
            staff_id=staff_id, school_id=actor.school_id, asked_by=actor, **draft.model_dump()
        )
        try:
            await self._client.start_workflow(
                OFFBOARDING_WORKFLOW,
                given,
                id=f"offboarding-{staff_id}",
                task_queue=self._settings.task_queue,
                id_conflict_policy=conflict,
            )
        except RPCError:
            raise temporal_away() from None
        return await asyncio.to_thread(self.view, actor, staff_id)

    def view(self, actor: Actor, staff_id: str) -> OffboardingView:
        """How far it is. Raises NotAllowed, NotFound (`staff_unknown`, `offboarding_unknown`)."""
        with Session(self._engine) as session:
            person = _leaver(session, actor, staff_id)
            row = session.get(Offboarding, staff_id)
            if row is None:
                raise NotFound(
                    "offboarding_unknown",
                    f"人员 {staff_id} 没有离岗交接。",
                    f"No offboarding of {staff_id} was started.",
                )
            fields = row.model_dump(include=set(OffboardingView.model_fields) - {"left_over"})
            return OffboardingView(
                **fields,
                left_over=[LeftOver.model_validate(item) for item in json.loads(row.left_over)],
                left=_count(session, staff_id),
                departed_on=person.departed_on,
            )

    def _begin(self, actor: Actor, staff_id: str, draft: OffboardingDraft) -> bool:
        """Nobody proposes the leaver for another case from now on. False when one is under way already."""
        with Session(writing(self._engine)) as session:
            # Of two at once the second waits here, and finds that the first has begun.
            person = _leaver(session, actor, staff_id, lock=True)
            _check_successor(session, person, draft.successor_id)
            if person.absent_from is None or person.absent_from > today():
                person.absent_from = today()
            person.absent_until = None
            row = session.get(Offboarding, staff_id)
            begun = row is None or row.status != "running"
            if begun:
                session.merge(
                    Offboarding(
                        staff_id=staff_id,
                        school_id=person.school_id,
                        status="running",
                        started_by=actor.id,
                        started_at=datetime.now(UTC),
                        total=_count(session, staff_id),
                    )
                )
            session.commit()
            return begun


class OffboardingLedger:
    """What the workflow reads and writes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cases(self, staff_id: str, after: str, size: int) -> list[str]:
        """The next open cases of the leaver by id."""
        query = select(CaseRow.case_id).where(of_leaver(staff_id), CaseRow.case_id > after)
        with Session(self._engine) as session:
            return list(session.exec(query.order_by(col(CaseRow.case_id)).limit(size)).all())

    def record(self, given: OffboardingInput, *, finished: bool) -> None:
        """Write how far it is; at the end the leaver departs when nothing is left."""
        with Session(writing(self._engine)) as session:
            row = session.get_one(Offboarding, given.staff_id)
            row.moved = given.moved
            row.left_over = json.dumps([item.model_dump() for item in given.left_over])
            if finished:
                left = _count(session, given.staff_id)
                if given.left_over:
                    row.status = "left_over"
                else:
                    row.status = "asked" if left else "done"
                row.finished_at = datetime.now(UTC)
                if not left or given.depart_anyway:
                    session.get_one(Staff, given.staff_id).departed_on = today()
            session.commit()


def _leaver(session: Session, actor: Actor, staff_id: str, *, lock: bool = False) -> Staff:
    person = session.get(Staff, staff_id, with_for_update=lock)
    if person is None or person.school_id != actor.school_id:
        raise NotFound(
            "staff_unknown", f"没有找到人员 {staff_id}。", f"There is no member of staff {staff_id}."
        )
    if actor.role == Role.DEPARTMENT_SUPERVISOR and person.department_id != actor.department_id:
        raise NotAllowed
    return person


def _check_successor(session: Session, person: Staff, successor_id: str | None) -> None:
    if successor_id is None:
        return
    successor = session.get(Staff, successor_id)
    fits = (
        successor is not None
        and successor.id != person.id
        and successor.school_id == person.school_id
        and successor.role in MENTOR_ROLES
        and successor.departed_on is None
    )
    if not fits:
        raise Unprocessable(
            "successor_invalid",
            f"{successor_id} 不能接手：须为本校在岗的其他帮扶人员。",
            f"{successor_id} cannot take over: name another active mentor of the school.",
        )


def _count(session: Session, staff_id: str) -> int:
    return session.exec(select(func.count()).select_from(CaseRow).where(of_leaver(staff_id))).one()
