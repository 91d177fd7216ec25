"""Training classes: founding, the class list, attendance, completion."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.audited import Audited
from api.deps import ActorDep, CallerDep, CursorQuery, KeyDep, LimitQuery, ServicesDep
from api.permits import permit
from api.problems import responses
from models.case.kernel import Role
from models.training_class import CancelClass, CompleteClass, RecordAttendance
from models.views.page import Page
from models.views.training import ClassLine, ClassView
from services.training import ClassDraft

router = APIRouter(route_class=Audited, prefix="/training-classes", tags=["training"])


@router.post(
    "",
    dependencies=[permit("training.manage")],
    status_code=201,
    responses=responses(401, 403, 413, 422, 503),
)
async def found_class(services: ServicesDep, actor: ActorDep, draft: ClassDraft) -> ClassView:
    """Found a class; cases enrol with `enrol_training` and its id."""
    return await services.training.found(actor, draft)


@router.get("", dependencies=[permit("training.read")], responses=responses(401, 403, 422, 503))
def list_classes(
    services: ServicesDep,
    actor: ActorDep,
    status: Annotated[Literal["open", "finished", "cancelled"] | None, Query()] = None,
    cursor: CursorQuery = None,
    limit: LimitQuery = 50,
) -> Page[ClassLine]:
    """The classes of the school."""
    return services.training.classes(actor, status=status, cursor=cursor, limit=limit)


@router.get("/{class_id}", dependencies=[permit("training.read")], responses=responses(401, 404, 503))
def read_class(services: ServicesDep, caller: CallerDep, class_id: str) -> ClassView:
    """One class with its list: the whole to its owner and supervisors, own cases to others; to an owner who is a
    partner while it is open."""
    view = services.training.view(caller.actor, class_id)
    if caller.actor.role == Role.PARTNER:
        # Whoever comes from outside has no other access to these files, nor leaves another trace in them.
        services.audit.record_cases(caller, "training.read", [line.case_id for line in view.roll])
    return view


@router.post(
    "/{class_id}/attendance",
    dependencies=[permit("training.run")],
    responses=responses(401, 403, 404, 409, 413, 422, 503),
)
async def record_attendance(
    services: ServicesDep, actor: ActorDep, key: KeyDep, class_id: str, attendance: RecordAttendance
) -> ClassView:
    """Who was there on a day; a second record of the day replaces the first."""
    return await services.training.command(actor, class_id, attendance, key)


@router.post(
    "/{class_id}/complete",
    dependencies=[permit("training.run")],
    responses=responses(401, 403, 404, 409, 413, 422, 503),
)
async def complete_class(
    services: ServicesDep, actor: ActorDep, key: KeyDep, class_id: str, completion: CompleteClass
) -> ClassView:
    """End the class: each case is told that it completed, or failed for attendance."""
    return await services.training.command(actor, class_id, completion, key)


@router.post(
    "/{class_id}/cancel",
    dependencies=[permit("training.run")],
    responses=responses(401, 403, 404, 409, 413, 422, 503),
)
async def cancel_class(
    services: ServicesDep, actor: ActorDep, key: KeyDep, class_id: str, cancellation: CancelClass
) -> ClassView:
    """The class does not take place; each enrolment is withdrawn with the reason."""
    return await services.training.command(actor, class_id, cancellation, key)
