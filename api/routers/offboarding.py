"""Offboarding: all cases of a leaver are moved."""

from fastapi import APIRouter

from api.audited import Audited
from api.deps import ActorDep, ServicesDep
from api.permits import permit
from api.problems import responses
from services.offboarding import OffboardingDraft, OffboardingView

router = APIRouter(route_class=Audited, tags=["office"])


@router.post(
    "/staff/{staff_id}/offboarding",
    dependencies=[permit("staff.offboard")],
    status_code=202,
    responses=responses(401, 403, 404, 413, 422, 503),
)
async def start_offboarding(
    services: ServicesDep, actor: ActorDep, staff_id: str, draft: OffboardingDraft
) -> OffboardingView:
    """Move every open case of a leaver, to the successor or to the best by the rules; asked for again, it
    takes up what is left."""
    return await services.offboardings.start(actor, staff_id, draft)


@router.get(
    "/staff/{staff_id}/offboarding",
    dependencies=[permit("staff.offboard")],
    responses=responses(401, 403, 404, 503),
)
def read_offboarding(services: ServicesDep, actor: ActorDep, staff_id: str) -> OffboardingView:
    """How far it is, and what is left with the leaver now."""
    return services.offboardings.view(actor, staff_id)
