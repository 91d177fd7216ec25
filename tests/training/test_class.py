"""A class and its cases, as workflows on a real server."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.product import Product

TODAY = datetime.now(UTC).astimezone().date()


async def found(product: Product, places: int, **fields: Any) -> str:
    draft = {
        "course": "面试训练",
        "places": places,
        "starts_on": str(TODAY - timedelta(days=3)),
        "ends_on": str(TODAY + timedelta(days=30)),
        "owner_id": "teacher",
    }
    answer = await product.request("POST", "/training-classes", "college", json=draft | fields)
    assert answer.status == 201, answer.body
    return answer.body["id"]


async def enrol(product: Product, class_id: str, mentor: str = "mentor-1") -> tuple[str, str]:
    """A new case that enrols; its id, and whether it has a place."""
    case_id = await product.paired(mentor)
    body = await product.accepted(case_id, mentor, {"type": "enrol_training", "class_id": class_id})
    return case_id, body["case"]["trainings"][0]["status"]


async def training(product: Product, case_id: str) -> str:
    return (await product.get(f"/cases/{case_id}", "college")).body["trainings"][0]["status"]


async def shown(product: Product, class_id: str, actor: str = "teacher") -> dict[str, Any]:
    answer = await product.get(f"/training-classes/{class_id}", actor)
    assert answer.status == 200, answer.body
    return answer.body


async def test_a_class_from_its_first_place_to_its_certificates(product: Product) -> None:
    class_id = await found(product, places=2)
    people = [await enrol(product, class_id) for _ in range(3)]
    assert [status for _, status in people] == ["enrolled", "enrolled", "waiting"]
    first, second, third = (case_id for case_id, _ in people)

    enrolment_id = (await product.get(f"/cases/{first}", "college")).body["trainings"][0]["id"]
    withdraw = {"type": "withdraw_training", "enrolment_id": enrolment_id, "reason": "入职"}
    await product.accepted(first, "mentor-1", withdraw)

    async def given() -> bool:
        return await training(product, third) == "enrolled"

    await product.until(given, what="the freed place is given to the first in line")

    day = {"date": str(TODAY - timedelta(days=1)), "present": [second, third]}
    path = f"/training-classes/{class_id}"
    assert (await product.request("POST", f"{path}/attendance", "teacher", json=day)).status == 200
    day = {"date": str(TODAY - timedelta(days=2)), "present": [second]}
    body = (await product.request("POST", f"{path}/attendance", "teacher", json=day)).body
    assert {line["case_id"]: line["attendance"] for line in body["roll"]} == {
        first: 0.0,
        second: 1.0,
        third: 0.5,
    }
    result = {"case_id": second, "score_before": 60, "score_after": 88, "certificate": "HZ-1"}
    answer = await product.request("POST", f"{path}/complete", "teacher", json={"results": [result]})
    assert answer.status == 200, answer.body

    async def ended() -> bool:
        roll = (await shown(product, class_id))["roll"]
        states = {await training(product, case_id) for case_id in (second, third)}
        return states == {"completed", "withdrawn"} and roll[2]["status"] == "failed"

    await product.until(ended, what="both cases know how the class ended")
    assert await training(product, third) == "withdrawn"
    event = next(item for item in await product.timeline(second) if item["type"] == "training_completed")
    assert event["data"]["score_after"] == 88
    assert event["data"]["certificate"] == "HZ-1"
    assert event["data"]["attendance"] == 1.0
    view = await shown(product, class_id)
    assert (view["status"], view["completed"]) == ("finished", 1)
    late = await product.paired()
    refused = await product.do(late, "mentor-1", {"type": "enrol_training", "class_id": class_id})
    assert (refused.status, refused.code) == (409, "class_over")


async def test_a_hundred_at_once_never_get_more_than_the_places(product: Product) -> None:
    class_id = await found(product, places=3)
    cases = [await product.paired() for _ in range(10)]
    enrolment = {"type": "enrol_training", "class_id": class_id}
    answers = await asyncio.gather(*(product.do(case_id, "mentor-1", enrolment) for case_id in cases))
    assert {answer.status for answer in answers} == {200}
    statuses = [answer.case["trainings"][0]["status"] for answer in answers]
    assert (statuses.count("enrolled"), statuses.count("waiting")) == (3, 7)
    again = await product.do(cases[0], "mentor-1", enrolment)
    assert (again.status, again.code) == (409, "already_enrolled")


async def test_a_cancelled_class_withdraws_everyone_with_the_reason(product: Product) -> None:
    class_id = await found(product, places=1)
    case_id, _ = await enrol(product, class_id)
    path = f"/training-classes/{class_id}/cancel"
    answer = await product.request("POST", path, "other-college", json={"reason": "教师生病"})
    assert answer.status == 200, answer.body

    async def withdrawn() -> bool:
        return await training(product, case_id) == "withdrawn"

    await product.until(withdrawn, what="the enrolment is withdrawn")
    event = next(item for item in await product.timeline(case_id) if item["type"] == "training_withdrawn")
    assert "教师生病" in event["data"]["reason"]


async def test_an_unknown_class_is_refused(product: Product) -> None:
    case_id = await product.paired()
    answer = await product.do(case_id, "mentor-1", {"type": "enrol_training", "class_id": "nowhere"})
    assert (answer.status, answer.code) == (409, "class_unknown")
    assert (await product.get("/training-classes/nowhere", "teacher")).code == "class_unknown"


@pytest.mark.parametrize("actor", ["mentor-1", "counselor", "college"])
async def test_only_owner_and_the_owners_supervisors_run_a_class(product: Product, actor: str) -> None:
    class_id = await found(product, places=1)
    day: dict[str, Any] = {"date": str(TODAY), "present": []}
    answer = await product.request("POST", f"/training-classes/{class_id}/attendance", actor, json=day)
    assert (answer.status, answer.code) == (403, "role_not_allowed")


async def test_the_list_shows_names_only_to_those_who_may_read_them(product: Product) -> None:
    class_id = await found(product, places=2)
    case_id, _ = await enrol(product, class_id)

    async def listed() -> bool:
        return bool((await shown(product, class_id))["roll"])

    await product.until(listed, what="the list shows the graduate")
    assert (await shown(product, class_id))["roll"][0]["display"].startswith("测试")
    assert [line["case_id"] for line in (await shown(product, class_id, "mentor-1"))["roll"]] == [case_id]
    assert (await shown(product, class_id, "mentor-2"))["roll"] == []
    classes = (await product.get("/training-classes?status=open&limit=200", "mentor-2")).body["items"]
    assert class_id in {item["id"] for item in classes}


async def test_a_partner_sees_the_list_of_its_own_class_while_it_is_open_and_on_record(
    product: Product,
) -> None:
    class_id = await found(product, places=2, owner_id="hrss")
    case_id, _ = await enrol(product, class_id)

    async def listed() -> bool:
        return bool((await shown(product, class_id, "hrss"))["roll"])

    await product.until(listed, what="the list shows the graduate")
    assert (await shown(product, class_id, "employer"))["roll"] == []
    log = (await product.get(f"/cases/{case_id}/access-log", f"graduate:{case_id}")).body["items"]
    assert {line["name"] for line in log if line["act"] == "training.read"} == {"人社局"}

    done = await product.request("POST", f"/training-classes/{class_id}/complete", "hrss", json={})
    assert done.status == 200, done.body
    assert (await shown(product, class_id, "hrss"))["roll"] == []
    assert [line["case_id"] for line in (await shown(product, class_id, "career-centre"))["roll"]] == [
        case_id
    ]
