"""Suggestions to even out loads: of whom, to whom, and nothing beyond the room there is."""

from datetime import date
from typing import Any

from models.case.kernel import ReserveMentor, Role
from models.tables import Staff
from services.rebalance import Movable, takers
from tests.messages.test_inbox import college_with_cases, someone
from tests.product import Product
from tests.views.test_approvals import mentored

TODAY = date(2027, 3, 1)


def mentor(id_: str, department: str = "cs", capacity: int = 3, **more: Any) -> Staff:
    given: dict[str, Any] = {"experienced": False, **more}
    return Staff(
        id=id_,
        school_id="10001",
        department_id=department,
        name=id_,
        role=Role.MENTOR,
        capacity=capacity,
        **given,
    )


def case(number: int, of: Staff, *, excluded: tuple[str, ...] = (), experienced: bool = False) -> Movable:
    need = ReserveMentor(
        case_id=f"case-{number}",
        school_id="10001",
        department_id="cs",
        mentor_id=None,
        excluded=excluded,
        experienced=experienced,
        soft_load=5,
        hard_cap=40,
    )
    return Movable(need, of, "absent")


def planned(cases: list[Movable], staff: list[Staff], loads: dict[str, int]) -> list[str | None]:
    return [taker and taker.id for _, taker, _ in takers(cases, staff, loads, TODAY)]


def test_places_are_taken_one_by_one_until_there_are_none() -> None:
    away = mentor("away", absent_from=TODAY)
    staff = [away, mentor("b", capacity=2), mentor("c", capacity=3)]
    cases = [case(number, away) for number in range(4)]
    assert planned(cases, staff, {"away": 4, "b": 1, "c": 1}) == ["c", "b", "c", None]


def test_only_the_department_takes_over_and_nobody_who_was_refused() -> None:
    away, far, refused = mentor("away", absent_from=TODAY), mentor("far", "law"), mentor("refused")
    assert planned([case(1, away, excluded=("refused",))], [away, far, refused], {}) == [None]
    assert planned([case(1, away)], [away, far, refused], {}) == ["refused"]


def test_the_highest_risk_goes_to_the_experienced() -> None:
    away, young, old = mentor("away", absent_from=TODAY), mentor("a"), mentor("b", experienced=True)
    assert planned([case(1, away, experienced=True)], [away, young, old], {"b": 2}) == ["b"]
    assert planned([case(1, away)], [away, young, old], {"b": 2}) == ["a"]


async def suggested(product: Product, actor: str, query: str = "") -> list[dict[str, Any]]:
    answer = await product.get(f"/supervision/rebalance{query}", actor)
    assert answer.status == 200, answer.body
    return answer.body["suggestions"]


async def test_what_is_above_capacity_is_suggested_and_assigned(product: Product) -> None:
    supervisor, cases = await college_with_cases(product, 2)
    college = (await product.get("/staff?limit=200", "admin")).body["items"]
    department = next(person["department_id"] for person in college if person["id"] == supervisor)
    full = await someone(product, "mentor", department_id=department, capacity=2, name="满员者")
    for case_id in cases:
        await mentored(product, supervisor, case_id, full)
    free = await someone(product, "mentor", department_id=department, capacity=1, name="有余者")
    assert [item for item in await suggested(product, supervisor) if item["from_id"] == full] == []
    await product.request("PATCH", f"/staff/{full}", "admin", json={"capacity": 1})
    (item,) = [item for item in await suggested(product, supervisor) if item["from_id"] == full]
    assert (item["cause"], item["to_id"], item["to_room"], item["from_name"]) == (
        "overfull",
        free,
        1,
        "满员者",
    )
    other, _ = await college_with_cases(product, 0)
    assert [entry for entry in await suggested(product, other) if entry["from_id"] == full] == []
    await product.accepted(
        item["case_id"], supervisor, {"type": "assign_mentor", "mentor_id": free, "reason": "负载调整"}
    )
    assert [item for item in await suggested(product, supervisor) if item["from_id"] == full] == []
