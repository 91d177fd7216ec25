"""Local accounts as people and attackers use them, over HTTP against a whole installation."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from pyotp.totp import TOTP
from sqlmodel import Session

from api.app import create_app
from models.tables import Account
from services.sign_on.errors import SignOnFailed
from services.sign_on.sign_on import Place
from tests.product import Product, running_api

PASSWORD = "mountain river stone 7"  # noqa: S105
PEOPLE = count(1)
HERE = Place("127.0.0.1", "test")


@dataclass
class Person:
    """Somebody with an account, as their browser or program."""

    product: Product
    staff_id: str
    first_password: str

    async def sign_on(self, password: str, totp: str | None = None, **fields: Any) -> httpx.Response:
        body = {"account": self.staff_id, "password": password, "totp": totp, "cookie": False} | fields
        return await self.product.http.post("/api/v1/auth/sign-on", json=body)

    async def ask(self, token: str, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self.product.http.request(method, f"/api/v1{path}", headers=headers, **options)

    async def settled(self) -> str:
        """Signed on with a password of their own: the session's token."""
        granted = (await self.sign_on(self.first_password)).json()
        change = {"current": self.first_password, "new": PASSWORD}
        changed = await self.ask(granted["token"], "POST", "/auth/password", json=change)
        assert changed.status_code == 200, changed.text
        return changed.json()["token"]


async def hired(product: Product, role: str = "mentor") -> Person:
    staff_id = f"person-{next(PEOPLE)}"
    draft: dict[str, Any] = {"id": staff_id, "name": "测试人员", "role": role}
    if role in ("mentor", "counselor", "department_supervisor"):
        draft["department_id"] = "cs"
    assert (await product.request("POST", "/staff", json=draft)).status == 201
    made = await product.request("POST", "/accounts", json={"staff_id": staff_id})
    assert made.status == 201, made.body
    return Person(product, staff_id, made.body["first_password"])


def browser_of(product: Product) -> httpx.AsyncClient:
    """A browser with cookies of its own."""
    transport = httpx.ASGITransport(app=product.http._transport.app)  # type: ignore[attr-defined]
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@pytest.fixture
async def browser(product: Product) -> AsyncGenerator[httpx.AsyncClient]:
    async with browser_of(product) as opened:
        yield opened


async def test_the_first_password_opens_its_own_change_only(product: Product) -> None:
    person = await hired(product)
    granted = (await person.sign_on(person.first_password)).json()
    assert granted["must"] == "change_password"
    refused = await person.ask(granted["token"], "GET", "/cases")
    assert (refused.status_code, refused.json()["code"]) == (403, "password_change_required")
    token = await person.settled()
    assert (await person.ask(token, "GET", "/cases")).status_code == 200
    assert (await person.sign_on(person.first_password)).status_code == 401


async def test_a_first_password_has_an_end(product: Product) -> None:
    person = await hired(product)
    late = datetime.now(UTC) + timedelta(days=product.settings.first_password_days, minutes=1)
    with pytest.raises(SignOnFailed):
        product.services.sign_on.sign_on.with_password(
            person.staff_id, person.first_password, None, HERE, late
        )


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("short", "password_too_short"),
        ("passwordpassword", "password_common"),
        ("{account}-2026!", "password_has_account"),
        ("my 000000200201010018", "password_has_number"),
    ],
)
async def test_a_weak_password_is_refused_by_its_rule(product: Product, new: str, code: str) -> None:
    person = await hired(product)
    granted = (await person.sign_on(person.first_password)).json()
    change = {"current": person.first_password, "new": new.format(account=person.staff_id)}
    refused = await person.ask(granted["token"], "POST", "/auth/password", json=change)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_whatever_is_wrong_the_answer_is_the_same(product: Product) -> None:
    person, disabled = await hired(product), await hired(product)
    await product.request("PATCH", f"/accounts/{disabled.staff_id}", json={"disabled": True})
    wrong = await person.sign_on("not the password")
    closed = await disabled.sign_on(disabled.first_password)
    nobody = await Person(product, "nobody-here", "").sign_on("not the password")
    assert {answer.status_code for answer in (wrong, closed, nobody)} == {401}
    assert wrong.json() == closed.json() == nobody.json()
    assert wrong.json()["code"] == "sign_on_failed"


async def test_guessing_locks_longer_each_time_and_the_right_password_waits_too(product: Product) -> None:
    person = await hired(product)
    sign_on, settings = product.services.sign_on.sign_on, product.settings
    now = datetime.now(UTC)

    def tried(password: str, at: datetime) -> bool:
        try:
            sign_on.with_password(person.staff_id, password, None, HERE, at)
        except SignOnFailed:
            return False
        return True

    for _ in range(settings.lock_after):
        assert not tried("guess", now)
    first = timedelta(seconds=settings.lock_seconds)
    assert not tried(person.first_password, now + first * 0.9)
    # One more failure after the first lock, and the next one is twice as long.
    assert not tried("guess", now + first * 1.1)
    assert not tried(person.first_password, now + first * 1.1 + first * 1.9)
    assert tried(person.first_password, now + first * 1.1 + first * 2.1)


