"""What waits for a supervisor's decision."""

from fastapi import APIRouter

from api.audited import Audited
from api.deps import ActorDep, CursorQuery, LimitQuery, NowDep, ServicesDep
from api.permits import permit
from api.problems import responses
from models.case.approvals import ApprovalClock
from models.views.approvals import Approval
from models.views.page import Page

router = APIRouter(route_class=Audited, tags=["supervision"])


@router.get("/approvals", dependencies=[permit("supervision.read")], responses=responses(401, 403, 422, 503))
def list_approvals(
    services: ServicesDep,
    actor: ActorDep,
    now: NowDep,
    clock: ApprovalClock | None = None,
    cursor: CursorQuery = None,
    limit: LimitQuery = 50,
) -> Page[Approval]:
    """Plans, closures, destinations, erasures, objections and transfers that wait for one's decision, the earliest
    due first."""
    return services.approvals.waiting(actor, now, clock=clock, cursor=cursor, limit=limit)
