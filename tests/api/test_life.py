"""The life of a graduate's file, driven as people drive it: over HTTP, against a real Temporal server."""

import asyncio
from collections import Counter
from typing import Any

from tests.product import STAFF, Product

EMPLOYMENT = {
    "type": "register_destination",
    "code": "11",
    "employer": "示例科技有限公司",
    "monthly_pay": 5200,
    "evidence": [{"type": "labor_contract"}],
}


async def test_a_case_begins_in_intake_and_says_what_is_due(product: Product) -> None:
    case_id = await product.open_case(hardship_types=["低保"])
    case = (await product.get(f"/cases/{case_id}", "counselor")).body
    assert case["stage"] == "intake"
    assert case["next_deadline"]["clock"] == "confirm_eligibility"
    assert case["next_deadline"]["owner"] == "department:cs"


async def test_refusals_come_with_code_and_both_languages_and_change_nothing(product: Product) -> None:
    case_id = await product.open_case()
    refused = await product.do(
        case_id, "mentor-1", {"type": "record_assessment", "intention": "x", "risk_level": "A"}
    )
    assert (refused.status, refused.code) == (409, "not_paired")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.body["zh"] == "尚未结对帮扶责任人。"
    assert refused.body["en"] == "The graduate is not paired with a mentor yet."
    assert [event["type"] for event in await product.timeline(case_id)] == ["case_opened"]


async def test_from_delivery_to_closure_and_back(product: Product) -> None:
    case_id = await product.delivering()
    for service in ("policy_briefing", "career_guidance", *["job_recommendation"] * 3):
        command = {"type": "record_service", "service_type": service, "method": "phone", "content": "已办"}
        await product.accepted(case_id, "mentor-1", command)
    await product.accepted(case_id, "mentor-1", {"type": "enrol_training", "course": "宏志助航"})
    done = await product.accepted(
        case_id, "mentor-1", {"type": "complete_training", "enrolment_id": "t1", "score_after": 88}
    )
    assert (done["case"]["package"]["done"], done["case"]["package"]["due"]) == (6, 6)
    confirmed = await product.accepted(
        case_id, f"graduate:{case_id}", {"type": "confirm_service", "service_id": "s1", "agreed": True}
    )
    assert confirmed["case"]["package"]["confirmed"] == 1

    proof = EMPLOYMENT | {"evidence": [{"type": "traineeship_proof"}]}
    assert (await product.do(case_id, "mentor-1", proof)).code == "traineeship_is_not_employment"
    await product.accepted(case_id, "mentor-1", EMPLOYMENT)
    verify: dict[str, Any] = {"type": "verify_destination", "destination_id": "d1"}
    assert (await product.do(case_id, "mentor-1", verify | {"level": "department"})).code == "self_approval"
    assert (await product.do(case_id, "career-centre", verify | {"level": "school"})).code == "out_of_order"
    await product.accepted(case_id, "college", verify | {"level": "department"})
    await product.accepted(case_id, "career-centre", verify | {"level": "school"})

    closure = {"type": "request_closure", "reason": "destination_verified", "outcome": "已就业"}
    await product.accepted(case_id, "mentor-1", closure)
    closed = await product.accepted(case_id, "college", {"type": "approve_closure"})
    assert closed["case"]["stage"] == "closed"
    assert [line["clock"] for line in closed["case"]["deadlines"]] == ["stability_check"]
    contact = {"type": "record_contact", "method": "phone", "content": "回访"}
    assert (await product.do(case_id, "mentor-1", contact)).code == "case_closed"
    reopened = await product.accepted(case_id, "college", {"type": "reopen", "reason": "contract_dissolved"})
    assert reopened["case"]["stage"] == "delivery"
    assert reopened["case"]["destinations"][0]["status"] == "dissolved"


async def test_a_list_is_all_or_nothing(product: Product) -> None:
    case_id = await product.paired()
    assessment = {"type": "record_assessment", "intention": "升学", "risk_level": "B"}
    late = {
        "type": "set_plan",
        "goals": [{"title": "g", "measures": [{"title": "m", "due_on": "2020-01-01"}]}],
    }
    before = await product.timeline(case_id)
    assert (await product.do(case_id, "mentor-1", assessment, late)).code == "due_date_past"
    assert await product.timeline(case_id) == before


async def test_the_same_key_never_acts_twice(product: Product) -> None:
    case_id = await product.paired()
    contact = {"type": "record_contact", "method": "phone", "content": "联系一次"}
    key = {"Idempotency-Key": f"{case_id}-1"}
    answers = await asyncio.gather(
        *(product.do(case_id, "mentor-1", contact, headers=dict(key)) for _ in range(5))
    )
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["version"] for answer in answers}) == 1
    kinds = Counter(event["type"] for event in await product.timeline(case_id))
    assert kinds["contact_recorded"] == 1


async def test_a_key_that_carries_another_command_is_refused(product: Product) -> None:
    case_id = await product.paired()
    key = {"Idempotency-Key": f"{case_id}-2"}
    first = {"type": "record_contact", "method": "phone", "content": "一"}
    assert (await product.do(case_id, "mentor-1", first, headers=dict(key))).status == 200
    other = await product.do(case_id, "mentor-1", first | {"content": "二"}, headers=dict(key))
    assert (other.status, other.code) == (422, "idempotency_key_reused")


