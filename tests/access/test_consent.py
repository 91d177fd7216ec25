"""Consent and its end: what a partner sees of a graduate, before and after the graduate thinks better of it."""

from typing import Any

from tests.product import Product

ADDRESS = "某省某市撤回路一号"
SENSITIVE = ["address", "id_number"]


async def seen_by(product: Product, actor: str, case_id: str) -> dict[str, Any]:
    answer = await product.get("/referrals?limit=200", actor)
    assert answer.status == 200, answer.body
    (item,) = [item for item in answer.body["items"] if item["case_id"] == case_id]
    return item


async def test_a_partner_sees_nothing_any_more_of_what_rested_on_a_withdrawn_consent(
    product: Product,
) -> None:
    case_id = await product.paired("mentor-1", address=ADDRESS)
    graduate = f"graduate:{case_id}"
    consent = {"type": "record_consent", "fields": SENSITIVE, "given_on": "2026-01-01", "purpose": "应聘"}
    given = await product.accepted(case_id, graduate, consent)
    assert given["case"]["consents"][0]["id"] == "c1"
    referral: dict[str, Any] = {
        "type": "send_referral",
        "kind": "employer",
        "to": "employer",
        "purpose": "推荐",
    }
    await product.accepted(case_id, "mentor-1", referral | {"disclose": ["name", "address"]})
    assert (await seen_by(product, "employer", case_id))["disclosed"]["address"] == ADDRESS

    withdrawn = await product.accepted(
        case_id, graduate, {"type": "withdraw_consent", "consent_id": "c1", "reason": "不再需要"}
    )
    (event,) = withdrawn["events"]
    assert (event["type"], event["data"]["referrals"]) == ("consent_withdrawn", ["r1"])
    for actor in ("employer", "mentor-1", "college"):
        item = await seen_by(product, actor, case_id)
        assert set(item["disclosed"]) == {"name"}, actor
        assert [ground["field"] for ground in item["grounds"] if ground["withdrawn_at"]] == ["address"]
        assert ADDRESS not in str(item)
    for actor in ("employer", "mentor-1"):
        told = (await product.get("/inbox?section=notices&limit=200", actor)).body["notices"]
        (notice,) = [
            item for item in told if (item["case_id"], item["kind"]) == (case_id, "consent_withdrawn")
        ]
        assert "撤回" in notice["zh"], actor
    again = referral | {"to": "hrss", "disclose": ["address"]}
    refused = await product.do(case_id, "mentor-1", again)
    assert (refused.status, refused.code) == (409, "consent_missing")
    # On the timeline with its reason, and in the file with its end.
    entries = (await product.get(f"/cases/{case_id}/timeline?limit=200", graduate)).body["items"]
    assert entries[-1]["data"]["reason"] == "不再需要"
    view = (await product.get(f"/cases/{case_id}", "mentor-1")).body
    assert view["consents"][0]["withdrawn_at"] is not None
