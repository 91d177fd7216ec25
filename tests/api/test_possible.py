"""What is said to be possible agrees with what happens when it is tried."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.product import Product

REASON = {"reason": "原因"}
DESTINATION = {"destination_id": "d1", "level": "department"}
# The least that each command needs to be understood.
FIELDS: dict[str, dict[str, Any]] = {
    "correct_profile": {**REASON, "qq": "1"},
    "annotate": {"text": "备注"},
    "record_consent": {"fields": ["email"], "given_on": "2020-01-01", "purpose": "推荐"},
    "withdraw_consent": {"consent_id": "c1"},
    "confirm_eligibility": {"decision": "open", "hardship_types": []},
    "propose_mentor": {},
    "accept_pairing": {},
    "decline_pairing": REASON,
    "assign_mentor": {**REASON, "mentor_id": "mentor-2"},
    "refuse_mentor": REASON,
    "record_assessment": {"intention": "就业", "risk_level": "B"},
    "set_plan": {"goals": [{"title": "g", "measures": [{"title": "m", "due_on": "2099-01-01"}]}]},
    "approve_plan": {"plan_version": 1},
    "reject_plan": {"plan_version": 1, **REASON},
    "complete_measure": {"measure_id": "m1"},
    "record_contact": {"method": "phone", "content": "联系"},
    "record_service": {"service_type": "career_guidance", "method": "phone", "content": "指导"},
    "confirm_service": {"service_id": "s1", "agreed": True},
    "enrol_training": {"course": "宏志助航"},
    "complete_training": {"enrolment_id": "t1"},
    "withdraw_training": {"enrolment_id": "t1", **REASON},
    "send_referral": {"kind": "employer", "to": "employer", "purpose": "推荐"},
    "answer_referral": {"referral_id": "r1", "answer": "accepted"},
    "report_referral_outcome": {"referral_id": "r1", "outcome": "failed", "result": "未录用"},
    "acknowledge_referral": {"referral_id": "r1"},
    "cancel_referral": {"referral_id": "r1", **REASON},
    "place_hold": {**REASON, "until": "2099-01-01"},
    "release_hold": {},
    "request_transfer": {"kind": "mentor", "to": "mentor-2", **REASON},
    "accept_transfer": {"transfer_id": "x1"},
    "decline_transfer": {"transfer_id": "x1"},
    "register_destination": {"code": "11"},
    "verify_destination": DESTINATION,
    "reject_destination": {**DESTINATION, **REASON},
    "mark_left_school": {},
    "record_follow_up": {"situation": "seeking", "content": "求职中"},
    "record_stability_check": {"stable": True, "content": "在岗"},
    "request_closure": {"reason": "waived", "outcome": "放弃"},
    "approve_closure": {},
    "reject_closure": REASON,
    "reopen": {"reason": "asked"},
    "place_legal_hold": REASON,
    "lift_legal_hold": REASON,
    "request_erasure": REASON,
    "approve_erasure": {},
    "reject_erasure": REASON,
    "raise_objection": {"about": "data", "text": "信息有误"},
    "answer_objection": {"objection_id": "o1", "verdict": "upheld", **REASON},
    "change_policy": {"policy_ref": "national@1", **REASON},
}


@pytest.mark.parametrize("actor", ["mentor-1", "counselor", "college", "graduate"])
async def test_what_is_not_possible_is_refused_for_the_reason_given(product: Product, actor: str) -> None:
    for case_id in (await product.open_case(), await product.paired()):
        who = f"graduate:{case_id}" if actor == "graduate" else actor
        listed = await product.get(f"/cases/{case_id}/commands", who)
        if listed.status == 404:
            continue
        possible = listed.body["commands"]
        assert {line["type"] for line in possible} == FIELDS.keys()
        impossible = [line for line in possible if not line["allowed"]]
        assert 10 < len(impossible) < len(possible)
        for line in impossible:
            answer = await product.do(case_id, who, {"type": line["type"]} | FIELDS[line["type"]])
            assert (answer.status, answer.code) == (409, line["code"]), line["type"]
            assert (answer.body["zh"], answer.body["en"]) == (line["zh"], line["en"])
        assert (await product.get(f"/cases/{case_id}", who)).body["version"] == listed.body["version"]


async def test_what_is_possible_may_be_done(product: Product) -> None:
    case_id = await product.delivering()
    listed = (await product.get(f"/cases/{case_id}/commands", "mentor-1")).body["commands"]
    allowed = {line["type"] for line in listed if line["allowed"]}
    week = {"until": (datetime.now(UTC).date() + timedelta(days=7)).isoformat()}
    names = ("annotate", "record_contact", "record_service", "enrol_training", "send_referral", "place_hold")
    for name in names:
        assert name in allowed
        more = week if name == "place_hold" else {}
        await product.accepted(case_id, "mentor-1", {"type": name} | FIELDS[name] | more)
