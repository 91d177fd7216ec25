"""The overview: its filters, the funnel, hardship types, and the follow-up after leaving school."""

from typing import Any

from tests.messages.test_inbox import college_with_cases, someone
from tests.product import ELIGIBLE, UNOWED, Product
from tests.views.test_approvals import ASSESSED, PLAN, mentored

LEFT = {"type": "mark_left_school"}


async def overview(product: Product, actor: str, query: str = "") -> dict[str, Any]:
    answer = await product.get(f"/supervision/overview{query}", actor)
    assert answer.status == 200, answer.body
    return answer.body


async def college_of(product: Product, supervisor: str) -> str:
    people = (await product.get("/staff?limit=200", "admin")).body["items"]
    return next(person["department_id"] for person in people if person["id"] == supervisor)


async def test_the_funnel_counts_how_far_each_case_has_come(product: Product) -> None:
    supervisor, cases = await college_with_cases(product, 5)
    await product.accepted(cases[0], supervisor, UNOWED)
    await product.accepted(cases[1], supervisor, ELIGIBLE)
    await mentored(product, supervisor, cases[2], "mentor-1")
    await mentored(product, supervisor, cases[3], "mentor-1")
    await product.accepted(cases[3], "mentor-1", ASSESSED, PLAN)
    await product.accepted(cases[3], supervisor, {"type": "approve_plan", "plan_version": 1})
    found = await overview(product, supervisor)
    assert {item["step"]: item["count"] for item in found["funnel"]} == {
        "opened": 4,
        "eligible": 3,
        "paired": 2,
        "assessed": 1,
        "planned": 1,
        "package_complete": 0,
        "settled": 0,
    }
    assert [(item["type"], item["total"], item["unassigned"]) for item in found["hardship_types"]] == [
        (None, 2, 1),
        ("LIFTED_POVERTY", 3, 1),
    ]


async def test_filters_narrow_every_number(product: Product) -> None:
    supervisor, cases = await college_with_cases(product, 2)
    college = await college_of(product, supervisor)
    await mentored(product, supervisor, cases[0], "mentor-1")
    poor = await overview(product, supervisor, "?hardship_type=LIFTED_POVERTY")
    assert (poor["total"], [item["type"] for item in poor["hardship_types"]]) == (1, ["LIFTED_POVERTY"])
    nobody = await overview(product, supervisor, "?hardship_type=ORPHAN")
    assert (nobody["total"], nobody["overdue"], nobody["stages"]) == (0, 0, [])
    assert (await overview(product, supervisor, f"?department={college}"))["total"] == 2
    assert (await overview(product, "career-centre", f"?department={college}"))["total"] == 2
    foreign = await product.get("/supervision/overview?department=cs", supervisor)
    assert (foreign.status, foreign.code) == (403, "role_not_allowed")
    wrong = await product.get("/supervision/overview?hardship_type=none", supervisor)
    assert (wrong.status, wrong.code) == (422, "invalid_request")


async def test_who_does_not_see_hardship_cannot_count_a_single_person_by_it(product: Product) -> None:
    supervisor, (case_id,) = await college_with_cases(product, 1)
    await product.accepted(case_id, supervisor, ELIGIBLE)
    query = f"?department={await college_of(product, supervisor)}"
    seen = await overview(product, "career-centre", query)
    assert (seen["total"], [item["total"] for item in seen["hardship_types"]]) == (1, [None])
    narrowed = await overview(product, "career-centre", f"{query}&hardship_type=LIFTED_POVERTY")
    assert (narrowed["total"], narrowed["stages"][0]["count"]) == (None, None)
    assert (await overview(product, supervisor, query))["hardship_types"][0]["total"] == 1


async def test_those_who_left_school_are_followed_up_in_time(product: Product) -> None:
    supervisor, cases = await college_with_cases(product, 2)
    for case_id in cases:
        await product.accepted(case_id, supervisor, ELIGIBLE, LEFT)
    assign = {"type": "assign_mentor", "mentor_id": "mentor-1", "reason": "专业对口"}
    await product.accepted(cases[0], supervisor, assign)
    found = (await overview(product, supervisor))["after_leaving"]
    assert found == {"open": 2, "on_time": 1, "late": 0, "none_due": 1}


async def test_those_who_left_school_are_followed_up_late(quick: Product) -> None:
    supervisor, (case_id,) = await college_with_cases(quick, 1)
    await mentored(quick, supervisor, case_id, await someone(quick, "mentor", department_id="cs"))
    await quick.accepted(case_id, supervisor, LEFT)

    async def late() -> bool:
        found = (await overview(quick, supervisor))["after_leaving"]
        assert found["open"] == 1
        return (found["late"], found["on_time"]) == (1, 0)

    await quick.until(late, what="the follow-up is late")
