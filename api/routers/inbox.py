"""The inbox: what I have to do, what others owe, what happened."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.audited import Audited
from api.deps import ActorDep, CursorQuery, LimitQuery, NowDep, ServicesDep
from api.permits import permit
from api.problems import responses
from models.views.inbox import Inbox, Section
from services.inbox import InboxWish

router = APIRouter(route_class=Audited, tags=["inbox"])


@router.get("/inbox", dependencies=[permit("inbox.read")], responses=responses(401, 422, 503))
def read_inbox(
    services: ServicesDep,
    actor: ActorDep,
    now: NowDep,
    section: Annotated[Section | None, Query(description="Only this section.")] = None,
    cursor: CursorQuery = None,
    limit: LimitQuery = 50,
    days: Annotated[int, Query(ge=1, le=365, description="How far ahead `due` looks.")] = 7,
) -> Inbox:
    """Mine: due, overdue, waiting for others, notices; the first page of each, or the next of one section."""
    return services.inbox.inbox(actor, InboxWish(section, cursor, limit, days), now)
