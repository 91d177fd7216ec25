"""The inbox of each role, the supervisors' numbers, the partners' list: on a real worker and database."""

from itertools import count
from typing import Any

import pytest

from tests.product import ELIGIBLE, UNOWED, Product

PEOPLE = count(1)


async def someone(product: Product, role: str, **fields: Any) -> str:
    """A new member of staff, so that nobody else's cases are in the way."""
    draft = {"id": f"{role}-in-{next(PEOPLE)}", "name": "测试人员", "role": role, "capacity": 50} | fields
    answer = await product.request("POST", "/staff", json=draft)
    assert answer.status == 201, answer.body
    return answer.body["id"]


async def college_with_cases(product: Product, number: int) -> tuple[str, list[str]]:
    """A new college with a supervisor of its own and cases that wait for their eligibility."""
    college = f"college-{next(PEOPLE)}"
    await product.request("POST", "/departments", json={"id": college, "name": college})
    supervisor = await someone(product, "department_supervisor", department_id=college)
    cases: list[str] = []
    for index in range(number):
        draft = {"student_no": f"{college}-{index}", "name": f"测试{index}", "department_id": college}
        answer = await product.request("POST", "/cases", supervisor, json=draft)
        assert answer.status == 201, answer.body
        cases.append(answer.body["case_id"])
    return supervisor, cases


async def inbox(product: Product, actor: str, query: str = "") -> dict[str, Any]:
    answer = await product.get(f"/inbox{query}", actor)
    assert answer.status == 200, answer.body
    return answer.body


async def due(product: Product, actor: str) -> list[dict[str, Any]]:
    """All that is due to somebody in two months, of however many pages: others have opened cases as well."""
    query = "?days=60&limit=200"
    page = await inbox(product, actor, query)
    found = page["due"]
    while cursor := page["next_cursors"].get("due"):
        page = await inbox(product, actor, f"{query}&section=due&cursor={cursor}")
        found += page["due"]
    return found


async def test_a_deadline_is_in_the_inbox_of_its_owner_only(product: Product) -> None:
    mentor = await someone(product, "mentor", department_id="cs")
    case_id = await product.paired(mentor)
    mine = await inbox(product, mentor, "?days=60")
    (talk,) = mine["due"]
    assert (talk["case_id"], talk["clock"]) == (case_id, "first_talk")
    assert mine["counts"]["due"] == 1
    assert talk["zh"] == "摸底谈话"
    assert talk["display"].startswith("测试")
    assert mine["overdue"] == []
    assert [notice["kind"] for notice in mine["notices"]] == ["mentor_assigned"]
    assert case_id not in {entry["case_id"] for entry in await due(product, "mentor-1")}


async def test_a_mentor_waits_for_the_college_to_approve(product: Product) -> None:
    mentor = await someone(product, "mentor", department_id="cs")
    case_id = await product.paired(mentor)
    goals = [{"title": "就业", "measures": [{"title": "推荐", "due_on": "2099-01-01"}]}]
    await product.accepted(
        case_id,
        mentor,
        {"type": "record_assessment", "intention": "就业", "risk_level": "C"},
        {"type": "set_plan", "goals": goals},
    )
    waiting = (await inbox(product, mentor))["waiting_for_others"]
    assert [(entry["case_id"], entry["clock"], entry["owner"]) for entry in waiting] == [
        (case_id, "approve_plan", "department:cs")
    ]
    college = {(entry["case_id"], entry["clock"]) for entry in await due(product, "college")}
    assert (case_id, "approve_plan") in college
    # Approving is the supervisor's, not the counselor's.
    counselor = {entry["clock"] for entry in await due(product, "counselor")}
    assert counselor <= {"confirm_eligibility", "propose_mentor"}


async def test_pages_follow_one_another_without_gap_or_repetition(product: Product) -> None:
    supervisor, cases = await college_with_cases(product, 5)
    seen: list[str] = []
    query = "?days=60&limit=2"
    first = await inbox(product, supervisor, query)
    page = first
    while True:
        seen += [entry["case_id"] for entry in page["due"]]
        cursor = page["next_cursors"].get("due")
        if cursor is None:
            break
        page = await inbox(product, supervisor, f"{query}&section=due&cursor={cursor}")
    assert sorted(seen) == sorted(cases)
    assert first["counts"]["due"] == 5


@pytest.mark.parametrize(
    ("query", "code"),
    [("?section=due&cursor=AAAA", "cursor_invalid"), ("?cursor=AAAA", "section_required")],
)
async def test_a_wrong_cursor_is_refused(product: Product, query: str, code: str) -> None:
    answer = await product.get(f"/inbox{query}", "mentor-1")
    assert (answer.status, answer.code) == (422, code)


