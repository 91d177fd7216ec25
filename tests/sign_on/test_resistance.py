"""What attackers try beside guessing one password: at once, by timing, by old sessions, from another school."""

import asyncio
from datetime import UTC, datetime, timedelta

import argon2
import pytest
from sqlmodel import Session

from models.tables import Account, SignOnSession, Staff
from services.database import writing
from services.sign_on.credentials import Credentials
from services.sign_on.errors import SignOnFailed
from tests.product import Product, running_api
from tests.sign_on.test_local import HERE, PASSWORD, Person, browser_of, hired


def account_of(product: Product, person: Person) -> Account:
    with Session(product.services.engine) as session:
        return session.get_one(Account, person.staff_id)


@pytest.fixture
def hashes_checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes with which a password was compared."""
    seen: list[str] = []
    verify = argon2.PasswordHasher.verify

    def seeing(self: argon2.PasswordHasher, stored: str, password: str) -> bool:
        seen.append(stored)
        return verify(self, stored, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", seeing)
    return seen


async def test_whoever_is_tried_costs_one_hash_of_the_same_make(
    product: Product, hashes_checked: list[str]
) -> None:
    person, disabled, locked = await hired(product), await hired(product), await hired(product)
    await product.request("PATCH", f"/accounts/{disabled.staff_id}", json={"disabled": True})
    for _ in range(product.settings.lock_after):
        await locked.sign_on("guess")
    hashes_checked.clear()
    for tried in (person, disabled, locked, Person(product, "nobody-here", "")):
        assert (await tried.sign_on("guess")).status_code == 401
    makes = [stored.split("$")[1:4] for stored in hashes_checked]
    assert len(makes) == 4
    assert all(make == makes[0] for make in makes)
    assert len({len(stored) for stored in hashes_checked}) == 1


async def test_guesses_at_the_same_time_are_each_counted(product: Product) -> None:
    person = await hired(product)
    now = datetime.now(UTC)

    def guess() -> None:
        with pytest.raises(SignOnFailed):
            product.services.sign_on.sign_on.with_password(person.staff_id, "guess", None, HERE, now)

    await asyncio.gather(*(asyncio.to_thread(guess) for _ in range(product.settings.lock_after * 3)))
    account = account_of(product, person)
    # Those beyond were refused unseen, so that nobody prolongs a lock by knocking.
    assert account.failed == product.settings.lock_after
    assert account.locked_until == now + timedelta(seconds=product.settings.lock_seconds)


async def test_a_hash_follows_the_settings_at_the_next_sign_on(product: Product) -> None:
    person = await hired(product)
    await person.settled()
    before = account_of(product, person).password_hash
    stronger = product.settings.model_copy(update={"password_passes": product.settings.password_passes + 1})
    async with running_api(stronger) as harder:
        body = {"account": person.staff_id, "password": PASSWORD, "cookie": False}
        assert (await harder.http.post("/api/v1/auth/sign-on", json=body)).status_code == 200
    after = account_of(product, person).password_hash
    assert before != after
    assert f"t={stronger.password_passes}," in (after or "")
    assert (await person.sign_on(PASSWORD)).status_code == 200


async def test_a_new_sign_on_ends_what_the_browser_had(product: Product) -> None:
    first, second = await hired(product), await hired(product)
    await first.settled()
    await second.settled()
    async with browser_of(product) as browser:
        body = {"account": first.staff_id, "password": PASSWORD}
        await browser.post("/api/v1/auth/sign-on", json=body)
        old = browser.cookies["zhuhang_session"]
        await browser.post("/api/v1/auth/sign-on", json=body | {"account": second.staff_id})
        assert browser.cookies["zhuhang_session"] != old
        assert (await browser.get("/api/v1/auth/me")).json()["actor_id"] == second.staff_id
    assert (await first.ask(old, "GET", "/auth/me")).status_code == 401


async def test_signing_off_takes_the_cookie_away(product: Product) -> None:
    person = await hired(product)
    await person.settled()
    async with browser_of(product) as browser:
        body = {"account": person.staff_id, "password": PASSWORD}
        granted = (await browser.post("/api/v1/auth/sign-on", json=body)).json()
        held = browser.cookies["zhuhang_session"]
        refused = await browser.post("/api/v1/auth/sign-off")
        assert refused.json()["code"] == "csrf_token_invalid"
        proof = {"X-CSRF-Token": granted["csrf_token"]}
        left = await browser.post("/api/v1/auth/sign-off", headers=proof)
        assert (left.status_code, left.json()) == (200, {"provider": None})
        assert "zhuhang_session" not in browser.cookies
    assert (await person.ask(held, "GET", "/auth/me")).status_code == 401


async def test_another_process_knows_when_a_session_was_used(product: Product) -> None:
    person = await hired(product)
    token = await person.settled()
    services, now = product.services, datetime.now(UTC)
    idle = timedelta(minutes=product.settings.session_idle_minutes)
    services.sign_on.credentials.find(token, now + idle * 0.9)
    elsewhere = Credentials(services.engine, services.actors, product.settings)
    services.sign_on.credentials.write_uses()
    assert elsewhere.find(token, now + idle * 1.8).actor.id == person.staff_id


async def test_sessions_that_ended_long_ago_are_dropped(product: Product) -> None:
    person = await hired(product)
    token = await person.settled()
    session_id = (await person.ask(token, "GET", "/auth/me")).json()["credential_id"]
    ended = datetime.now(UTC) - timedelta(days=product.settings.session_keep_days, hours=1)

    def there() -> bool:
        with Session(product.services.engine) as session:
            return session.get(SignOnSession, session_id) is not None

    product.services.sign_on.sessions.prune(datetime.now(UTC))
    assert there()
    with Session(writing(product.services.engine)) as session:
        session.get_one(SignOnSession, session_id).ends_at = ended
        session.commit()
    product.services.sign_on.sessions.prune(datetime.now(UTC))
    assert not there()


async def test_an_administrator_ends_the_sessions_of_others_once_wholly_signed_on(product: Product) -> None:
    person, keeper = await hired(product), await hired(product, "administrator")
    token = await person.settled()
    session_id = (await person.ask(token, "GET", "/auth/me")).json()["credential_id"]
    half = await keeper.settled()
    for method, path in (("GET", "/auth/sessions"), ("DELETE", f"/auth/sessions/{session_id}")):
        refused = await keeper.ask(half, method, path)
        assert (refused.status_code, refused.json()["code"]) == (403, "totp_enrolment_required")
    listed = await product.get(f"/auth/sessions?actor={person.staff_id}")
    assert [item["id"] for item in listed.body["items"]] == [session_id]
    assert (await product.get(f"/auth/sessions?actor={person.staff_id}", "college")).status == 404
    assert (await product.request("DELETE", f"/auth/sessions/{session_id}")).status == 204
    assert (await person.ask(token, "GET", "/auth/me")).status_code == 401


async def test_the_administrator_of_another_school_reaches_nothing(product: Product) -> None:
    person = await hired(product)
    token = await person.settled()
    made = (await person.ask(token, "POST", "/tokens", json={"name": "接口", "scopes": ["case.list"]})).json()
    session_id = (await person.ask(token, "GET", "/auth/me")).json()["credential_id"]
    with Session(writing(product.services.engine)) as session:
        elsewhere = Staff(
            id="admin-elsewhere",
            school_id="90099",
            name="外校",
            role="administrator",
            created_at=datetime.now(UTC),
        )
        session.add(elsewhere)
        session.commit()
    stranger = "admin-elsewhere"
    for path in ("/accounts", f"/auth/sessions?actor={person.staff_id}", "/tokens"):
        assert (await product.get(path, stranger)).body["items"] == [], path
    for method, path in (
        ("POST", f"/accounts/{person.staff_id}/reset"),
        ("PATCH", f"/accounts/{person.staff_id}"),
        ("DELETE", f"/auth/sessions/{session_id}"),
        ("DELETE", f"/tokens/{made['id']}"),
    ):
        body = {"json": {"disabled": True}} if method == "PATCH" else {}
        assert (await product.request(method, path, stranger, **body)).status == 404, path
    created = await product.request("POST", "/accounts", stranger, json={"staff_id": "mentor-1"})
    assert created.status == 404
    assert (await person.ask(token, "GET", "/cases")).status_code == 200
    assert (await person.ask(made["token"], "GET", "/cases")).status_code == 200


async def test_a_token_follows_its_owner(product: Product) -> None:
    person = await hired(product, "counselor")
    token = await person.settled()
    most = product.settings.token_max_days
    draft = {"name": "接口", "scopes": ["case.list", "import.read"], "days": most + 1}
    refused = await person.ask(token, "POST", "/tokens", json=draft)
    assert (refused.status_code, refused.json()["code"]) == (422, "token_lives_too_long")
    secret = (await person.ask(token, "POST", "/tokens", json=draft | {"days": most})).json()["token"]
    assert (await person.ask(secret, "GET", "/imports")).status_code == 200
    changed = await product.request("PATCH", f"/staff/{person.staff_id}", json={"role": "mentor"})
    assert changed.status == 200, changed.body

    async def less() -> bool:
        return (await person.ask(secret, "GET", "/imports")).status_code == 403

    await product.until(less, what="the token may no more than its owner")
    assert (await person.ask(secret, "GET", "/cases")).status_code == 200
    await product.request("PATCH", f"/accounts/{person.staff_id}", json={"disabled": True})
    assert (await person.ask(secret, "GET", "/cases")).status_code == 401
