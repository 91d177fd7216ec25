"""Retention, legal holds and certificates of erasure, for the career centre."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.audited import Audited
from api.deps import ActorDep, CursorQuery, LimitQuery, ServicesDep
from api.permits import permit
from api.problems import responses
from models.case.kernel import Moment
from models.views.erasure import CertificateView, ErasureLine, RetentionLine
from models.views.page import Page
from services.certificate_text import certificate_html

router = APIRouter(route_class=Audited, tags=["erasures"])


@router.get("/retention", dependencies=[permit("erasure.read")], responses=responses(401, 403, 422, 503))
def list_retention(
    services: ServicesDep,
    actor: ActorDep,
    before: Annotated[Moment | None, Query(description="Only those whose time ends before this.")] = None,
    held: Annotated[
        bool, Query(description="Those under a legal hold, instead of those to be erased.")
    ] = False,
    cursor: CursorQuery = None,
    limit: LimitQuery = 50,
) -> Page[RetentionLine]:
    """Files that are only kept, those whose time ends first at the top."""
    return services.erasures.retention(actor, before=before, held=held, cursor=cursor, limit=limit)


@router.get("/erasures", dependencies=[permit("erasure.read")], responses=responses(401, 403, 422, 503))
def list_erasures(
    services: ServicesDep, actor: ActorDep, cursor: CursorQuery = None, limit: LimitQuery = 50
) -> Page[ErasureLine]:
    """Files that were erased, the latest first."""
    return services.erasures.erasures(actor, cursor=cursor, limit=limit)


@router.get(
    "/erasures/{number}",
    dependencies=[permit("erasure.read")],
    responses=responses(401, 403, 404, 503),
)
def read_erasure(services: ServicesDep, actor: ActorDep, number: str) -> CertificateView:
    """The certificate of an erasure."""
    return services.erasures.certificate(actor, number)


@router.get(
    "/erasures/{number}/print",
    response_class=Response,
    dependencies=[permit("erasure.read")],
    responses=responses(401, 403, 404, 503) | {200: {"content": {"text/html": {}}}},
)
def print_erasure(services: ServicesDep, actor: ActorDep, number: str) -> HTMLResponse:
    """The certificate in Chinese and English, to print and hand over."""
    certificate = services.erasures.certificate(actor, number)
    return HTMLResponse(certificate_html(certificate, services.settings.school_name))
