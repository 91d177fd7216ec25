"""A leaver's cases are moved by a workflow on a real server; nobody's case is lost with the leaver."""

from itertools import count
from typing import Any

import pytest

from tests.product import Product

PEOPLE = count(1)


async def mentor(product: Product, department: str = "edu", capacity: int = 50) -> str:
    staff_id = f"leaving-{next(PEOPLE)}"
    draft = {"id": staff_id, "name": "测试导师", "role": "mentor", "capacity": capacity}
    answer = await product.request("POST", "/staff", json=draft | {"department_id": department})
    assert answer.status == 201, answer.body
    return staff_id


async def offboard(product: Product, staff_id: str, actor: str = "college", **fields: Any) -> dict[str, Any]:
    path = f"/staff/{staff_id}/offboarding"
    answer = await product.request("POST", path, actor, json={"reason": "调离"} | fields)
    assert answer.status == 202, answer.body

    async def finished() -> dict[str, Any] | None:
        shown = await product.get(path, actor)
        assert shown.status == 200, shown.body
        return shown.body if shown.body["status"] != "running" else None

    return await product.until(finished, what="the offboarding has ended")


async def owner(product: Product, case_id: str) -> str | None:
    return (await product.get(f"/cases/{case_id}", "career-centre")).body["mentor_id"]


async def person(product: Product, staff_id: str) -> dict[str, Any]:
    staff = (await product.get("/staff?limit=200", "career-centre")).body["items"]
    return next(item for item in staff if item["id"] == staff_id)


async def shut_out(product: Product, staff_id: str) -> None:
    """Who has left may ask no more, as soon as what was known a moment ago is read anew."""

    async def refused() -> bool:
        return (await product.get("/inbox", staff_id)).status == 401

    await product.until(refused, what="the leaver is shut out")


async def test_every_case_and_proposal_goes_to_the_successor(product: Product) -> None:
    leaver, successor = await mentor(product, "cs"), await mentor(product, "cs")
    assert (await product.get("/inbox", leaver)).status == 200
    cases = [await product.paired(leaver) for _ in range(10)]
    asked = await product.eligible()
    await product.accepted(asked, "counselor", {"type": "propose_mentor", "mentor_id": leaver})
    shown = await offboard(product, leaver, successor_id=successor)
    assert (shown["status"], shown["total"], shown["moved"], shown["left"]) == ("done", 11, 11, 0)
    assert shown["left_over"] == []
    assert {await owner(product, case_id) for case_id in [*cases, asked]} == {successor}
    (moved,) = [item for item in await product.timeline(cases[0]) if item["data"].get("previous") == leaver]
    assert (moved["actor_id"], moved["data"]["reason"]) == ("college", "调离")
    assert (await person(product, leaver))["departed_on"] is not None
    await shut_out(product, leaver)


async def test_without_a_successor_each_goes_to_the_best_by_the_rules(product: Product) -> None:
    leaver = await mentor(product, "cs")
    case_id = await product.paired(leaver)
    shown = await offboard(product, leaver)
    assert shown["status"] == "done"
    assert await owner(product, case_id) not in (None, leaver)


async def test_what_nobody_can_take_is_named_and_taken_up_again(product: Product) -> None:
    leaver, small, large = (
        await mentor(product, "cs"),
        await mentor(product, "cs", 1),
        await mentor(product, "cs"),
    )
    cases = [await product.paired(leaver) for _ in range(3)]
    shown = await offboard(product, leaver, successor_id=small)
    assert (shown["status"], shown["moved"], shown["left"]) == ("left_over", 1, 2)
    assert {item["code"] for item in shown["left_over"]} == {"no_capacity"}
    assert {item["case_id"] for item in shown["left_over"]} < set(cases)
    here = await person(product, leaver)
    assert here["departed_on"] is None
    assert here["absent_from"] is not None
    # Meanwhile nobody can give the leaver a new case.
    fresh = await product.paired("mentor-2")
    refused = await product.do(
        fresh, "college", {"type": "assign_mentor", "mentor_id": leaver, "reason": "调整"}
    )
    assert refused.code == "mentor_absent"
    shown = await offboard(product, leaver, successor_id=large)
    assert (shown["status"], shown["total"], shown["moved"], shown["left"]) == ("done", 2, 2, 0)
    assert (await person(product, leaver))["departed_on"] is not None


async def test_with_acceptance_a_case_stays_until_the_successor_takes_it(product: Product) -> None:
    leaver, successor = await mentor(product, "cs"), await mentor(product, "cs")
    case_id = await product.paired(leaver)
    wanted: dict[str, Any] = {"successor_id": successor, "with_acceptance": True}
    shown = await offboard(product, leaver, **wanted)
    assert (shown["status"], shown["left"]) == ("asked", 1)
    assert await owner(product, case_id) == leaver
    assert (await offboard(product, leaver, **wanted))["status"] == "asked"
    (transfer,) = (await product.get(f"/cases/{case_id}", "college")).body["transfers"]
    await product.accepted(case_id, successor, {"type": "accept_transfer", "transfer_id": transfer["id"]})
    shown = await offboard(product, leaver, **wanted)
    assert (shown["status"], shown["total"], shown["left"]) == ("done", 0, 0)
    assert (await person(product, leaver))["departed_on"] is not None


@pytest.mark.parametrize(
    ("actor", "status", "code"),
    [
        ("other-college", 403, "role_not_allowed"),
        ("mentor-1", 403, "role_not_allowed"),
        ("admin", 403, "role_not_allowed"),
    ],
)
async def test_only_supervisors_of_the_leaver_may(
    product: Product, actor: str, status: int, code: str
) -> None:
    path = "/staff/mentor-2/offboarding"
    answer = await product.request("POST", path, actor, json={"reason": "调离"})
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("successor", ["mentor-2", "nobody", "employer"])
async def test_the_successor_must_be_another_active_mentor(product: Product, successor: str) -> None:
    body = {"reason": "调离", "successor_id": successor}
    answer = await product.request("POST", "/staff/mentor-2/offboarding", "college", json=body)
    assert (answer.status, answer.code) == (422, "successor_invalid")
    assert (await person(product, "mentor-2"))["absent_from"] is None
    assert (await product.get("/staff/mentor-2/offboarding", "college")).code == "offboarding_unknown"
