"""What routes depend on: the use cases, who asks, the clock, the command headers."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Query, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.browser import check_page, cookie_name
from models.case.kernel import Actor
from services.assembly import Services
from services.caller import Caller
from services.errors import BadVersion, SignOnRequired, case_unknown
from services.sign_on.credentials import Recognised
from services.sign_on.errors import first
from services.vault import CASE_PREFIX

_BEARER = HTTPBearer(auto_error=False, description="A session (`zhs_…`) or an API token (`zhu_…`).")
_LONGEST_CASE_ID = 100


@dataclass(frozen=True)
class Signed:
    """A request whose credential counts. `secret` is the credential itself."""

    who: Recognised
    caller: Caller
    secret: str
    by_cookie: bool


async def services_of(request: Request) -> Services:
    """The use cases of this process."""
    return request.app.state.services


ServicesDep = Annotated[Services, Depends(services_of)]


async def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


NowDep = Annotated[datetime, Depends(now)]


async def recognised(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
) -> Signed:
    """Whose session or token it is, whatever it may do. Raises SignOnRequired, Forbidden (see `check_page`)."""
    cookie = (
        None if "authorization" in request.headers else request.cookies.get(cookie_name(services.settings))
    )
    secret = bearer.credentials if bearer is not None else cookie
    if secret is None:
        raise SignOnRequired
    credentials = services.sign_on.credentials
    # Who asked a moment ago is answered from memory; only others take a thread for the database.
    found = credentials.known(secret, now) or await run_in_threadpool(credentials.find, secret, now)
    # The audit names who asked also where the request is refused.
    request.state.caller = caller = Caller(
        actor=found.actor,
        how=found.how,
        address=address_of(request),
        credential_id=found.credential_id,
        permissions=found.permissions,
    )
    await request.app.state.limits.hit("account", found.actor.id)
    if cookie is not None:
        check_page(request, services.settings, secret)
    return Signed(found, caller, secret, by_cookie=cookie is not None)


SignedDep = Annotated[Signed, Depends(recognised)]


async def calling(signed: SignedDep) -> Caller:
    """Who asks, and from where. Raises SignOnRequired, and Forbidden (`password_change_required`,
    `totp_enrolment_required`, `totp_confirmation_required`) where something has to be done first."""
    if signed.who.must is not None:
        raise first(signed.who.must)
    return signed.caller


CallerDep = Annotated[Caller, Depends(calling)]


async def acting(caller: CallerDep) -> Actor:
    """Who acts."""
    return caller.actor


def address_of(request: Request) -> str:
    """The network address of who asks."""
    return request.client.host if request.client else ""


ActorDep = Annotated[Actor, Depends(acting)]


async def idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="Send the same key again to be sure of an act without doing it twice.",
        ),
    ] = None,
) -> str:
    """The key of the request, a fresh one where none is given."""
    return idempotency_key or str(uuid.uuid4())


async def expected_version(
    if_match: Annotated[
        str | None,
        Header(description='The version that you saw, as `"7"`; a later one is answered with 412.'),
    ] = None,
) -> int | None:
    """The version in If-Match; None where any will do. Raises BadVersion (`if_match_invalid`)."""
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadVersion
    return int(text)


async def acted_on(case_id: str) -> str:
    """The case that is acted on. A workflow of its id is asked at once: no other kind may be reached by it.

    Raises NotFound (`case_unknown`).
    """
    if not case_id.startswith(CASE_PREFIX) or len(case_id) > _LONGEST_CASE_ID:
        raise case_unknown()
    return case_id


KeyDep = Annotated[str, Depends(idempotency_key)]
ActedOnDep = Annotated[str, Depends(acted_on)]
VersionDep = Annotated[int | None, Depends(expected_version)]
CursorQuery = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")]
LimitQuery = Annotated[int, Query(ge=1, le=200)]
