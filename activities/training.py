"""What a case asks of a training class, what a class tells its cases, and the list of classes."""

import asyncio
from datetime import timedelta

from sqlalchemy import Engine
from sqlmodel import Session
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.case.kernel import PlaceAnswer, ReservePlace
from models.case.machine import system
from models.tables import CaseRow, TrainingClass
from models.training_class import TrainingClassState
from services.commands import CommandKey, Commands
from services.errors import ServiceError, Unavailable
from services.training import ClassLedger
from workflows.class_messages import LEAVE, RESERVE, TellAnswer, TellInput, class_workflow_id
from workflows.messages import LeaveClass

_PATIENCE = timedelta(seconds=15)


class TrainingActivities:
    """Those that talk to workflows are asynchronous; a failure is tried again by Temporal."""

    def __init__(self, client: Client, engine: Engine, classes: ClassLedger) -> None:
        self._client = client
        self._engine = engine
        self._classes = classes
        self._commands = Commands(client)

    @activity.defn(name="reserve_place")
    async def reserve_place(self, need: ReservePlace) -> PlaceAnswer:
        """Ask the class for a place; `class_unknown` and `class_over` are answers."""
        if not await asyncio.to_thread(self._same_school, need):
            return PlaceAnswer(place=None, problem="class_unknown")
        info = activity.info()
        try:
            return await self._client.get_workflow_handle(class_workflow_id(need.class_id)).execute_update(
                RESERVE,
                need,
                # One question, however often this activity is tried.
                id=f"{info.workflow_id}:{info.workflow_run_id}:{info.activity_id}",
                result_type=PlaceAnswer,
                rpc_timeout=_PATIENCE,
            )
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return PlaceAnswer(place=None, problem="class_over")
            raise

    @activity.defn(name="leave_class")
    async def leave_class(self, left: LeaveClass) -> None:
        """Tell the class that somebody has withdrawn; one that is over need not know."""
        try:
            await self._client.get_workflow_handle(class_workflow_id(left.class_id)).execute_update(
                LEAVE,
                left,
                id=f"leave:{left.case_id}:{left.enrolment_id}",
                rpc_timeout=_PATIENCE,
            )
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise

    @activity.defn(name="tell_case")
    async def tell_case(self, given: TellInput) -> TellAnswer:
        """Give a case the command of its class; a refusal is an answer."""
        tell = given.tell
        try:
            await self._commands.send(
                tell.case_id, [tell.command], system(given.school_id), CommandKey(tell.key)
            )
        except Unavailable:
            raise
        except ServiceError as refused:
            return TellAnswer(problem=refused.code)
        return TellAnswer()

    @activity.defn(name="project_class")
    def project_class(self, state: TrainingClassState) -> None:
        self._classes.project(state)

    def _same_school(self, need: ReservePlace) -> bool:
        with Session(self._engine) as session:
            row = session.get(TrainingClass, need.class_id)
            case = session.get(CaseRow, need.case_id)
            return row is not None and case is not None and row.school_id == case.school_id
