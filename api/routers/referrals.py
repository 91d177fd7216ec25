"""Referrals: a partner's worklist, and those of the cases that staff may read."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.audited import Audited
from api.deps import CallerDep, CursorQuery, LimitQuery, ServicesDep
from api.permits import permit
from api.problems import responses
from models.case.referral import Status
from models.views.page import Page
from models.views.referral import ReferralEntry

router = APIRouter(route_class=Audited, tags=["referrals"])


@router.get("/referrals", dependencies=[permit("referral.read")], responses=responses(401, 403, 422, 503))
def list_referrals(
    services: ServicesDep,
    caller: CallerDep,
    status: Annotated[Status | None, Query()] = None,
    cursor: CursorQuery = None,
    limit: LimitQuery = 50,
) -> Page[ReferralEntry]:
    """To a partner what was sent to them, while it is open, with the disclosed fields only."""
    page = services.referrals.referrals(caller.actor, status=status, cursor=cursor, limit=limit)
    services.audit.record_cases(caller, "referral.read", sorted({item.case_id for item in page.items}))
    return page
