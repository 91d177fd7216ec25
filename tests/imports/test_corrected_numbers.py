"""A person is known by the numbers that the file has now, not only by those of its first day."""

from itertools import count
from typing import Any

import pytest

from tests.imports.files import id_number, imported, outcomes, person, roster
from tests.product import Product

_numbers = count(1)


def fresh(amount: int) -> list[str]:
    """Student numbers that no other test uses."""
    return [f"CN{next(_numbers):06d}" for _ in range(amount)]


async def corrected(product: Product, **fields: Any) -> tuple[str, str]:
    """A case whose student number was corrected after it was opened; its id and the number that it has now."""
    first, now = fresh(2)
    case_id = await product.open_case(student_no=first, **fields)
    correct = {"type": "correct_profile", "reason": "学号录错", "student_no": now}
    await product.accepted(case_id, "college", correct)
    return case_id, now


async def test_no_second_file_is_opened_under_a_corrected_student_number(product: Product) -> None:
    case_id, number = await corrected(product)
    draft = {"student_no": number, "name": "测试", "department_id": "cs"}
    answer = await product.request("POST", "/cases", "counselor", json=draft)
    assert (answer.status, answer.code, answer.body["details"]) == (409, "case_exists", {"case_id": case_id})


async def test_a_roster_meets_the_file_with_a_corrected_student_number(product: Product) -> None:
    case_id, number = await corrected(product)
    first = roster(person(number, phone="10011112222"))
    for dry_run in (True, False):
        _, rows = await imported(product, first, dry_run=dry_run)
        assert outcomes(rows) == [("updated", None)]
        assert rows[0]["case_id"] == case_id
    again, rows = await imported(product, first)
    assert (again["unchanged"], rows[0]["case_id"]) == (1, case_id)
    twice = roster(person(number, phone="10033334444"), person(number, phone="10033334444"))
    for dry_run in (True, False):
        _, rows = await imported(product, twice, dry_run=dry_run)
        assert outcomes(rows) == [("updated", None), ("unchanged", None)]


async def test_a_corrected_student_number_of_another_college_is_not_told(product: Product) -> None:
    case_id, number = await corrected(product)
    leader = {"id": "counselor-edu", "name": "外院辅导员", "role": "counselor", "department_id": "edu"}
    assert (await product.request("POST", "/staff", json=leader)).status in (201, 409)
    _, rows = await imported(product, roster(person(number, college="师范学院")), actor="counselor-edu")
    assert outcomes(rows) == [("rejected", "kept_elsewhere")]
    draft = {"student_no": number, "name": "测试", "department_id": "edu"}
    answer = await product.request("POST", "/cases", "counselor-edu", json=draft)
    assert (answer.code, answer.body["details"]) == ("case_exists", {})
    assert case_id not in str(answer.body)


@pytest.mark.parametrize(
    ("field", "code"), [("student_no", "student_no_taken"), ("id_number", "id_number_taken")]
)
async def test_nobody_is_corrected_into_somebody_else(product: Product, field: str, code: str) -> None:
    (number,) = fresh(1)
    taken = {"student_no": number, "id_number": id_number(7_000 + next(_numbers))}
    other = await product.open_case(**taken)
    case_id = await product.open_case()
    correct = {"type": "correct_profile", "reason": "更正", field: taken[field]}
    answer = await product.do(case_id, "college", correct)
    assert (answer.status, answer.code, answer.body["details"]) == (409, code, {"case_id": other})
    # Who may not correct it is not told whose it is.
    refused = await product.do(case_id, "counselor", correct)
    assert refused.code == "key_field_needs_supervisor"
    # A file keeps what is its own.
    own = await product.do(other, "college", correct | {"address": "东街5号"})
    assert own.status == 200
