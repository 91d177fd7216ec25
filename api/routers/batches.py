"""Batches: one command for many cases (批量办理)."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from fastapi.concurrency import run_in_threadpool

from api.audited import Audited
from api.deps import ActorDep, CallerDep, CursorQuery, KeyDep, LimitQuery, NowDep, ServicesDep
from api.examples import BATCH_EXAMPLES
from api.permits import permit
from api.problems import responses
from models.audit import Outcome
from models.views.batch import BatchAccepted, BatchDraft, BatchOutcome, BatchRow, BatchView
from models.views.page import Page
from services.assembly import Services
from services.batches import Judged
from services.caller import Caller

router = APIRouter(route_class=Audited, prefix="/batches", tags=["batches"])


@router.post(
    "",
    status_code=202,
    dependencies=[permit("case.command")],
    responses=responses(401, 403, 413, 422, 503),
)
async def begin_batch(
    services: ServicesDep,
    caller: CallerDep,
    now: NowDep,
    key: KeyDep,
    draft: Annotated[BatchDraft, Body(openapi_examples=BATCH_EXAMPLES)],
    response: Response,
) -> BatchAccepted:
    """Give one command to many cases. Each case judges it by itself, as if it had been given alone; cases that one may
    not read are answered `case_unknown`. The same Idempotency-Key answers the same batch.
    """
    judged = await run_in_threadpool(services.batches.judge, caller.actor, draft)
    await run_in_threadpool(_record, services, caller, key, draft, judged)
    accepted = await run_in_threadpool(services.batches.accept, caller.actor, key, draft, judged, now)
    await services.batches.start(accepted.id)
    response.headers["Location"] = f"/api/v1/batches/{accepted.id}"
    return accepted


@router.get("", dependencies=[permit("case.command")], responses=responses(401, 403, 422, 503))
def list_batches(
    services: ServicesDep, actor: ActorDep, cursor: CursorQuery = None, limit: LimitQuery = 50
) -> Page[BatchView]:
    """One's own batches, the newest first."""
    return services.batches.page(actor, cursor=cursor, limit=limit)


@router.get("/{batch_id}", dependencies=[permit("case.command")], responses=responses(401, 403, 404, 503))
def read_batch(services: ServicesDep, actor: ActorDep, batch_id: str) -> BatchView:
    """One's own batch; its counts grow while it runs."""
    return services.batches.get(actor, batch_id)


@router.get(
    "/{batch_id}/rows",
    dependencies=[permit("case.command")],
    responses=responses(401, 403, 404, 410, 422, 503),
)
def read_batch_rows(
    services: ServicesDep,
    actor: ActorDep,
    batch_id: str,
    outcome: Annotated[BatchOutcome | None, Query()] = None,
    cursor: CursorQuery = None,
    limit: LimitQuery = 100,
) -> Page[BatchRow]:
    """What became of the command in each case, in the order in which they were named."""
    return services.batches.rows(actor, batch_id, outcome=outcome, cursor=cursor, limit=limit)


def _record(services: Services, caller: Caller, key: str, draft: BatchDraft, judged: Judged) -> None:
    audit = services.audit
    detail = {"types": [draft.command.type], "cases": len(judged.case_ids), "key": audit.digest(key)}
    audit.record_now(caller, "batch.begin", outcome="begun", detail=detail)
    known = [case_id for case_id in judged.case_ids if case_id in judged.readable]
    others = [case_id for case_id in judged.case_ids if case_id not in judged.readable]
    audit.record_cases(caller, "batch.case", known, outcome=Outcome.BEGUN)
    audit.record_cases(caller, "batch.case", others, outcome=Outcome.REFUSED, code="case_unknown")
