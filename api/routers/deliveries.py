"""What became of the messages that left the product."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.audited import Audited
from api.deps import ActorDep, CursorQuery, LimitQuery, ServicesDep
from api.permits import permit
from api.problems import responses
from models.views.page import Page
from services.messages import DeliveryView

router = APIRouter(route_class=Audited, tags=["deliveries"])

DeliveryStatus = Literal["queued", "sent", "failed", "retried", "given_up"]


@router.get("/deliveries", dependencies=[permit("delivery.read")], responses=responses(401, 403, 422, 503))
def list_deliveries(
    services: ServicesDep,
    actor: ActorDep,
    status: Annotated[DeliveryStatus | None, Query()] = None,
    staff: Annotated[str | None, Query(max_length=100)] = None,
    cursor: CursorQuery = None,
    limit: LimitQuery = 50,
) -> Page[DeliveryView]:
    """The delivery records, the newest first; for school supervisors and administrators."""
    return services.deliveries.page(actor, status=status, staff_id=staff, cursor=cursor, limit=limit)
