"""Who may ask: known actors of this machine, by its own names and through no proxy."""

from typing import Any

import httpx
import pytest

from api.app import create_app
from tests.product import Product

NOTE = {"type": "annotate", "text": "备注"}


async def ask(product: Product, client: str, headers: dict[str, str]) -> httpx.Response:
    """Read the staff list from that address."""
    app = create_app(product.settings)
    app.state.services = product.services
    transport = httpx.ASGITransport(app=app, client=(client, 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
        return await http.get("/api/v1/staff", headers={"X-Zhuhang-Actor": "college"} | headers)


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.8.8", "::1"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000"])
async def test_this_machine_may_ask(product: Product, client: str, host: str) -> None:
    assert (await ask(product, client, {"Host": host})).status_code == 200


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("192.0.2.1", {}),
        ("2001:db8::1", {}),
        ("not-an-address", {}),
        ("192.0.2.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("192.0.2.1", {"Forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"Via": "1.1 proxy"}),
    ],
)
async def test_others_may_not_whatever_their_headers_claim(
    product: Product, client: str, headers: dict[str, str]
) -> None:
    answer = await ask(product, client, headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "loopback_only")


@pytest.mark.parametrize("actor", ["nobody", "graduate:", "graduate:case-unknown", "导师", "%00"])
async def test_an_unknown_actor_is_told_where_the_known_are(product: Product, actor: str) -> None:
    headers: dict[str, Any] = {"X-Zhuhang-Actor": actor.encode()}
    answer = await product.get("/cases", headers=headers)
    assert (answer.status, answer.code) == (401, "actor_unknown")
    assert "/api/v1/staff" in answer.body["en"]


async def test_a_leaver_may_ask_no_more(product: Product) -> None:
    draft = {"id": "leaver", "name": "离职", "role": "mentor", "department_id": "cs"}
    await product.request("POST", "/staff", json=draft)
    assert (await product.get("/cases", "leaver")).status == 200
    left = await product.request("POST", "/staff/leaver/offboarding", "college", json={"reason": "离职"})
    assert left.status == 202

    async def shut_out() -> bool:
        return (await product.get("/cases", "leaver")).status == 401

    await product.until(shut_out, what="the leaver is unknown")


async def test_a_key_that_was_refused_may_succeed_later(product: Product) -> None:
    case_id = await product.open_case()
    assessment = {"type": "record_assessment", "intention": "就业", "risk_level": "B"}
    key = {"Idempotency-Key": f"{case_id}-again"}
    assert (await product.do(case_id, "mentor-1", assessment, headers=dict(key))).code == "not_paired"
    confirm = {
        "type": "confirm_eligibility",
        "decision": "open",
        "hardship_types": [{"type": "LIFTED_POVERTY", "proof": "证明"}],
    }
    await product.accepted(case_id, "counselor", confirm)
    assign = {"type": "assign_mentor", "mentor_id": "mentor-1", "reason": "专业对口"}
    await product.accepted(case_id, "college", assign)
    assert (await product.do(case_id, "mentor-1", assessment, headers=dict(key))).status == 200


async def test_opening_twice_with_one_key_answers_the_same_case(product: Product) -> None:
    draft = {"student_no": "ONCE1", "name": "只开一次", "department_id": "cs"}

    async def post(key: str | None, **changed: str) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return await product.request("POST", "/cases", "counselor", json=draft | changed, headers=headers)

    first = await post("once-1")
    assert first.status == 201
    await product.accepted(first.body["case_id"], "counselor", NOTE)
    again = await post("once-1")
    assert (again.status, again.body["case_id"]) == (201, first.body["case_id"])
    assert again.headers["etag"] == '"2"'
    for other in (await post("once-2"), await post(None), await post("once-1", name="另一人")):
        assert (other.status, other.code) == (409, "case_exists")
        assert other.body["details"]["case_id"] == first.body["case_id"]


@pytest.mark.parametrize("version", ['"1"', 'W/"1"', "1", "*"])
async def test_if_match_takes_a_version_in_each_form(product: Product, version: str) -> None:
    case_id = await product.open_case()
    answer = await product.do(case_id, "counselor", NOTE, headers={"If-Match": version})
    assert (answer.status, answer.headers["etag"]) == (200, '"2"')
    stale = await product.do(case_id, "counselor", NOTE, headers={"If-Match": '"1"'})
    assert (stale.status, stale.code) == (412, "version_conflict")
    assert stale.body["details"] == {"expected": 1, "current": 2}
