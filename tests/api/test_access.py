"""Who may ask: people who have signed on, under names of ours."""

from typing import Any

import pytest

from tests.product import ELIGIBLE, Product

NOTE = {"type": "annotate", "text": "备注"}


@pytest.mark.parametrize(
    "credential",
    ["", "Bearer", "Bearer zhs_unknown", "Bearer zhu_unknown", "Basic YWRtaW46YWRtaW4=", "Bearer 导师"],
)
async def test_nobody_asks_without_a_credential_that_counts(product: Product, credential: str) -> None:
    product.http.cookies.clear()
    headers: dict[str, Any] = {"Authorization": credential.encode()} if credential else {}
    # What said who acts before there was sign-on counts no more.
    response = await product.http.get("/api/v1/cases", headers=headers | {"X-Zhuhang-Actor": "college"})
    assert (response.status_code, response.json()["code"]) == (401, "sign_on_required")
    assert response.headers["www-authenticate"] == "Bearer"


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
    await product.accepted(case_id, "counselor", ELIGIBLE)
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
