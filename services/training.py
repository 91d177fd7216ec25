"""Training classes: their list, and the way of their owners' commands."""

import asyncio
import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from temporalio.client import (
    Client,
    RPCError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode

from models.access import access_policy
from models.base import Model
from models.case.kernel import Actor, Day, Role
from models.tables import CaseRow, Staff, TrainingClass
from models.training_class import ClassCommand, ClassRefused, TrainingClassState
from models.views.page import Page
from models.views.training import ClassLine, ClassView, RollLine
from services.access import readable, shown
from services.commands import RefusalDetail, key_of_person, temporal_away, update_id
from services.database import replace_older, writing
from services.errors import Conflict, NotAllowed, NotFound, ServiceError, Unavailable, Unprocessable
from services.keyset import after, cursor_of, read_cursor
from services.masking import name_for
from services.sealed import NAME, open_all
from services.settings import Settings
from services.vault import Vault
from workflows.class_messages import CLASS_COMMAND, ClassRequest, class_workflow_id
from workflows.messages import TRAINING_WORKFLOW

_ORDER = (col(TrainingClass.starts_on), col(TrainingClass.id))
_PATIENCE = 15.0


class ClassDraft(Model):
    """A new class. Dates are inclusive; without `owner_id` it is the class of who founds it."""

    course: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    places: int = Field(ge=1, le=2000)
    starts_on: Day
    ends_on: Day
    owner_id: str | None = None
    minimum_attendance: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> "ClassDraft":
        if self.ends_on < self.starts_on:
            raise ValueError("the class ends before it starts")
        return self


class Training:
    """The classes of one installation."""

    def __init__(
        self, client: Client, engine: Engine, settings: Settings, ledger: "ClassLedger", vault: Vault
    ) -> None:
        self._client = client
        self._engine = engine
        self._settings = settings
        self._ledger = ledger
        self._vault = vault

    async def found(self, actor: Actor, draft: ClassDraft) -> ClassView:
        """Start a class. Raises Unprocessable (`staff_unknown`), Unavailable."""
        owner_id = draft.owner_id or actor.id
        await asyncio.to_thread(self._check_owner, actor, owner_id)
        fields = draft.model_dump(exclude={"owner_id"})
        state = TrainingClassState(
            id=secrets.token_hex(5), school_id=actor.school_id, owner_id=owner_id, **fields
        )
        try:
            await self._client.start_workflow(
                TRAINING_WORKFLOW,
                state,
                id=class_workflow_id(state.id),
                task_queue=self._settings.task_queue,
            )
        except RPCError:
            raise temporal_away() from None
        # Should this process die here, the class shows itself in the list.
        await asyncio.to_thread(self._ledger.project, state)
        return await asyncio.to_thread(self.view, actor, state.id)

    async def command(self, actor: Actor, class_id: str, command: ClassCommand, key: str) -> ClassView:
        """Obey the owner or a supervisor of the owner. The same key of the same person acts once.

        Raises NotFound (`class_unknown`), NotAllowed, Conflict with the refusal's code, Unavailable.
        """
        row = await asyncio.to_thread(self._row, actor, class_id)
        if not await asyncio.to_thread(self._manages, actor, row):
            raise NotAllowed
        handle = self._client.get_workflow_handle(class_workflow_id(class_id))
        try:
            async with asyncio.timeout(_PATIENCE):
                state = await handle.execute_update(
                    CLASS_COMMAND,
                    ClassRequest(command=command),
                    id=update_id(key_of_person(actor, key)),
                    result_type=TrainingClassState,
                    rpc_timeout=timedelta(seconds=_PATIENCE),
                )
        except WorkflowUpdateFailedError as failure:
            raise _refused(failure) from None
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise Unavailable(
                "command_pending",
                "办理尚未完成，请稍后用同一 Idempotency-Key 重试，不会重复办理。",
                "The command is still under way; send it again with the same Idempotency-Key.",
            ) from None
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                over = ClassRefused("class_over")
                raise Conflict(over.code, over.zh, over.en) from None
            raise temporal_away() from None
        return await asyncio.to_thread(self._view_of, actor, state, datetime.now(UTC))

    def classes(self, actor: Actor, *, status: str | None, cursor: str | None, limit: int) -> Page[ClassLine]:
        """A page of the school's classes, those that begin last first. Raises BadCursor."""
        query = select(TrainingClass).where(TrainingClass.school_id == actor.school_id)
        if status is not None:
            query = query.where(TrainingClass.status == status)
        if cursor is not None:
            day, class_id = read_cursor("classes", cursor, date, str)
            query = query.where(after(_ORDER, (day, class_id), descending=True))
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(*(part.desc() for part in _ORDER)).limit(limit + 1)).all()
        items = [
            ClassLine.model_validate(row.model_dump(include=set(ClassLine.model_fields)))
            for row in rows[:limit]
        ]
        more = cursor_of("classes", (items[-1].starts_on, items[-1].id)) if len(rows) > limit else None
        return Page(items=items, next_cursor=more)

    def view(self, actor: Actor, class_id: str) -> ClassView:
        """A class with the part of its list that the actor may see. Raises NotFound (`class_unknown`)."""
        row = self._row(actor, class_id)
        return self._view_of(actor, self._ledger.state_of(row), row.updated_at)

    def _row(self, actor: Actor, class_id: str) -> TrainingClass:
        with Session(self._engine) as session:
            row = session.get(TrainingClass, class_id)
        if row is None or row.school_id != actor.school_id:
            unknown = ClassRefused("class_unknown")
            raise NotFound(unknown.code, unknown.zh, unknown.en)
        return row

    def _check_owner(self, actor: Actor, owner_id: str) -> None:
        with Session(self._engine) as session:
            owner = session.get(Staff, owner_id)
        if owner is None or owner.school_id != actor.school_id or owner.departed_on is not None:
            raise Unprocessable(
                "staff_unknown", f"没有找到人员 {owner_id}。", f"There is no member of staff {owner_id}."
            )

    def _manages(self, actor: Actor, row: TrainingClass) -> bool:
        """The owner, and who supervises the owner."""
        if actor.id == row.owner_id or actor.role == Role.SCHOOL_SUPERVISOR:
            return True
        if actor.role != Role.DEPARTMENT_SUPERVISOR:
            return False
        with Session(self._engine) as session:
            owner = session.get(Staff, row.owner_id)
        return owner is not None and owner.department_id == actor.department_id

    def _view_of(self, actor: Actor, state: TrainingClassState, updated_at: datetime) -> ClassView:
        row = class_row(state, updated_at, "")
        query = select(CaseRow.case_id, CaseRow.name, shown(actor, "name")).where(
            col(CaseRow.case_id).in_([entry.case_id for entry in state.roll]),
            CaseRow.school_id == actor.school_id,
        )
        over_for_partner = actor.role == Role.PARTNER and state.status != "open"
        if over_for_partner or not self._manages(actor, row):
            # Whoever does not run the class sees those whose case they may read, which partners never do.
            query = query.where(readable(actor))
        trainer = actor.id == row.owner_id and "name" in access_policy().plain(["trainer"])
        with Session(self._engine) as session:
            rows = session.exec(query).all()
        opened = open_all(self._vault, NAME, [(case_id, name) for case_id, name, _ in rows])
        names = {
            case_id: case_id if name is None else name_for(name, plain=plain or trainer)
            for (case_id, _, plain), name in zip(rows, opened, strict=True)
        }
        roll = [
            RollLine(**entry.model_dump(), display=names[entry.case_id], attendance=state.attendance(entry))
            for entry in state.roll
            if entry.case_id in names
        ]
        line = row.model_dump(include=set(ClassLine.model_fields))
        return ClassView(
            **line, minimum_attendance=state.minimum_attendance, days_held=state.days_held, roll=roll
        )


