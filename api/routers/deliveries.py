"""What became of the messages that left the product, and one's own channel for them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.audited import Audited
from api.deps import ActorDep, CursorQuery, LimitQuery, ServicesDep
from api.permits import permit
from api.problems import responses
from models.views.page import Page
from services.messages import DeliveryView
from services.my_channel import MyChannelChange, MyChannelView

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


@router.get("/staff/me/channel", dependencies=[permit("channel.own")], responses=responses(401, 403, 503))
def read_channel(services: ServicesDep, actor: ActorDep) -> MyChannelView:
    """On which channels messages reach oneself."""
    return services.my_channels.read(actor)


@router.put(
    "/staff/me/channel", dependencies=[permit("channel.own")], responses=responses(401, 403, 413, 422, 503)
)
def change_channel(services: ServicesDep, actor: ActorDep, change: MyChannelChange) -> MyChannelView:
    """Name a channel of one's own, or have none."""
    return services.my_channels.change(actor, change)


@router.post(
    "/staff/me/channel/test", dependencies=[permit("channel.own")], responses=responses(401, 403, 409, 503)
)
def test_channel(services: ServicesDep, actor: ActorDep) -> list[DeliveryView]:
    """Send oneself a message over each channel, and hear at once what became of it."""
    return services.my_channels.test(actor)
