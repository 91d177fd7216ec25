"""Departments and staff."""

from typing import Annotated

from fastapi import APIRouter, Body, Query

from api.audited import Audited
from api.deps import ActorDep, CursorQuery, LimitQuery, ServicesDep
from api.examples import DEPARTMENT_EXAMPLES, STAFF_EXAMPLES
from api.permits import permit
from api.problems import responses
from models.case.kernel import Role
from models.views.page import Page
from services.office import (
    DepartmentChange,
    DepartmentDraft,
    DepartmentView,
    StaffChange,
    StaffDraft,
    StaffView,
)

router = APIRouter(route_class=Audited, tags=["office"])


@router.get("/departments", dependencies=[permit("office.read")], responses=responses(401, 403, 503))
def list_departments(
    services: ServicesDep, actor: ActorDep, cursor: CursorQuery = None, limit: LimitQuery = 100
) -> Page[DepartmentView]:
    """The departments of the school."""
    return services.office.departments(actor.school_id, cursor=cursor, limit=limit)


@router.post(
    "/departments",
    dependencies=[permit("office.change")],
    status_code=201,
    responses=responses(401, 403, 409, 413, 422, 503),
)
def add_department(
    services: ServicesDep,
    actor: ActorDep,
    draft: Annotated[DepartmentDraft, Body(openapi_examples=DEPARTMENT_EXAMPLES)],
) -> DepartmentView:
    """Add a department."""
    return services.office.add_department(actor, draft)


@router.patch(
    "/departments/{department_id}",
    dependencies=[permit("office.change")],
    responses=responses(401, 403, 404, 409, 413, 422, 503),
)
def change_department(
    services: ServicesDep, actor: ActorDep, department_id: str, change: DepartmentChange
) -> DepartmentView:
    """Rename a department."""
    return services.office.change_department(actor, department_id, change)


@router.get("/staff", dependencies=[permit("staff.read")], responses=responses(401, 403, 503))
def list_staff(
    services: ServicesDep,
    actor: ActorDep,
    role: Annotated[Role | None, Query()] = None,
    department: Annotated[str | None, Query(max_length=100)] = None,
    cursor: CursorQuery = None,
    limit: LimitQuery = 100,
) -> Page[StaffView]:
    """The staff of the school with capacity and load."""
    return services.office.staff(actor, role=role, department=department, cursor=cursor, limit=limit)


@router.get("/names", dependencies=[permit("staff.names")], responses=responses(401, 403, 422, 503))
def read_names(
    services: ServicesDep,
    actor: ActorDep,
    ids: Annotated[list[str], Query(min_length=1, max_length=200, description="Staff, department ids")],
) -> dict[str, str]:
    """What the staff, partners and departments of the school are called, by id; unknown ones are left out."""
    return services.office.names(actor.school_id, ids)


@router.post(
    "/staff",
    dependencies=[permit("staff.add")],
    status_code=201,
    responses=responses(401, 403, 409, 413, 422, 503),
)
def add_staff(
    services: ServicesDep,
    actor: ActorDep,
    draft: Annotated[StaffDraft, Body(openapi_examples=STAFF_EXAMPLES)],
) -> StaffView:
    """Add a member of staff, or a partner."""
    return services.office.add_staff(actor, draft)


@router.patch(
    "/staff/{staff_id}",
    dependencies=[permit("staff.change")],
    responses=responses(401, 403, 404, 409, 413, 422, 503),
)
def change_staff(services: ServicesDep, actor: ActorDep, staff_id: str, change: StaffChange) -> StaffView:
    """Change a member of staff: capacity, absence, post, channels."""
    return services.office.change_staff(actor, staff_id, change)
