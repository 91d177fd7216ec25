"""What waits for a supervisor's decision: by whom, since when, and whose it is to decide."""

from typing import Any

import pytest

from tests.messages.test_inbox import college_with_cases, someone
from tests.product import ELIGIBLE, Product

ASSESSED = {"type": "record_assessment", "intention": "就业", "risk_level": "C"}
GOALS = [{"title": "就业", "measures": [{"title": "推荐", "due_on": "2099-01-01"}]}]
PLAN = {"type": "set_plan", "goals": GOALS}


async def waiting(product: Product, actor: str, query: str = "") -> list[dict[str, Any]]:
    answer = await product.get(f"/approvals?limit=200{query}", actor)
    assert answer.status == 200, answer.body
    return answer.body["items"]


async def mentored(product: Product, supervisor: str, case_id: str, mentor: str) -> None:
    assign = {"type": "assign_mentor", "mentor_id": mentor, "reason": "专业对口"}
    await product.accepted(case_id, supervisor, ELIGIBLE)
    await product.accepted(case_id, supervisor, assign)


async def test_each_decision_is_with_who_makes_it(product: Product) -> None:
    supervisor, (case_id,) = await college_with_cases(product, 1)
    mentor = await someone(product, "mentor", department_id="cs", name="申请人")
    await mentored(product, supervisor, case_id, mentor)
    assert await waiting(product, supervisor) == []
    await product.accepted(case_id, mentor, ASSESSED, PLAN)
    (plan,) = await waiting(product, supervisor)
    assert (plan["case_id"], plan["clock"], plan["subject"]) == (case_id, "approve_plan", "1")
    assert (plan["by"], plan["by_name"], plan["own"], plan["overdue"]) == (mentor, "申请人", False, False)
    assert plan["display"].startswith("测试")
    assert plan["since"] < plan["due_at"]
    graduate = f"graduate:{case_id}"
    await product.accepted(
        case_id, graduate, {"type": "raise_objection", "about": "data", "text": "不准确", "fields": ["phone"]}
    )
    await product.accepted(
        case_id, mentor, {"type": "request_closure", "reason": "withdrawn", "outcome": "退学"}
    )
    mine = {item["clock"]: item for item in await waiting(product, supervisor)}
    assert mine.keys() == {"approve_plan", "answer_objection", "approve_closure"}
    assert (mine["answer_objection"]["by"], mine["answer_objection"]["own"]) == (None, False)
    assert mine["approve_closure"]["by"] == mentor
    assert await waiting(product, supervisor, "&clock=verify_destination") == []
    assert len(await waiting(product, supervisor, "&clock=approve_plan")) == 1
    await product.accepted(case_id, supervisor, {"type": "approve_plan", "plan_version": 1})
    assert await waiting(product, supervisor, "&clock=approve_plan") == []
    await product.accepted(case_id, supervisor, {"type": "approve_closure"})
    await product.accepted(case_id, graduate, {"type": "request_erasure", "reason": "本人要求"})
    (erasure,) = [item for item in await waiting(product, "career-centre") if item["case_id"] == case_id]
    assert (erasure["clock"], erasure["by"], erasure["by_name"]) == ("approve_erasure", graduate, None)


async def test_one_s_own_work_is_marked_as_another_s_to_approve(product: Product) -> None:
    supervisor, (case_id,) = await college_with_cases(product, 1)
    await mentored(product, supervisor, case_id, supervisor)
    await product.accepted(case_id, supervisor, ASSESSED, PLAN)
    (plan,) = await waiting(product, supervisor)
    assert (plan["by"], plan["own"]) == (supervisor, True)
    refused = await product.do(case_id, supervisor, {"type": "approve_plan", "plan_version": 1})
    assert refused.code == "self_approval"


async def test_a_college_that_is_asked_to_take_a_case_sees_no_name_yet(product: Product) -> None:
    supervisor, (case_id,) = await college_with_cases(product, 1)
    receiver, _ = await college_with_cases(product, 0)
    college = (await product.get("/staff?limit=200", "admin")).body["items"]
    to = next(person["department_id"] for person in college if person["id"] == receiver)
    ask = {"type": "request_transfer", "kind": "department", "to": to, "reason": "转专业"}
    await mentored(product, supervisor, case_id, supervisor)
    await product.accepted(case_id, supervisor, ask)
    (asked,) = await waiting(product, receiver)
    assert (asked["case_id"], asked["clock"], asked["display"]) == (case_id, "answer_transfer", case_id)
    assert (asked["by"], asked["by_name"]) == (None, None)
    assert await waiting(product, supervisor) == []


async def test_pages_follow_one_another(product: Product) -> None:
    supervisor, cases = await college_with_cases(product, 3)
    for case_id in cases:
        await mentored(product, supervisor, case_id, "mentor-1")
        await product.accepted(case_id, "mentor-1", ASSESSED, PLAN)
    seen: list[str] = []
    cursor = ""
    while True:
        answer = await product.get(f"/approvals?limit=2{cursor}", supervisor)
        seen += [item["case_id"] for item in answer.body["items"]]
        if answer.body["next_cursor"] is None:
            break
        cursor = f"&cursor={answer.body['next_cursor']}"
    assert sorted(seen) == sorted(cases)


@pytest.mark.parametrize("actor", ["mentor-1", "counselor", "employer", "admin"])
async def test_only_supervisors_decide(product: Product, actor: str) -> None:
    answer = await product.get("/approvals", actor)
    assert (answer.status, answer.code) == (403, "role_not_allowed")
