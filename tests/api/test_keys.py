"""An Idempotency-Key is the sender's own: it meets neither another person's nor one of the product's."""

import hashlib
from typing import Any

from tests.imports.files import imported, person, roster
from tests.product import Product
from tests.training.test_class import TODAY, enrol, found, shown, training

NOTE = {"type": "annotate", "text": "备注"}


async def test_two_people_may_use_one_key_on_one_case(product: Product) -> None:
    case_id = await product.paired()
    key = {"Idempotency-Key": "note-1"}
    first = await product.do(case_id, "mentor-1", NOTE, headers=key)
    second = await product.do(case_id, "counselor", NOTE, headers=key)
    assert [(answer.status, answer.events) for answer in (first, second)] == [(200, ["annotated"])] * 2
    again = await product.do(case_id, "mentor-1", NOTE, headers=key)
    assert again.body["events"] == first.body["events"] != second.body["events"]


async def test_two_people_may_use_one_key_on_one_class(product: Product) -> None:
    class_id = await found(product, places=1)
    case_id, _ = await enrol(product, class_id)

    async def attendance(actor: str, present: list[str]) -> list[Any]:
        answer = await product.request(
            "POST",
            f"/training-classes/{class_id}/attendance",
            actor,
            json={"date": str(TODAY), "present": present},
            headers={"Idempotency-Key": "day-1"},
        )
        assert answer.status == 200, answer.body
        return [line["attended"] for line in answer.body["roll"]]

    assert await attendance("teacher", []) == [[]]
    assert await attendance("other-college", [case_id]) == [[str(TODAY)]]
    assert await attendance("teacher", []) == [[]]
    assert (await shown(product, class_id))["roll"][0]["attended"] == [str(TODAY)]


async def test_no_key_takes_the_place_of_one_of_a_class(product: Product) -> None:
    class_id = await found(product, places=1)
    first, _ = await enrol(product, class_id)
    second, status = await enrol(product, class_id)
    assert status == "waiting"
    enrolment_id = f"{class_id}-1"
    key = f"class:{class_id}:{second}:{enrolment_id}:give_training_place"
    noted = await product.do(second, "mentor-1", NOTE, headers={"Idempotency-Key": key})
    assert noted.status == 200, noted.body
    withdraw = {"type": "withdraw_training", "enrolment_id": enrolment_id, "reason": "入职"}
    await product.accepted(first, "mentor-1", withdraw)

    async def told() -> dict[str, Any] | None:
        line = (await shown(product, class_id))["roll"][1]
        given = await training(product, second) == "enrolled"
        return line if given or line["problem"] is not None else None

    line = await product.until(told, what="the case has answered the class")
    assert (line["problem"], await training(product, second)) == (None, "enrolled")


async def test_no_key_takes_the_place_of_one_of_an_import(product: Product) -> None:
    number = "KEYS0001"
    case_id = await product.open_case(student_no=number)
    identity = f"{product.settings.school_code}\0career-centre\0known"
    import_id = hashlib.sha256(identity.encode()).hexdigest()[:20]
    noted = await product.do(case_id, "counselor", NOTE, headers={"Idempotency-Key": f"{import_id}:2"})
    assert noted.status == 200, noted.body
    done, rows = await imported(product, roster(person(number, name="改名")), key="known")
    assert done["id"] == import_id
    assert [(row["row"], row["outcome"]) for row in rows] == [(2, "updated")]
    assert (await product.get(f"/cases/{case_id}", "college")).body["profile"]["name"] == "改名"