async def test_an_administrator_unlocks(product: Product) -> None:
    person = await hired(product)
    for _ in range(product.settings.lock_after):
        await person.sign_on("guess")
    assert (await person.sign_on(person.first_password)).status_code == 401
    unlocked = await product.request("PATCH", f"/accounts/{person.staff_id}", json={"unlock": True})
    assert unlocked.body["locked"] is False
    assert (await person.sign_on(person.first_password)).status_code == 200


async def test_supervisors_need_a_second_factor_whose_codes_count_once(product: Product) -> None:
    person = await hired(product, "department_supervisor")
    token = await person.settled()
    refused = await person.ask(token, "GET", "/cases")
    assert (refused.status_code, refused.json()["code"]) == (403, "totp_enrolment_required")
    begun = (await person.ask(token, "POST", "/auth/totp")).json()
    code = TOTP(begun["secret"]).now()
    confirmed = (await person.ask(token, "POST", "/auth/totp/confirm", json={"code": code})).json()
    assert (await person.ask(confirmed["token"], "GET", "/cases")).status_code == 200
    # The session goes on under a new id; the old one is no more.
    assert (await person.ask(token, "GET", "/auth/me")).status_code == 401

    assert (await person.sign_on(PASSWORD)).json()["code"] == "totp_required"
    assert (await person.sign_on(PASSWORD, code)).json()["code"] == "sign_on_failed"
    recovery = confirmed["recovery_codes"][0]
    assert (await person.sign_on(PASSWORD, recovery)).status_code == 200
    assert (await person.sign_on(PASSWORD, recovery)).status_code == 401


async def test_a_secret_is_not_kept_as_it_is(product: Product) -> None:
    person = await hired(product)
    token = await person.settled()
    begun = (await person.ask(token, "POST", "/auth/totp")).json()
    with Session(product.services.engine) as session:
        account = session.get_one(Account, person.staff_id)
    assert (account.password_hash or "").startswith("$argon2id$")
    assert begun["secret"] not in (account.totp_pending or "")


async def test_sessions_are_listed_and_ended(product: Product) -> None:
    person = await hired(product)
    token = await person.settled()
    other = (await person.sign_on(PASSWORD)).json()
    listed = (await person.ask(token, "GET", "/auth/sessions")).json()["items"]
    assert {item["current"] for item in listed} == {True, False}
    ended = await person.ask(token, "DELETE", f"/auth/sessions/{other['session_id']}")
    assert ended.status_code == 204
    assert (await person.ask(other["token"], "GET", "/auth/me")).status_code == 401
    stranger = await hired(product)
    mine = (await person.ask(token, "GET", "/auth/me")).json()["credential_id"]
    theirs = await stranger.settled()
    assert (await stranger.ask(theirs, "DELETE", f"/auth/sessions/{mine}")).status_code == 404

    everywhere = [token, (await person.sign_on(PASSWORD)).json()["token"]]
    assert (await person.ask(token, "POST", "/auth/sign-off", json={"everywhere": True})).status_code == 200
    assert {(await person.ask(each, "GET", "/auth/me")).status_code for each in everywhere} == {401}


async def test_a_new_password_ends_the_other_sessions(product: Product) -> None:
    person = await hired(product)
    token, other = await person.settled(), (await person.sign_on(PASSWORD)).json()["token"]
    change = {"current": PASSWORD, "new": "another river entirely 8"}
    changed = await person.ask(token, "POST", "/auth/password", json=change)
    assert changed.status_code == 200
    assert (await person.ask(other, "GET", "/auth/me")).status_code == 401
    assert (await person.ask(changed.json()["token"], "GET", "/auth/me")).status_code == 200


async def test_a_session_ends_unused_and_at_its_latest(product: Product) -> None:
    person = await hired(product)
    token = await person.settled()
    credentials, now = product.services.sign_on.credentials, datetime.now(UTC)
    idle = timedelta(minutes=product.settings.session_idle_minutes)
    assert credentials.known(token, now + idle * 0.9) is not None
    # What was used a moment ago counts from then on.
    assert credentials.known(token, now + idle * 1.5) is not None
    at_latest = now + timedelta(hours=product.settings.session_hours)
    for ended in (now + idle * 2.6, at_latest + timedelta(seconds=1)):
        with pytest.raises(Exception, match="sign_on_required"):
            credentials.known(token, ended)


