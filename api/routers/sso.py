"""Signing on at the school's own provider: the browser is sent there and comes back with its answer."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse

from api.browser import cookie_name, set_cookie
from api.browser_page import BrowserRoute
from api.deps import NowDep, ServicesDep, address_of
from api.limits import limits_of
from api.permits import public
from api.problems import responses
from services.assembly import Services
from services.rate_limits import network_of
from services.sign_on.sign_on import Place
from services.sso.addresses import own_path
from services.sso.pending import PENDING_SECONDS, Way
from services.sso.sign_on import Answer, ProviderView

router = APIRouter(tags=["sign-on"], route_class=BrowserRoute)

_COOKIE = "zhuhang_sso"
_COOKIE_PATH = "/api/v1/auth"
_FOUND = {303: {"description": "The browser goes on elsewhere"}}

ReturnTo = Annotated[
    str, Query(max_length=500, description="Page of Zhuhang to go on with; anything else becomes `/`.")
]
# Longer than any provider's; what is longer proves nothing.
FromProvider = Annotated[str | None, Query(max_length=4000)]


@router.get("/auth/providers", dependencies=[public()])
async def sign_on_providers(services: ServicesDep) -> list[ProviderView]:
    """The ways to sign on that this installation offers."""
    return services.sso.providers()


@router.get(
    "/auth/oidc/start",
    dependencies=[public()],
    status_code=303,
    response_class=RedirectResponse,
    responses=_FOUND | responses(404),
)
async def start_oidc(request: Request, services: ServicesDep, return_to: ReturnTo = "/") -> RedirectResponse:
    """Begin to sign on with OpenID Connect: the browser goes to the provider."""
    return await _start(request, services, "oidc", return_to)


@router.get(
    "/auth/oidc/callback",
    dependencies=[public()],
    status_code=303,
    response_class=RedirectResponse,
    responses=_FOUND | responses(400, 404),
)
async def finish_oidc(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    state: FromProvider = None,
    code: FromProvider = None,
    iss: FromProvider = None,
) -> RedirectResponse:
    """The browser comes back from the OpenID provider."""
    answer = Answer(request.cookies.get(_COOKIE), state, code or "", iss)
    return await _finish(request, services, "oidc", answer, now)


@router.get(
    "/auth/cas/start",
    dependencies=[public()],
    status_code=303,
    response_class=RedirectResponse,
    responses=_FOUND | responses(404),
)
async def start_cas(request: Request, services: ServicesDep, return_to: ReturnTo = "/") -> RedirectResponse:
    """Begin to sign on with CAS: the browser goes to the CAS server."""
    return await _start(request, services, "cas", return_to)


@router.get(
    "/auth/cas/callback",
    dependencies=[public()],
    status_code=303,
    response_class=RedirectResponse,
    responses=_FOUND | responses(400, 404),
)
async def finish_cas(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    state: FromProvider = None,
    ticket: FromProvider = None,
) -> RedirectResponse:
    """The browser comes back from the CAS server."""
    answer = Answer(request.cookies.get(_COOKIE), state, ticket or "")
    return await _finish(request, services, "cas", answer, now)


@router.post("/auth/cas/callback", dependencies=[public()], status_code=204, responses=responses(404, 413))
async def end_cas(
    services: ServicesDep,
    now: NowDep,
    logout_request: Annotated[str, Form(alias="logoutRequest", max_length=20_000)],
) -> None:
    """Single sign-out: the CAS server itself tells which of its tickets has ended."""
    await to_thread.run_sync(services.sso.end_cas, logout_request, now)


async def _start(request: Request, services: Services, way: Way, return_to: str) -> RedirectResponse:
    await _count(request)
    url, sealed = await services.sso.begin(way, own_path(return_to))
    response = RedirectResponse(url, 303)
    # Lax: it has to come along when the provider sends the browser back.
    response.set_cookie(
        _COOKIE,
        sealed,
        max_age=PENDING_SECONDS,
        path=_COOKIE_PATH,
        secure=services.settings.public_url.startswith("https://"),
        httponly=True,
        samesite="lax",
    )
    return response


async def _finish(
    request: Request, services: Services, way: Way, answer: Answer, now: NowDep
) -> RedirectResponse:
    await _count(request)
    place = Place(address_of(request), request.headers.get("user-agent", ""))
    granted, then = await services.sso.finish(way, answer, place, now)
    # The browser's session before, if any, was of another person or of less.
    if old := request.cookies.get(cookie_name(services.settings)):
        await to_thread.run_sync(services.sign_on.sessions.end, old, now)
    response = RedirectResponse(then, 303)
    response.delete_cookie(_COOKIE, path=_COOKIE_PATH)
    set_cookie(response, services.settings, granted, now)
    return response


async def _count(request: Request) -> None:
    await limits_of(request).hit("sign_on_address", network_of(address_of(request)))