async def test_a_stale_version_is_told_apart_from_a_refusal(product: Product) -> None:
    case_id = await product.paired()
    seen = (await product.get(f"/cases/{case_id}", "mentor-1")).headers["etag"]
    contact = {"type": "record_contact", "method": "phone", "content": "联系"}
    answers = await asyncio.gather(
        *(product.do(case_id, "mentor-1", contact, headers={"If-Match": seen}) for _ in range(2))
    )
    assert sorted(answer.status for answer in answers) == [200, 412]


async def test_what_comes_while_a_history_ends_is_answered_by_the_next(product: Product) -> None:
    case_id = await product.paired()
    contact = {"type": "record_contact", "method": "phone", "content": "联系"}
    for _ in range(20):
        answers = await asyncio.gather(*(product.do(case_id, "mentor-1", contact) for _ in range(4)))
        assert [answer.status for answer in answers] == [200] * 4
    kinds = Counter(event["type"] for event in await product.timeline(case_id))
    assert kinds["contact_recorded"] == 80


async def test_accept_and_cancel_at_the_same_moment_have_one_winner(product: Product) -> None:
    case_id = await product.delivering()
    for number in range(1, 6):
        send = {
            "type": "send_referral",
            "kind": "employer",
            "to": "employer",
            "purpose": "推荐",
            "disclose": ["name"],
        }
        await product.accepted(case_id, "mentor-1", send)
        referral = {"referral_id": f"r{number}"}
        accept, cancel = await asyncio.gather(
            product.do(case_id, "employer", {"type": "answer_referral", "answer": "accepted"} | referral),
            product.do(case_id, "mentor-1", {"type": "cancel_referral", "reason": "已落实"} | referral),
        )
        assert sorted((accept.status, cancel.status)) == [200, 409]
        if accept.status == 200:
            report = {"type": "report_referral_outcome", "outcome": "failed", "result": "未录用"} | referral
            await product.accepted(case_id, "employer", report)
            await product.accepted(case_id, "mentor-1", {"type": "acknowledge_referral"} | referral)


async def test_two_hundred_proposals_never_exceed_a_capacity(product: Product) -> None:
    cases = [await product.eligible() for _ in range(40)]
    capacity = next(person["capacity"] for person in STAFF if person["id"] == "leader")
    free = capacity - await load_of(product, "leader")
    propose = {"type": "propose_mentor", "mentor_id": "leader"}
    answers = await asyncio.gather(*(product.do(case, "counselor", propose) for case in cases * 5))
    granted = sum(answer.status in (200, 202) for answer in answers)
    assert 0 < granted <= free
    assert {answer.code for answer in answers} == {None, "no_capacity", "proposal_open"}
    # Two may have stood in each other's way over a place, which is free again once all is quiet.
    quiet = [await product.do(case, "counselor", propose) for case in cases]
    assert granted + sum(answer.status == 200 for answer in quiet) == free
    assert await load_of(product, "leader") == capacity


async def load_of(product: Product, mentor: str) -> int:
    staff = (await product.get("/staff?role=mentor")).body["items"]
    return next(person["load"] for person in staff if person["id"] == mentor)


async def test_a_case_goes_only_to_somebody_who_is_there(product: Product) -> None:
    case_id = await product.paired()
    request = {"type": "request_transfer", "reason": "转专业"}
    nowhere = await product.do(case_id, "mentor-1", request | {"kind": "department", "to": "nowhere"})
    nobody = await product.do(case_id, "mentor-1", request | {"kind": "mentor", "to": "nobody"})
    assert (nowhere.code, nobody.code) == ("unknown_department", "mentor_unknown")
    for staff_id, role in (("keeps-accounts", "administrator"), ("left-already", "mentor")):
        post = {"id": staff_id, "name": "测试", "role": role, "department_id": "cs"}
        assert (await product.request("POST", "/staff", json=post)).status == 201
    left = await product.request(
        "POST", "/staff/left-already/offboarding", "college", json={"reason": "离职"}
    )
    assert left.status == 202

    async def gone() -> bool:
        return (await product.get("/staff/left-already/offboarding", "college")).body["status"] == "done"

    await product.until(gone, what="the offboarding has ended")
    for to in ("employer", "keeps-accounts", "left-already"):
        unable = await product.do(case_id, "mentor-1", request | {"kind": "mentor", "to": to})
        assert (unable.status, unable.code) == (409, "mentor_unknown")
    await product.accepted(case_id, "mentor-1", request | {"kind": "department", "to": "edu"})
    accept = {"type": "accept_transfer", "transfer_id": "x1"}
    moved = await product.do(case_id, "other-college", accept)
    assert (moved.status, moved.case["department_id"], moved.case["stage"]) == (200, "edu", "pairing")


async def test_a_mentor_without_a_stated_capacity_takes_what_the_standards_allow(product: Product) -> None:
    person = {"id": "newcomer", "name": "新导师", "role": "mentor", "department_id": "edu"}
    added = await product.request("POST", "/staff", json=person)
    assert (added.status, added.body["capacity"]) == (201, product.services.policies[0].pairing.hard_cap)


async def test_a_correction_is_kept_as_an_import_would_read_it(product: Product) -> None:
    case_id = await product.open_case()
    draft = {"type": "correct_profile", "reason": "更正", "phone": "+86 100-1234-5678", "sex": "女"}
    corrected = await product.accepted(case_id, "college", draft)
    assert corrected["events"][0]["data"]["changes"] == {"phone": "100****5678", "sex": "2"}
    assert (await product.do(case_id, "college", draft)).code == "nothing_changed"
    wrong = await product.do(case_id, f"graduate:{case_id}", draft | {"sex": "2", "phone": "打不通"})
    assert (wrong.status, wrong.code) == (409, "value_unsound")
