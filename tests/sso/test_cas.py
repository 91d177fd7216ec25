"""Sign-on and single sign-out with a real CAS server, and answers of one that lies."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.product import free_port
from tests.security.serving import served
from tests.sso.browser import Browser, code_of, query_of
from tests.sso.conftest import GRADUATE_NO, School, zhuhang

CALLBACK = "/api/v1/auth/cas/callback"
REFUSED = (401, "sso_refused")
SIGNED = '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{}</cas:serviceResponse>'
SUCCESS = SIGNED.format("<cas:authenticationSuccess><cas:user>{}</cas:user></cas:authenticationSuccess>")
LOGOUT = (
    '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="1" Version="2.0" '
    'IssueInstant="2026-01-01T00:00:00Z"><samlp:SessionIndex>{}</samlp:SessionIndex></samlp:LogoutRequest>'
)


async def returned(browser: Browser, name: str, return_to: str = "/") -> str:
    """The address with which the server sends the browser back after the person has signed on there."""
    url = await browser.begin("cas", return_to)
    return await browser.identify(url, username=name, password=name)


async def end_sessions(browser: Browser, logout_request: str) -> httpx.Response:
    """What the server itself sends when one of its sessions has ended."""
    async with httpx.AsyncClient(trust_env=False) as server:
        return await server.post(browser.site + CALLBACK, data={"logoutRequest": logout_request})


async def test_a_member_of_staff_signs_on(school: School) -> None:
    async with school.browser() as browser:
        answer = await browser.get(await returned(browser, "zhang", "/inbox"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
        assert await browser.who() == "mentor-1"


async def test_a_graduate_signs_on_to_the_own_file(school: School) -> None:
    async with school.browser() as browser:
        assert (await browser.get(await returned(browser, GRADUATE_NO))).status_code == 303
        assert await browser.who() == school.graduate


@pytest.mark.parametrize("name", ["stranger", "nameless", "leaver", "posing"])
async def test_who_is_not_registered_gets_one_answer(school: School, name: str) -> None:
    async with school.browser() as browser:
        assert code_of(await browser.get(await returned(browser, name))) == (403, "not_registered")
        assert await browser.who() is None


async def test_a_role_that_needs_a_second_factor_is_asked_for_it_here(school: School) -> None:
    async with school.browser() as browser:
        await browser.get(await returned(browser, "li"))
        assert (await browser.get("/api/v1/auth/me")).json()["must"] == "enrol_totp"


async def test_a_ticket_counts_once(school: School) -> None:
    async with school.browser() as browser, school.browser() as later:
        back = await returned(browser, "zhang")
        sealed = browser.cookies["zhuhang_sso"]
        assert (await browser.get(back)).status_code == 303
        later.cookies.set("zhuhang_sso", sealed, domain="127.0.0.1")
        assert code_of(await later.get(back)) == REFUSED


async def test_a_ticket_for_another_service_is_refused(school: School) -> None:
    async with school.browser() as browser:
        service = f"{school.site}/another/service"
        other = await browser.identify(
            f"{school.cas}/login?service={service}",
            username="zhang",
            password="zhang",  # noqa: S106
        )
        state = query_of(query_of(await browser.begin("cas"))["service"])["state"]
        answer = await browser.get(f"{CALLBACK}?state={state}&ticket={query_of(other)['ticket']}")
        assert code_of(answer) == REFUSED


async def test_nobody_is_signed_on_by_a_link_that_another_one_made(school: School) -> None:
    """Login CSRF: the victim would enter what he knows into the attacker's account."""
    async with school.browser() as attacker, school.browser() as victim:
        back = await returned(attacker, "zhang")
        assert code_of(await victim.get(back)) == (400, "sso_state_invalid")
        await victim.begin("cas")
        assert code_of(await victim.get(back)) == (400, "sso_state_invalid")
        # Nor with the victim's own state: the ticket was made for the attacker's service address.
        state = query_of(query_of(await victim.begin("cas"))["service"])["state"]
        forged = f"{CALLBACK}?state={state}&ticket={query_of(back)['ticket']}"
        assert code_of(await victim.get(forged)) == REFUSED
        assert await victim.who() is None


@pytest.mark.parametrize("ticket", ["", "ST-", "PT-1-proxy", "ST-made-up", "ST-1&service=x", "ST-%00"])
async def test_what_is_no_ticket_is_refused(school: School, ticket: str) -> None:
    async with school.browser() as browser:
        state = query_of(query_of(await browser.begin("cas"))["service"])["state"]
        answer = await browser.get(f"{CALLBACK}?state={state}&ticket={ticket}")
        assert answer.status_code in (401, 422)


async def test_an_answer_meant_for_the_other_way_is_refused(school: School) -> None:
    async with school.browser() as browser:
        state = query_of(await browser.begin("oidc"))["state"]
        answer = await browser.get(f"{CALLBACK}?state={state}&ticket=ST-1")
        assert code_of(answer) == (400, "sso_state_invalid")