async def test_a_late_act_is_overdue_for_its_owner_and_seen_above(quick: Product) -> None:
    mentor = await someone(quick, "mentor", department_id="cs")
    case_id = await quick.paired(mentor)

    async def late() -> list[dict[str, Any]]:
        found = (await inbox(quick, mentor))["overdue"]
        return [entry for entry in found if (entry["clock"], entry["rung"]) == ("first_talk", "school")]

    (entry,) = await quick.until(late, what="the talk is overdue up to the school")
    assert entry["overdue"]
    assert "学校督办" in entry["zh"]
    centre = await inbox(quick, "career-centre", "?limit=200")
    assert (case_id, "first_talk") in {
        (item["case_id"], item["clock"]) for item in centre["waiting_for_others"]
    }
    told = [notice["kind"] for notice in centre["notices"] if notice["case_id"] == case_id]
    assert "rung:first_talk:school" in told
    listed = await quick.get("/supervision/overdue?rung=school&limit=200", "college")
    assert (case_id, mentor) in {(item["case_id"], item["mentor_id"]) for item in listed.body["items"]}
    talks = await quick.get("/supervision/overdue?clock=first_talk&limit=200", "college")
    assert case_id in {item["case_id"] for item in talks.body["items"]}
    assert {item["clock"] for item in talks.body["items"]} == {"first_talk"}
    foreign = await quick.get("/supervision/overdue?limit=200", "other-college")
    assert case_id not in {item["case_id"] for item in foreign.body["items"]}
    numbers = (await quick.get("/supervision/overview", "college")).body
    assert sum(item["count"] for item in numbers["overdue_by_rung"]) == numbers["overdue"] > 0


async def test_the_overview_counts_what_stands(product: Product) -> None:
    supervisor, cases = await college_with_cases(product, 3)
    await product.accepted(cases[0], supervisor, ELIGIBLE)
    await product.accepted(cases[1], supervisor, UNOWED)
    answer = await product.get("/supervision/overview", supervisor)
    assert answer.status == 200, answer.body
    numbers = answer.body
    assert {item["stage"]: item["count"] for item in numbers["stages"]} == {
        "pairing": 1,
        "intake": 1,
        "not_open": 1,
    }
    (college,) = numbers["departments"]
    assert (college["total"], college["open"], college["unassigned"]) == (3, 2, 2)
    assert (college["services_due"], college["services_done"], college["unserved_count"]) == (6, 0, 1)
    assert numbers["settled"] == 0
    other_cohort = await product.get("/supervision/overview?cohort=2001", supervisor)
    assert other_cohort.body["total"] == 0


async def test_an_observer_sees_numbers_and_no_name(product: Product) -> None:
    observer = await someone(product, "provincial_observer")
    await product.open_case()
    answer = await product.get("/supervision/overview", observer)
    assert answer.status == 200
    assert answer.body["total"] != 0
    assert "测试" not in str(answer.body)
    for path in ("/supervision/caseload", "/supervision/overdue", "/referrals"):
        refused = await product.get(path, observer)
        assert (refused.status, refused.code) == (403, "role_not_allowed")


@pytest.mark.parametrize("actor", ["mentor-1", "counselor", "employer", "admin"])
async def test_only_supervisors_see_the_overview(product: Product, actor: str) -> None:
    answer = await product.get("/supervision/overview", actor)
    assert (answer.status, answer.code) == (403, "role_not_allowed")


async def test_caseload_shows_room_and_lateness_but_no_rate(product: Product) -> None:
    mentor = await someone(product, "mentor", department_id="edu", capacity=4)
    await product.paired(mentor)
    answer = await product.get("/supervision/caseload?limit=200", "career-centre")
    line = next(item for item in answer.body["items"] if item["staff_id"] == mentor)
    assert (line["capacity"], line["load"], line["open_cases"], line["overdue"]) == (4, 1, 1, 0)
    assert not [name for name in line if "rate" in name]
    own = await product.get("/supervision/caseload?limit=200", "other-college")
    assert {item["department_id"] for item in own.body["items"]} == {"edu"}
    foreign = await product.get("/supervision/caseload?department=cs", "other-college")
    assert (foreign.status, foreign.code) == (403, "role_not_allowed")


async def test_a_partner_sees_what_was_disclosed_while_it_is_open(product: Product) -> None:
    mentor = await someone(product, "mentor", department_id="cs")
    partner = await someone(product, "partner")
    case_id = await product.paired(mentor, name="测试转介", phone="10012345678", major="软件工程")
    await product.accepted(
        case_id,
        mentor,
        {
            "type": "send_referral",
            "kind": "employer",
            "to": partner,
            "purpose": "面试机会",
            "disclose": ["name", "phone"],
        },
    )
    (seen,) = (await product.get("/referrals", partner)).body["items"]
    assert seen["disclosed"] == {"name": "测试转介", "phone": "10012345678"}
    assert (seen["case_id"], seen["status"], seen["purpose"]) == (case_id, "sent", "面试机会")
    assert seen["due_at"] is not None
    task = (await inbox(product, partner, "?days=60"))["due"]
    assert [(entry["clock"], entry["display"]) for entry in task] == [("answer_referral", case_id)]
    others = (await product.get("/referrals", "employer")).body["items"]
    assert case_id not in {item["case_id"] for item in others}
    assert case_id in {item["case_id"] for item in (await product.get("/referrals", mentor)).body["items"]}
    answer = {"type": "answer_referral", "referral_id": seen["referral_id"], "answer": "declined"}
    await product.accepted(case_id, partner, answer | {"reason": "no_capacity"})
    assert (await product.get("/referrals", partner)).body["items"] == []
    loops = (await product.get("/supervision/overview", "college")).body["referrals"]
    assert loops["to_answer"]["count"] >= 1
    assert loops["to_answer"]["median_hours"] is not None
