"""Signing out of Zhuhang leads on to the provider, which ends its own session (RP-Initiated Logout 1.0)."""

from datetime import UTC, datetime

from sqlmodel import Session, select

from models.tables import SignOnSession
from tests.sso.browser import Browser, query_of
from tests.sso.conftest import School

OFF = "/api/v1/auth/sign-off"


async def signed_on(school: School, browser: Browser, login: str) -> str:
    """The id of a session that began at the provider."""
    back = await browser.identify(await browser.begin("oidc"), login=login, password="any")  # noqa: S106
    assert (await browser.get(back)).status_code == 303
    return (await browser.get("/api/v1/auth/me")).json()["credential_id"]


def kept(school: School, session_id: str) -> str | None:
    """What the database holds of the ID token."""
    with Session(school.product.services.engine) as session:
        return session.exec(select(SignOnSession).where(SignOnSession.id == session_id)).one().id_token


async def test_the_browser_is_led_to_the_provider_and_back(school: School) -> None:
    async with school.browser() as browser:
        session_id = await signed_on(school, browser, "zhang")
        sealed = kept(school, session_id)
        page = (await browser.post(OFF, {})).json()["provider"]
        assert await browser.who() is None
        told = query_of(page)
        assert page.startswith(f"{school.issuer}/session/end?")
        assert (told["client_id"], told["post_logout_redirect_uri"]) == ("zhuhang", f"{school.site}/")
        # The token is in no readable form at rest, and nowhere once the session has ended.
        assert sealed is not None
        assert told["id_token_hint"] not in sealed
        assert kept(school, session_id) is None
        # Until then whoever has the browser is signed on again without a word.
        again = await browser.get(await browser.begin("oidc"))
        assert again.headers["location"].startswith(school.site)
        assert await browser.identify(page, logout="yes") == f"{school.site}/"
        again = await browser.get(await browser.begin("oidc"))
        assert not again.headers["location"].startswith(school.site)


async def test_the_provider_looks_at_the_token(school: School) -> None:
    """One that was changed ends nothing: the hint is indeed the provider's own word."""
    async with school.browser() as browser:
        await signed_on(school, browser, "zhang")
        page = (await browser.post(OFF, {})).json()["provider"]
        hint = query_of(page)["id_token_hint"]
        assert (await browser.get(page.replace(hint, hint[:-8] + "AAAAAAAA"))).status_code == 400
        assert (await browser.get(page)).status_code == 200


async def test_a_graduate_signs_out_as_well(school: School) -> None:
    async with school.browser() as browser:
        await signed_on(school, browser, "graduate")
        page = (await browser.post(OFF, {"everywhere": True})).json()["provider"]
        assert await browser.identify(page, logout="yes") == f"{school.site}/"


async def test_who_is_signed_on_anew_under_a_second_factor_still_has_the_token(school: School) -> None:
    async with school.browser() as browser:
        session_id = await signed_on(school, browser, "zhang")
        granted = school.product.services.sign_on.sessions.renew(session_id, datetime.now(UTC))
        browser.cookies.set("zhuhang_session", granted.token, domain="127.0.0.1")
        page = (await browser.post(OFF, {})).json()["provider"]
        assert "id_token_hint" in query_of(page)


async def test_the_own_session_ends_while_the_provider_is_away(school: School) -> None:
    async with school.browser() as browser:
        await signed_on(school, browser, "zhang")
        await school.openid.stop()
        try:
            assert (await browser.post(OFF, {})).status_code == 200
            assert await browser.who() is None
        finally:
            await school.openid.start()