class ClassLedger:
    """Writes the list of classes."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = writing(engine)
        self._vault = vault

    def state_of(self, row: TrainingClass) -> TrainingClassState:
        """The whole class of a row. Raises KeyMissing, SealBroken."""
        opened = self._vault.open(class_workflow_id(row.id), row.state, _state_place(row.version))
        return TrainingClassState.model_validate_json(opened)

    def holding(self, school_id: str, case_id: str) -> list[TrainingClassState]:
        """The classes that have a case on their roll. They are few, and which ones only they know themselves."""
        with Session(self._engine) as session:
            rows = session.exec(select(TrainingClass).where(TrainingClass.school_id == school_id)).all()
        states = map(self.state_of, rows)
        return [state for state in states if any(entry.case_id == case_id for entry in state.roll)]

    def project(self, state: TrainingClassState) -> None:
        """Bring a class's row to this state; an older one changes nothing."""
        place = _state_place(state.version)
        sealed = self._vault.seal(class_workflow_id(state.id), state.model_dump_json(), place)
        with self._engine.begin() as connection:
            replace_older(connection, class_row(state, datetime.now(UTC), sealed))


def _state_place(version: int) -> str:
    return f"training_class.state:{version}"


def class_row(state: TrainingClassState, updated_at: datetime, sealed: str) -> TrainingClass:
    """The row of a class, with its sealed state."""
    return TrainingClass(
        id=state.id,
        school_id=state.school_id,
        course=state.course,
        owner_id=state.owner_id,
        places=state.places,
        starts_on=state.starts_on,
        ends_on=state.ends_on,
        status=state.status,
        enrolled=state.count("enrolled"),
        waiting=state.count("waiting"),
        completed=state.count("completed"),
        version=state.version,
        state=sealed,
        updated_at=updated_at,
    )


def _refused(failure: WorkflowUpdateFailedError) -> ServiceError:
    cause = failure.cause
    if not isinstance(cause, ApplicationError) or not cause.details:
        return temporal_away()
    detail = RefusalDetail.model_validate(cause.details[0])
    return Conflict(detail.code, detail.zh, detail.en)