async def test_a_browser_gets_a_cookie_and_must_show_its_own_page(
    product: Product, browser: httpx.AsyncClient
) -> None:
    person = await hired(product)
    await person.settled()
    body = {"account": person.staff_id, "password": PASSWORD}
    fixed = {"zhuhang_session": "zhs_chosen-by-an-attacker"}
    browser.cookies.update(fixed)
    answer = await browser.post("/api/v1/auth/sign-on", json=body)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert fixed["zhuhang_session"] not in cookie
    assert answer.json()["token"] is None
    draft = {"to_id": "mentor-2", "from_on": "2099-01-01", "until_on": "2099-01-02", "reason": "出差"}
    without = await browser.post("/api/v1/delegations", json=draft)
    assert (without.status_code, without.json()["code"]) == (403, "csrf_token_invalid")
    proof = {"X-CSRF-Token": answer.json()["csrf_token"]}
    foreign = await browser.post(
        "/api/v1/delegations", json=draft, headers=proof | {"Origin": "https://evil.example"}
    )
    assert foreign.json()["code"] == "origin_not_ours"
    assert (await browser.post("/api/v1/delegations", json=draft, headers=proof)).status_code == 201
    assert (await browser.get("/api/v1/cases")).status_code == 200


async def test_behind_https_the_cookie_stays_there(product: Product) -> None:
    settings = product.settings.model_copy(update={"public_url": "https://zhuhang.example.edu"})
    person = await hired(product)
    async with running_api(settings) as behind:
        body = {"account": person.staff_id, "password": person.first_password}
        answer = await behind.http.post("/api/v1/auth/sign-on", json=body)
    assert answer.headers["set-cookie"].startswith("__Host-zhuhang=")
    assert "secure" in answer.headers["set-cookie"].lower()
    assert create_app(settings).title == "助航 Zhuhang"


async def test_a_token_may_do_what_it_was_made_for_until_it_is_revoked(product: Product) -> None:
    person = await hired(product, "counselor")
    token = await person.settled()
    draft = {"name": "报表", "scopes": ["case.list"], "days": 1}
    made = await person.ask(token, "POST", "/tokens", json=draft)
    assert made.status_code == 201, made.text
    secret = made.json()["token"]
    assert secret.startswith("zhu_")
    listed = await person.ask(token, "GET", "/tokens")
    assert secret not in listed.text
    assert (await person.ask(secret, "GET", "/cases")).status_code == 200
    beyond = await person.ask(secret, "GET", "/inbox")
    assert (beyond.status_code, beyond.json()["code"]) == (403, "role_not_allowed")
    assert (await person.ask(secret, "POST", "/tokens", json=draft)).status_code == 403
    late = datetime.now(UTC) + timedelta(days=1, seconds=1)
    with pytest.raises(Exception, match="sign_on_required"):
        product.services.sign_on.credentials.find(secret, late)
    revoked = await person.ask(token, "DELETE", f"/tokens/{made.json()['id']}")
    assert revoked.status_code == 204
    assert (await person.ask(secret, "GET", "/cases")).status_code == 401


@pytest.mark.parametrize("scope", ["account.manage", "case.unmask", "no.such_permission"])
async def test_a_token_is_given_no_more_than_a_machine_may_have(product: Product, scope: str) -> None:
    person = await hired(product, "counselor")
    token = await person.settled()
    draft = {"name": "太多", "scopes": [scope]}
    assert (await person.ask(token, "POST", "/tokens", json=draft)).status_code == 422


async def test_who_leaves_or_is_disabled_is_out_at_once(product: Product) -> None:
    person = await hired(product)
    token = await person.settled()
    assert (await person.ask(token, "GET", "/cases")).status_code == 200
    await product.request("PATCH", f"/accounts/{person.staff_id}", json={"disabled": True})
    assert (await person.ask(token, "GET", "/cases")).status_code == 401


async def test_a_graduate_gets_an_account_and_sees_the_own_file(product: Product) -> None:
    case_id, other = await product.open_case(), await product.open_case()
    assert (await product.request("POST", f"/cases/{case_id}/account", "other-college")).status in (403, 404)
    made = (await product.request("POST", f"/cases/{case_id}/account", "counselor")).body
    graduate = Person(product, made["account"], made["first_password"])
    token = await graduate.settled()
    assert (await graduate.ask(token, "GET", f"/cases/{case_id}")).status_code == 200
    assert (await graduate.ask(token, "GET", f"/cases/{other}")).status_code == 404


async def test_no_administrator_comes_to_a_file_by_its_graduate_s_account(product: Product) -> None:
    case_id = await product.open_case()
    made = (await product.request("POST", f"/cases/{case_id}/account", "counselor")).body
    graduate = Person(product, made["account"], made["first_password"])
    token = await graduate.settled()
    reset = await product.request("POST", f"/accounts/graduate:{case_id}/reset", json={})
    assert (reset.status, reset.code) == (409, "graduate_account")
    assert (await graduate.ask(token, "GET", f"/cases/{case_id}")).status_code == 200
    log = (await graduate.ask(token, "GET", f"/cases/{case_id}/access-log")).json()
    # Whoever had the first password could have been in.
    assert "case.account" in [line["act"] for line in log["items"]]


async def test_only_administrators_keep_accounts(product: Product) -> None:
    for actor in ("mentor-1", "counselor", "college", "career-centre", "employer"):
        assert (await product.get("/accounts", actor)).status == 403, actor
    listed = await product.get("/accounts")
    assert listed.status == 200
    assert "password" not in str(listed.body)
