"""A mentor away with nobody standing in: supervisors see it at once, and are told of the cases once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from models.tables import Delivery, Staff
from models.views.wording import wording
from services.absence import tell_of_uncovered
from services.delegations import today
from tests.messages.test_inbox import PEOPLE, inbox, someone
from tests.product import Product

ABSENT = {"absent_from": today().isoformat(), "absent_until": None}
PRESENT = {"absent_from": None, "absent_until": None}


async def changed(product: Product, staff_id: str, fields: dict[str, Any]) -> None:
    answer = await product.request("PATCH", f"/staff/{staff_id}", "career-centre", json=fields)
    assert answer.status == 200, answer.body


async def stands_in(product: Product, absent: str, stand_in: str) -> str:
    until = (today() + timedelta(days=7)).isoformat()
    draft = {"from_id": absent, "to_id": stand_in, "until_on": until, "reason": "病假"}
    answer = await product.request("POST", "/delegations", "career-centre", json=draft)
    assert answer.status == 201, answer.body
    return answer.body["id"]


async def uncovered(product: Product, actor: str = "college") -> set[str]:
    answer = await product.get("/supervision/caseload?uncovered=true&limit=200", actor)
    assert answer.status == 200, answer.body
    assert all(item["uncovered"] for item in answer.body["items"])
    return {item["staff_id"] for item in answer.body["items"]}


async def told(product: Product, actor: str, absent: str) -> list[str]:
    """Tell as each digest does; the cases that the supervisor's inbox names for the absent mentor."""
    tell_of_uncovered(product.services.engine, product.settings.school_code, datetime.now(UTC))
    notices = (await inbox(product, actor, "?section=notices&limit=200"))["notices"]
    return sorted(
        item["case_id"] for item in notices if (item["kind"], item["subject"]) == ("mentor_uncovered", absent)
    )


async def test_a_mentor_counts_as_uncovered_while_away_with_nobody_there_standing_in(
    product: Product,
) -> None:
    absent = await someone(product, "mentor", department_id="cs")
    stand_in = await someone(product, "mentor", department_id="cs")
    assert absent not in await uncovered(product)
    await changed(product, absent, {"absent_from": (today() + timedelta(days=1)).isoformat()})
    assert absent not in await uncovered(product)
    await changed(product, absent, {"absent_from": "2020-01-01", "absent_until": "2020-02-01"})
    assert absent not in await uncovered(product)
    await changed(product, absent, ABSENT)
    assert absent in await uncovered(product)
    assert absent not in await uncovered(product, "other-college")

    delegation = await stands_in(product, absent, stand_in)
    assert absent not in await uncovered(product)
    others = (await product.get("/supervision/caseload?uncovered=false&limit=200", "college")).body["items"]
    (line,) = [item for item in others if item["staff_id"] == absent]
    assert (line["uncovered"], line["absent_from"]) == (False, ABSENT["absent_from"])
    await changed(product, stand_in, ABSENT)
    assert {absent, stand_in} <= await uncovered(product)
    await changed(product, stand_in, PRESENT)
    await product.request("DELETE", f"/delegations/{delegation}", "career-centre")
    assert absent in await uncovered(product)


async def test_supervisors_are_told_once_for_as_long_as_it_lasts(product: Product) -> None:
    absent = await someone(product, "mentor", department_id="cs")
    stand_in = await someone(product, "mentor", department_id="cs")
    cases = sorted([await product.paired(absent), await product.paired(absent)])
    assert await told(product, "college", absent) == []
    await changed(product, absent, ABSENT)
    assert await told(product, "college", absent) == cases
    assert await told(product, "college", absent) == cases
    for other in ("career-centre", "other-college", "counselor", stand_in):
        assert await told(product, other, absent) == [], other
    # Covered and uncovered again is news again.
    delegation = await stands_in(product, absent, stand_in)
    assert await told(product, "college", absent) == cases
    await product.request("DELETE", f"/delegations/{delegation}", "career-centre")
    assert await told(product, "college", absent) == sorted(cases * 2)


async def test_the_school_is_told_when_the_supervisor_of_a_college_is_away(product: Product) -> None:
    head = await someone(product, "department_supervisor", department_id="cs", name=f"负责人{next(PEOPLE)}")
    case_id = await product.paired(head)
    await changed(product, head, ABSENT)
    assert await told(product, "career-centre", head) == [case_id]
    assert await told(product, "college", head) == [case_id]


async def test_who_left_with_cases_stays_in_sight(product: Product) -> None:
    left, free = [await someone(product, "mentor", department_id="cs") for _ in range(2)]
    case_id = await product.paired(left)
    with Session(product.services.engine.execution_options(writes=True)) as session:
        for staff_id in (left, free):
            session.get_one(Staff, staff_id).departed_on = today()
        session.commit()
    assert await uncovered(product) & {left, free} == {left}
    assert await told(product, "college", left) == [case_id]


async def test_the_digest_tells(product: Product) -> None:
    from services.channels import Channels
    from services.digest import DigestWriter

    absent = await someone(product, "mentor", department_id="cs")
    await product.paired(absent)
    await changed(product, absent, ABSENT)
    settings = product.settings
    writer = DigestWriter(product.services.engine, Channels.of_settings(settings), "http://zhuhang")
    writer.collect(settings.school_code, "absence", datetime.now(UTC))
    with Session(product.services.engine) as session:
        query = select(Delivery.body).where(Delivery.staff_id == "college", Delivery.period == "absence")
        body = session.exec(query).one()
    assert wording().notice("mentor_uncovered").zh in body
    assert absent not in body
