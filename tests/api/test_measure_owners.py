"""A measure of a plan is given to somebody who is there to see to it."""

from datetime import date
from typing import Any

import pytest
from sqlmodel import Session

from models.tables import Staff
from tests.product import Answer, Product


async def plan_for(product: Product, owner_id: str) -> Answer:
    case_id = await product.paired()
    await product.accepted(
        case_id, "mentor-1", {"type": "record_assessment", "intention": "就业", "risk_level": "C"}
    )
    measures = [{"title": "推荐岗位", "due_on": "2099-01-01", "owner_id": owner_id}]
    plan: dict[str, Any] = {"type": "set_plan", "goals": [{"title": "就业", "measures": measures}]}
    return await product.do(case_id, "mentor-1", plan)


@pytest.mark.parametrize("owner_id", ["nobody", " ", "employer", "graduate:case-aaaaaaaaaaaaaaaaaaaaaaaa"])
async def test_a_measure_is_not_given_to_nobody(product: Product, owner_id: str) -> None:
    answer = await plan_for(product, owner_id)
    assert (answer.status, answer.code) == (409, "owner_unknown")
    assert answer.body["details"] == {"owner_id": owner_id}


@pytest.mark.parametrize(
    "changes", [{"school_id": "90099"}, {"departed_on": date(2026, 1, 1)}], ids=["elsewhere", "departed"]
)
async def test_a_measure_is_not_given_to_those_who_are_not_there(
    product: Product, changes: dict[str, Any]
) -> None:
    added = await product.request(
        "POST", "/staff", json={"name": "离任", "role": "mentor", "department_id": "cs"}
    )
    with Session(product.services.engine) as session:
        person = session.get_one(Staff, added.body["id"])
        for name, value in changes.items():
            setattr(person, name, value)
        session.add(person)
        session.commit()
    assert (await plan_for(product, added.body["id"])).code == "owner_unknown"


@pytest.mark.parametrize("owner_id", ["counselor", "teacher", "college", ""])
async def test_staff_of_the_school_see_to_measures(product: Product, owner_id: str) -> None:
    answer = await plan_for(product, owner_id)
    assert (answer.status, answer.events) == (200, ["plan_set"])


async def test_an_owner_has_an_id_that_an_index_can_hold(product: Product) -> None:
    answer = await plan_for(product, "x" * 101)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [(error["field"], error["kind"]) for error in answer.body["errors"]] == [
        ("goals.0.measures.0.owner_id", "string_too_long")
    ]
