"""What routes depend on: the use cases, the actor, the clock, the command headers."""

import ipaddress
import uuid
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool

from models.case.kernel import Actor
from models.first_actors import SETUP_ACTOR
from services.assembly import Services
from services.caller import Caller
from services.errors import BadVersion, NotThisMachine

_PROXY_HEADERS = frozenset({"forwarded", "via", "x-forwarded-for", "x-real-ip"})


def services_of(request: Request) -> Services:
    """The use cases of this process."""
    return request.app.state.services


ServicesDep = Annotated[Services, Depends(services_of)]


async def acting(
    request: Request,
    services: ServicesDep,
    x_zhuhang_actor: Annotated[
        str | None,
        Header(
            max_length=200,
            description="Staff id of who acts, or `graduate:<case_id>`. Taken from this machine only. "
            "Without it the request acts as the setup administrator, who sees no case.",
        ),
    ] = None,
) -> Actor:
    """Who acts. This is the one place that sign-on will replace."""
    if not _on_loopback(request):
        raise NotThisMachine
    actor_id = x_zhuhang_actor or SETUP_ACTOR
    await request.app.state.limits.hit("account", actor_id)
    # A known actor is answered from memory; only an unknown one takes a thread for the database.
    known = services.actors.known(actor_id)
    return known or await run_in_threadpool(services.actors.find, actor_id)


def _on_loopback(request: Request) -> bool:
    """Whether a person at this machine asks: over loopback, through no proxy, and by a name that no web page
    of others can have (a page may point a name of its own here, and its scripts ask in the person's browser)."""
    if request.client is None or _PROXY_HEADERS & set(request.headers):
        return False
    host = request.url.hostname or ""
    return _is_loopback(request.client.host) and (host == "localhost" or _is_loopback(host))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def idempotency_key(
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


def expected_version(
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


def calling(request: Request, actor: Annotated[Actor, Depends(acting)]) -> Caller:
    """Who asks, with where from."""
    return Caller(actor=actor, how="command_line", address=request.client.host if request.client else "")


ActorDep = Annotated[Actor, Depends(acting)]
CallerDep = Annotated[Caller, Depends(calling)]
NowDep = Annotated[datetime, Depends(now)]
KeyDep = Annotated[str, Depends(idempotency_key)]
VersionDep = Annotated[int | None, Depends(expected_version)]
CursorQuery = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")]
LimitQuery = Annotated[int, Query(ge=1, le=200)]
