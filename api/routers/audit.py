"""The audit, for those who supervise, and who had access to a file, for the graduate."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.audited import Audited
from api.deps import ActorDep, CursorQuery, LimitQuery, ServicesDep
from api.permits import permit
from api.problems import responses
from models.views.audit import AccessLine, AuditFilter, AuditLine
from models.views.page import Page

router = APIRouter(route_class=Audited, tags=["audit"])


@router.get("/audit", dependencies=[permit("audit.read")], responses=responses(422))
def list_audit(
    services: ServicesDep, actor: ActorDep, wanted: Annotated[AuditFilter, Query()]
) -> Page[AuditLine]:
    """Who did what, the newest first: as school supervisor in the school, as administrator what concerns accounts,
    sign-on and administration."""
    services.audit.settle()
    return services.audit_reader.page(actor, wanted)


@router.get(
    "/cases/{case_id}/access-log",
    dependencies=[permit("access_log.read")],
    responses=responses(404, 410, 422),
)
def read_access_log(
    services: ServicesDep, actor: ActorDep, case_id: str, cursor: CursorQuery = None, limit: LimitQuery = 50
) -> Page[AccessLine]:
    """Who had access to this file, when and what for; the newest first."""
    services.ledger.plain(actor, case_id)
    services.audit.settle()
    return services.audit_reader.accesses(actor, case_id, cursor=cursor, limit=limit)