async def test_signing_out_at_the_server_ends_the_session_here(school: School) -> None:
    async with school.browser() as browser, school.browser() as other:
        for each in (browser, other):
            await each.get(await returned(each, "zhang"))
        assert await browser.who() == "mentor-1"
        # The server tells Zhuhang before it answers.
        assert (await browser.get(f"{school.cas}/logout")).status_code == 200
        assert await browser.who() is None
        assert await other.who() == "mentor-1"


async def test_signing_out_here_leads_to_the_server_which_ends_its_own(school: School) -> None:
    async with school.browser() as browser:
        await browser.get(await returned(browser, "zhang"))
        page = (await browser.post("/api/v1/auth/sign-off", {})).json()["provider"]
        assert await browser.who() is None
        # Until then whoever has the browser is signed on again without a word.
        assert (await browser.get(await browser.begin("cas"))).is_redirect
        gone = await browser.get(page)
        assert (gone.status_code, gone.headers["location"]) == (302, f"{school.site}/")
        assert "password" in (await browser.get(await browser.begin("cas"))).text


async def test_a_session_that_went_on_under_a_new_id_still_ends_with_its_ticket(school: School) -> None:
    async with school.browser() as browser:
        back = await returned(browser, "zhang")
        await browser.get(back)
        sessions = school.product.services.sign_on.sessions
        me = (await browser.get("/api/v1/auth/me")).json()
        granted = sessions.renew(me["credential_id"], datetime.now(UTC))
        browser.cookies.set("zhuhang_session", granted.token, domain="127.0.0.1")
        assert await browser.who() == "mentor-1"
        assert (await end_sessions(browser, LOGOUT.format(query_of(back)["ticket"]))).status_code == 204
        assert await browser.who() is None


@pytest.mark.parametrize(
    "request_text",
    [
        "",
        "no XML",
        "<a/>",
        LOGOUT.format("ST-unknown"),
        LOGOUT.format(""),
        # An entity that holds the true ticket: whoever expanded it would read other entities as well.
        '<!DOCTYPE x [<!ENTITY t "{ticket}">]>' + LOGOUT.format("&t;"),
        '<!DOCTYPE x [<!ENTITY t SYSTEM "file:///etc/passwd">]>' + LOGOUT.format("&t;{ticket}"),
    ],
)
async def test_other_requests_to_sign_out_end_nothing(school: School, request_text: str) -> None:
    async with school.browser() as browser:
        back = await returned(browser, "zhang")
        await browser.get(back)
        answer = await end_sessions(browser, request_text.replace("{ticket}", query_of(back)["ticket"]))
        assert answer.status_code in (204, 422)
        assert await browser.who() == "mentor-1"


@asynccontextmanager
async def lying(school: School, response: Response) -> AsyncGenerator[Browser]:
    """A browser of an installation whose CAS server answers every ticket so."""

    async def validate(_: Request) -> Response:
        return response

    cas = Starlette(routes=[Route("/cas/p3/serviceValidate", validate)])
    port = free_port()
    async with served(cas) as (host, cas_port):
        settings = {
            "cas_url": f"http://{host}:{cas_port}/cas/",
            "cas_staff_attribute": "user",
            "cas_student_attribute": "",
            "oidc_issuer": "",
        }
        async with zhuhang(school.product, port, **settings), Browser(f"http://127.0.0.1:{port}") as browser:
            yield browser


async def answered(browser: Browser) -> httpx.Response:
    """Zhuhang's answer to a ticket."""
    state = query_of(query_of(await browser.begin("cas"))["service"])["state"]
    return await browser.get(f"{CALLBACK}?state={state}&ticket=ST-1-of-a-liar")


async def test_the_words_below_would_count_if_they_were_plain(school: School) -> None:
    async with lying(school, Response(SUCCESS.format("mentor-1"))) as browser:
        assert (await answered(browser)).status_code == 303
        assert await browser.who() == "mentor-1"


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY who "mentor-1">]>' + SUCCESS.format("&who;"),
        '<!DOCTYPE x [<!ENTITY who SYSTEM "file:///etc/hostname">]>' + SUCCESS.format("&who;mentor-1"),
        "<!DOCTYPE x>" + SUCCESS.format("mentor-1"),
        SUCCESS.format(""),
        SUCCESS.format("mentor-1")[:-5],
        SIGNED.format("<cas:authenticationSuccess/>"),
        SIGNED.format(""),
        SIGNED.format(
            '<cas:authenticationFailure code="INVALID_TICKET">mentor-1</cas:authenticationFailure>'
        ),
        SIGNED.format("<cas:user>mentor-1</cas:user>"),
        "yes\nmentor-1\n",
        "",
    ],
)
async def test_an_answer_that_vouches_for_nobody_is_refused(school: School, text: str) -> None:
    async with lying(school, Response(text)) as browser:
        assert code_of(await answered(browser)) == REFUSED
        assert await browser.who() is None


@pytest.mark.parametrize(
    "response",
    [
        Response(SUCCESS.format("mentor-1"), 500),
        Response(status_code=302, headers={"Location": "/cas/elsewhere"}),
    ],
    ids=["error", "redirect"],
)
async def test_a_server_that_does_not_do_its_work(school: School, response: Response) -> None:
    async with lying(school, response) as browser:
        assert code_of(await answered(browser)) == (503, "identity_provider_unavailable")
