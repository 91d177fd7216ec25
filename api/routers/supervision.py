"""What supervisors see: numbers, load and lateness; never a rate per counselor."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.audited import Audited
from api.deps import ActorDep, CursorQuery, LimitQuery, NowDep, ServicesDep
from api.permits import permit
from api.problems import responses
from models.policy import ClockName, RungName
from models.views.page import Page
from models.views.supervision import (
    Campaigns,
    Caseload,
    OverdueEntry,
    Overview,
    OverviewFilter,
    Rebalance,
    Trends,
)
from services.school_day import date_of

router = APIRouter(route_class=Audited, prefix="/supervision", tags=["supervision"])

DepartmentQuery = Annotated[str | None, Query(max_length=100)]


@router.get(
    "/overview", dependencies=[permit("supervision.overview")], responses=responses(401, 403, 422, 503)
)
def read_overview(
    services: ServicesDep,
    actor: ActorDep,
    now: NowDep,
    wanted: Annotated[OverviewFilter, Query()],
) -> Overview:
    """Stages by department, the funnel, unassigned, overdue by rung, service packages, hardship types, referral loops,
    destinations, follow-up after leaving school."""
    return services.overviews.overview(actor, now, wanted)


@router.get(
    "/campaigns", dependencies=[permit("supervision.overview")], responses=responses(401, 403, 422, 503)
)
def read_campaigns(
    services: ServicesDep, actor: ActorDep, cohort: Annotated[int, Query(ge=2000, le=2100)]
) -> Campaigns:
    """What was done for a cohort in each campaign of its last year."""
    return services.campaigns.campaigns(actor, cohort=cohort)


@router.get("/trends", dependencies=[permit("supervision.read")], responses=responses(401, 403, 422, 503))
def read_trends(
    services: ServicesDep,
    actor: ActorDep,
    now: NowDep,
    weeks: Annotated[int, Query(ge=1, le=104)] = 12,
    department: DepartmentQuery = None,
) -> Trends:
    """The figures of the overview week by week, as they were counted once a day."""
    return services.trends.trends(actor, now, weeks=weeks, department=department)


@router.get("/caseload", dependencies=[permit("supervision.read")], responses=responses(401, 403, 422, 503))
def list_caseload(
    services: ServicesDep,
    actor: ActorDep,
    now: NowDep,
    department: DepartmentQuery = None,
    uncovered: Annotated[
        bool | None, Query(description="Only those who are away with nobody standing in, or only the others.")
    ] = None,
    cursor: CursorQuery = None,
    limit: LimitQuery = 100,
) -> Page[Caseload]:
    """Mentors with their load against their capacity, and whether they are away uncovered."""
    return services.supervision.caseload(
        actor, now, department=department, uncovered=uncovered, cursor=cursor, limit=limit
    )


@router.get("/rebalance", dependencies=[permit("supervision.read")], responses=responses(401, 403, 422, 503))
def suggest_rebalance(
    services: ServicesDep, actor: ActorDep, now: NowDep, department: DepartmentQuery = None
) -> Rebalance:
    """Cases of mentors with too many, or away with nobody standing in, that a colleague of the department could
    take, by the rules of pairing. Nothing moves by itself: `assign_mentor` does it."""
    return services.rebalancer.suggest(actor, date_of(now), department=department)


@router.get("/overdue", dependencies=[permit("supervision.read")], responses=responses(401, 403, 422, 503))
def list_overdue(
    services: ServicesDep,
    actor: ActorDep,
    now: NowDep,
    rung: RungName | None = None,
    clock: ClockName | None = None,
    department: DepartmentQuery = None,
    cursor: CursorQuery = None,
    limit: LimitQuery = 50,
) -> Page[OverdueEntry]:
    """What is overdue, the longest first; by the last rung reached, or by what is due."""
    return services.supervision.overdue(
        actor, now, rung=rung, clock=clock, department=department, cursor=cursor, limit=limit
    )
