"""Sign-on with OpenID Connect at the certified provider, and every way in which its word must not count."""

import time
from typing import Any

import httpx
import pytest
from pyotp.totp import TOTP

from tests.sso.browser import Browser, code_of, query_of
from tests.sso.conftest import School

CALLBACK = "/api/v1/auth/oidc/callback"
REFUSED = (401, "sso_refused")


async def returned(school: School, browser: Browser, login: str, return_to: str = "/") -> str:
    """The address with which the provider sends the browser back after the person has signed on there."""
    url = await browser.begin("oidc", return_to)
    return await browser.identify(url, login=login, password="any")  # noqa: S106


async def signed_on(school: School, login: str) -> tuple[Browser, httpx.Response]:
    """A browser after the whole way, and Zhuhang's last answer."""
    browser = school.browser()
    return browser, await browser.get(await returned(school, browser, login))


async def test_the_request_to_the_provider_carries_pkce_state_and_nonce(school: School) -> None:
    async with school.browser() as browser:
        asked = query_of(await browser.begin("oidc"))
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == school.site + CALLBACK
    assert len(asked["code_challenge"]) == 43
    assert min(len(asked[name]) for name in ("state", "nonce")) >= 43


async def test_a_member_of_staff_signs_on(school: School) -> None:
    async with school.browser() as browser:
        back = await returned(school, browser, "zhang", "/cases?stage=plan")
        answer = await browser.get(back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/cases?stage=plan")
        assert await browser.who() == "mentor-1"
        assert "zhuhang_sso" not in browser.cookies


async def test_signing_on_ends_the_session_that_the_browser_had(school: School) -> None:
    browser, _ = await signed_on(school, "zhang")
    async with browser, school.browser() as copy:
        copy.cookies.set("zhuhang_session", browser.cookies["zhuhang_session"], domain="127.0.0.1")
        assert await copy.who() == "mentor-1"
        await browser.get(await returned(school, browser, "zhang"))
        assert await browser.who() == "mentor-1"
        assert await copy.who() is None


async def test_a_graduate_signs_on_to_the_own_file(school: School) -> None:
    browser, answer = await signed_on(school, "graduate")
    async with browser:
        assert answer.status_code == 303
        assert await browser.who() == school.graduate


@pytest.mark.parametrize("login", ["stranger", "nameless", "leaver", "posing"])
async def test_who_is_not_registered_gets_one_answer(school: School, login: str) -> None:
    browser, answer = await signed_on(school, login)
    async with browser:
        assert code_of(answer) == (403, "not_registered")
        assert await browser.who() is None


async def test_a_person_reads_a_page_and_a_program_a_document(school: School) -> None:
    async with school.browser() as browser:
        back = await returned(school, browser, "stranger")
        page = await browser.get(back, Accept="text/html,*/*;q=0.8")
    assert page.status_code == 403
    assert page.headers["content-type"].startswith("text/html")
    assert "就业指导中心" in page.text
    assert "not_registered" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(("login", "must"), [("li", "enrol_totp"), ("li-with-code", None), ("zhang", None)])
async def test_the_second_factor_of_the_provider_counts(school: School, login: str, must: str | None) -> None:
    browser, _ = await signed_on(school, login)
    async with browser:
        me = (await browser.get("/api/v1/auth/me")).json()
        assert me["must"] == must
        # Until then the session may do nothing else.
        assert (await browser.get("/api/v1/staff")).status_code == (403 if must else 200)


async def test_who_has_no_local_account_sets_a_second_factor_up_here(school: School) -> None:
    first, _ = await signed_on(school, "li")
    async with first:
        begun = await first.post("/api/v1/auth/totp", {})
        assert begun.status_code == 200, begun.text
        authenticator = TOTP(begun.json()["secret"])
        answer = await first.post("/api/v1/auth/totp/confirm", {"code": authenticator.now()})
        assert (answer.status_code, len(answer.json()["recovery_codes"])) == (200, 10)
        assert (await first.get("/api/v1/staff")).status_code == 200
    second, _ = await signed_on(school, "li")
    async with second:
        assert (await second.get("/api/v1/auth/me")).json()["must"] == "confirm_totp"
        code = answer.json()["recovery_codes"][0]
        assert (await second.post("/api/v1/auth/totp/confirm", {"code": code})).status_code == 200
        assert (await second.get("/api/v1/staff")).status_code == 200


async def test_an_account_that_was_disabled_stays_closed(school: School) -> None:
    draft = {"id": "closed-1", "name": "测试导师", "role": "mentor", "department_id": "cs"}
    await school.product.request("POST", "/staff", json=draft)
    created = await school.product.request("POST", "/accounts", json={"staff_id": "closed-1"})
    assert created.status == 201, created.body
    await school.product.request("PATCH", "/accounts/closed-1", json={"disabled": True})
    browser, answer = await signed_on(school, "closed")
    async with browser:
        assert code_of(answer) == (403, "not_registered")
    await school.product.request("PATCH", "/accounts/closed-1", json={"disabled": False})
    browser, answer = await signed_on(school, "closed")
    async with browser:
        assert await browser.who() == "closed-1"


async def test_claims_that_only_the_userinfo_endpoint_tells(school: School) -> None:
    async with school.browser() as browser:
        back = await returned(school, browser, "zhang")
        await school.spoil(by="own", claims={"staff_no": None})
        assert (await browser.get(back)).status_code == 303
        assert await browser.who() == "mentor-1"


async def test_the_userinfo_of_another_person_is_not_taken(school: School) -> None:
    async with school.browser() as browser:
        back = await returned(school, browser, "zhang")
        await school.spoil(by="own", claims={"staff_no": None, "sub": "li"})
        assert code_of(await browser.get(back)) == REFUSED


@pytest.mark.parametrize(
    ("return_to", "then"),
    [
        ("/inbox", "/inbox"),
        ("//evil.example/x", "/"),
        ("https://evil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("/%09/evil.example", "/"),
        ("/%0d%0aSet-Cookie:x=y", "/"),
        ("evil", "/"),
    ],
)
async def test_nobody_is_sent_elsewhere_after_signing_on(school: School, return_to: str, then: str) -> None:
    async with school.browser() as browser:
        answer = await browser.get(await returned(school, browser, "zhang", return_to))
    assert answer.headers["location"] == then


async def test_an_answer_with_another_state_is_refused(school: School) -> None:
    async with school.browser() as browser:
        back = await returned(school, browser, "zhang")
        forged = back.replace(query_of(back)["state"], "A" * 43)
        assert code_of(await browser.get(forged)) == (400, "sso_state_invalid")
        assert await browser.who() is None


async def test_nobody_is_signed_on_by_a_link_that_another_one_made(school: School) -> None:
    async with school.browser() as attacker, school.browser() as victim:
        back = await returned(school, attacker, "zhang")
        assert code_of(await victim.get(back)) == (400, "sso_state_invalid")
        await victim.begin("oidc")
        assert code_of(await victim.get(back)) == (400, "sso_state_invalid")
        assert await victim.who() is None


async def test_a_cookie_that_was_tampered_with_is_refused(school: School) -> None:
    async with school.browser() as browser:
        back = await returned(school, browser, "zhang")
        sealed = browser.cookies["zhuhang_sso"]
        browser.cookies.delete("zhuhang_sso")
        browser.cookies.set("zhuhang_sso", sealed[:-8] + "AAAAAAA=", domain="127.0.0.1")
        assert code_of(await browser.get(back)) == (400, "sso_state_invalid")


async def test_a_code_counts_once(school: School) -> None:
    async with school.browser() as browser:
        back = await returned(school, browser, "zhang")
        sealed = browser.cookies["zhuhang_sso"]
        assert (await browser.get(back)).status_code == 303
        async with school.browser() as later:
            later.cookies.set("zhuhang_sso", sealed, domain="127.0.0.1")
            assert code_of(await later.get(back)) == REFUSED
            assert await later.who() is None


async def test_a_code_without_its_verifier_is_worth_nothing(school: School) -> None:
    """PKCE: a code that leaked is redeemed by nobody but the browser for which it was made."""
    async with school.browser() as thief, school.browser() as victim:
        stolen = query_of(await returned(school, victim, "zhang"))["code"]
        own = await returned(school, thief, "stranger")
        assert code_of(await thief.get(own.replace(query_of(own)["code"], stolen))) == REFUSED


async def test_the_persons_own_refusal_is_an_answer(school: School) -> None:
    async with school.browser() as browser:
        state = query_of(await browser.begin("oidc"))["state"]
        answer = await browser.get(f"{CALLBACK}?error=access_denied&state={state}")
        assert code_of(answer) == REFUSED


async def test_an_answer_of_another_issuer_is_refused(school: School) -> None:
    async with school.browser() as browser:
        back = await returned(school, browser, "zhang")
        changed = httpx.URL(back).copy_set_param("iss", "https://evil.example")
        assert code_of(await browser.get(str(changed))) == REFUSED
        back = await returned(school, browser, "zhang")
        without = httpx.URL(back).copy_remove_param("iss")
        assert code_of(await browser.get(str(without))) == REFUSED


@pytest.mark.parametrize(
    "how",
    [
        {"claims": {"nonce": "of another sign-on"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": "another-client", "azp": "zhuhang"}},
        {"claims": {"aud": ["zhuhang", "another-client"], "azp": "another-client"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"exp": int(time.time()) - 3600}},
        {"claims": {"exp": None}},
        {"claims": {"iat": int(time.time()) + 3600}},
        {"claims": {"sub": None}},
        {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"by": "stranger"},
        {"by": "own", "header": {"kid": "unknown-key"}},
        {"by": "none"},
        {"by": "secret"},
    ],
    ids=str,
)
async def test_an_id_token_that_proves_nothing_is_refused(school: School, how: dict[str, Any]) -> None:
    async with school.browser() as browser:
        back = await returned(school, browser, "zhang")
        await school.spoil(**how)
        assert code_of(await browser.get(back)) == REFUSED
        assert await browser.who() is None


async def test_an_id_token_signed_anew_by_the_provider_counts(school: School) -> None:
    """What the cases above change is indeed why they fail."""
    async with school.browser() as browser:
        back = await returned(school, browser, "zhang")
        await school.spoil(by="own", claims={"staff_no": "mentor-2"})
        assert (await browser.get(back)).status_code == 303
        assert await browser.who() == "mentor-2"
