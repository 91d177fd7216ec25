"""Beyond one's own rows, for a time: standing in for somebody, and break-glass."""

from datetime import datetime

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from api.audited import Audited
from api.deps import ActorDep, CallerDep, CursorQuery, LimitQuery, NowDep, ServicesDep
from api.permits import permit
from api.problems import responses
from models.audit import Outcome
from models.views.page import Page
from services.assembly import Services
from services.break_glass import BreakGlassByNumber, BreakGlassDraft, BreakGlassView
from services.caller import Caller
from services.delegations import DelegationDraft, DelegationView

router = APIRouter(route_class=Audited, tags=["access"])


@router.get("/delegations", dependencies=[permit("delegation.own")], responses=responses(422))
def list_delegations(
    services: ServicesDep, actor: ActorDep, cursor: CursorQuery = None, limit: LimitQuery = 50
) -> Page[DelegationView]:
    """One's own, and as supervisor those of one's people."""
    return services.delegations.page(actor, cursor=cursor, limit=limit)


@router.post(
    "/delegations",
    dependencies=[permit("delegation.own")],
    status_code=201,
    responses=responses(404, 413, 422),
)
def give_delegation(services: ServicesDep, actor: ActorDep, draft: DelegationDraft) -> DelegationView:
    """Have a colleague stand in as mentor until a date: for oneself, or as supervisor for one of one's people."""
    view = services.delegations.give(actor, draft)
    services.forget(view.to_id)
    return view


@router.delete(
    "/delegations/{delegation_id}", dependencies=[permit("delegation.own")], responses=responses(404)
)
def revoke_delegation(services: ServicesDep, actor: ActorDep, delegation_id: str) -> DelegationView:
    """End a delegation at once."""
    view = services.delegations.revoke(actor, delegation_id)
    services.forget(view.to_id)
    return view


@router.get("/break-glass", dependencies=[permit("break_glass.read")], responses=responses(422))
def list_break_glass(
    services: ServicesDep, actor: ActorDep, now: NowDep, cursor: CursorQuery = None, limit: LimitQuery = 50
) -> Page[BreakGlassView]:
    """Emergency openings: one's own, and as supervisor those of the files that one supervises."""
    return services.break_glass.page(actor, cursor=cursor, limit=limit, now=now)


@router.post(
    "/cases/{case_id}/break-glass",
    dependencies=[permit("case.break_glass")],
    status_code=201,
    responses=responses(404, 409, 413, 422),
)
async def break_glass(
    services: ServicesDep, caller: CallerDep, now: NowDep, case_id: str, draft: BreakGlassDraft
) -> BreakGlassView:
    """Read a file of the school that is not one's own, for some hours. Its supervisors are told at once."""
    return await _open(services, caller, now, case_id, draft)


@router.post(
    "/break-glass",
    dependencies=[permit("case.break_glass")],
    status_code=201,
    responses=responses(404, 409, 413, 422),
)
async def break_glass_by_number(
    services: ServicesDep, caller: CallerDep, now: NowDep, draft: BreakGlassByNumber
) -> BreakGlassView:
    """The same, where only the student number is known."""
    case_id = await run_in_threadpool(services.break_glass.case_of, caller.actor, draft.student_no)
    return await _open(services, caller, now, case_id, draft)


async def _open(
    services: Services, caller: Caller, now: datetime, case_id: str, draft: BreakGlassDraft
) -> BreakGlassView:
    act, actor = "case.break_glass", caller.actor
    # Written before the file is open, and whether it will be or not.
    begun = Outcome.BEGUN
    await services.audit.record(caller, act, case_id=case_id, purpose=draft.purpose, outcome=begun)
    view = await run_in_threadpool(services.break_glass.open, actor, case_id, draft, now)
    services.forget(actor.id)
    return view


@router.delete(
    "/break-glass/{break_glass_id}", dependencies=[permit("break_glass.read")], responses=responses(404)
)
def revoke_break_glass(
    services: ServicesDep, actor: ActorDep, now: NowDep, break_glass_id: str
) -> BreakGlassView:
    """End an emergency opening at once."""
    view = services.break_glass.revoke(actor, break_glass_id, now)
    services.forget(view.actor_id)
    return view
