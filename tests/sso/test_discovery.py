"""What the OpenID provider publishes: read, kept while it is away, and looked at before it is believed."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.product import free_port
from tests.security.serving import served
from tests.sso.browser import Browser, code_of
from tests.sso.conftest import School, zhuhang

START = "/api/v1/auth/oidc/start"


async def returned(browser: Browser) -> str:
    """The address with which the provider sends the browser back after a member of staff has signed on there."""
    return await browser.identify(await browser.begin("oidc"), login="zhang", password="any")  # noqa: S106


async def test_a_provider_that_is_away_for_a_while(school: School) -> None:
    """What it publishes is known; only who signs on just then has to try again."""
    async with school.browser() as browser:
        back = await returned(browser)
        await school.openid.stop()
        try:
            answer = await browser.get(back)
            assert code_of(answer) == (503, "identity_provider_unavailable")
            assert answer.headers["retry-after"]
            assert await browser.begin("oidc")
        finally:
            await school.openid.start()
        # It has new keys now, which are read when they are met.
        assert (await browser.get(await returned(browser))).status_code == 303
        assert await browser.who() == "mentor-1"


async def test_a_provider_that_never_answered(school: School) -> None:
    port = free_port()
    known = {"oidc_client_id", "oidc_client_secret_file", "oidc_staff_claim"}
    fields = school.settings.model_dump(include=known) | {"oidc_issuer": f"http://127.0.0.1:{free_port()}"}
    async with zhuhang(school.product, port, **fields), Browser(f"http://127.0.0.1:{port}") as browser:
        answer = await browser.get(START)
        assert code_of(answer) == (503, "identity_provider_unavailable")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 303),
        ({"issuer": "https://evil.example"}, 503),
        ({"token_endpoint": "http://login.example.edu/token"}, 503),
        ({"userinfo_endpoint": "file:///etc/passwd"}, 503),
        ({"authorization_endpoint": "javascript:alert(1)"}, 503),
        ({"end_session_endpoint": "javascript:alert(1)"}, 503),
        ({"jwks_uri": None}, 503),
        ({"token_endpoint": ["https://login.example.edu"]}, 503),
    ],
    ids=str,
)
async def test_what_the_provider_publishes_is_looked_at(
    school: School, change: dict[str, Any], status: int
) -> None:
    async def configuration(request: Request) -> JSONResponse:
        issuer = f"http://{request.headers['host']}"
        async with httpx.AsyncClient(trust_env=False) as http:
            true = (await http.get(f"{school.issuer}/.well-known/openid-configuration")).json()
        # Its keys are served here as well: the true provider is another server.
        return JSONResponse(true | {"issuer": issuer, "jwks_uri": f"{issuer}/jwks"} | change)

    async def keys(_: Request) -> JSONResponse:
        async with httpx.AsyncClient(trust_env=False) as http:
            return JSONResponse((await http.get(f"{school.issuer}/jwks")).json())

    provider = Starlette(
        routes=[Route("/.well-known/openid-configuration", configuration), Route("/jwks", keys)]
    )
    port = free_port()
    known = {"oidc_client_id", "oidc_client_secret_file", "oidc_staff_claim"}
    async with served(provider) as (host, provider_port):
        fields = school.settings.model_dump(include=known) | {"oidc_issuer": f"http://{host}:{provider_port}"}
        async with zhuhang(school.product, port, **fields), Browser(f"http://127.0.0.1:{port}") as browser:
            assert (await browser.get(START)).status_code == status
