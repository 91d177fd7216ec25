"""Beyond one's own rows for a time: standing in for a colleague, and break-glass."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select, update

from models.tables import AuditEntry, BreakGlass, Delegation
from services.delegations import today
from tests.product import Product

CONTACT = {"type": "record_contact", "method": "phone", "content": "联系"}
REASON = "联系不上本人，家属来电求助"
EMERGENCY = {"reason": REASON, "purpose": "emergency"}


async def hire(product: Product, staff_id: str, role: str = "mentor", department: str | None = "cs") -> str:
    draft = {"id": staff_id, "name": staff_id, "role": role, "department_id": department, "capacity": 9}
    added = await product.request("POST", "/staff", json=draft)
    assert added.status in (201, 409), added.body
    return staff_id


def cover(to: str, days: int = 7, **fields: Any) -> dict[str, Any]:
    until = today() + timedelta(days=days)
    return {"to_id": to, "until_on": until.isoformat(), "reason": "外出学习"} | fields


async def test_the_stand_in_reads_and_acts_until_it_is_revoked(product: Product) -> None:
    away, stand_in = await hire(product, "away-1"), await hire(product, "stand-in-1")
    case_id = await product.paired(away)
    assert (await product.get(f"/cases/{case_id}", stand_in)).status == 404
    given = await product.request("POST", "/delegations", away, json=cover(stand_in))
    assert (given.status, given.body["active"], given.body["from_id"]) == (201, True, away)

    seen = (await product.get(f"/cases/{case_id}", stand_in)).body
    assert seen["profile"]["name"].startswith("测试")
    done = await product.accepted(case_id, stand_in, CONTACT)
    assert done["events"][0]["actor_id"] == stand_in
    assert done["case"]["mentor_id"] == away
    inbox = (await product.get("/inbox?days=60", stand_in)).body
    assert case_id in {entry["case_id"] for entry in inbox["due"] + inbox["overdue"]}

    listed = (await product.get("/delegations", stand_in)).body["items"]
    assert [item["id"] for item in listed] == [given.body["id"]]
    ended = await product.request("DELETE", f"/delegations/{given.body['id']}", away)
    assert (ended.status, ended.body["active"]) == (200, False)
    assert (await product.get(f"/cases/{case_id}", stand_in)).status == 404
    assert (await product.do(case_id, stand_in, CONTACT)).code == "case_unknown"


async def test_it_ends_by_itself_on_its_date(product: Product) -> None:
    away, stand_in = await hire(product, "away-2"), await hire(product, "stand-in-2")
    case_id = await product.paired(away)
    given = await product.request("POST", "/delegations", away, json=cover(stand_in))
    assert (await product.get(f"/cases/{case_id}", stand_in)).status == 200
    over = {"from_on": today() - timedelta(days=9), "until_on": today() - timedelta(days=1)}
    with Session(product.services.engine.execution_options(writes=True)) as session:
        session.exec(update(Delegation).where(col(Delegation.id) == given.body["id"]).values(**over))
        session.commit()
    product.services.forget(stand_in)
    assert (await product.get(f"/cases/{case_id}", stand_in)).status == 404


async def test_nobody_stands_in_beyond_college_school_or_time(product: Product) -> None:
    away, stand_in = await hire(product, "away-3"), await hire(product, "stand-in-3")
    for draft, code in (
        (cover("teacher"), "stand_in_invalid"),
        (cover(away), "stand_in_invalid"),
        (cover("employer"), "stand_in_invalid"),
        (cover("nobody"), "stand_in_invalid"),
        (cover(stand_in, days=400), "delegation_dates"),
        (cover(stand_in, days=-1), "delegation_dates"),
        (cover(stand_in, from_on="2020-01-01"), "delegation_dates"),
    ):
        refused = await product.request("POST", "/delegations", away, json=draft)
        assert (refused.status, refused.code) == (422, code), draft
    endless = {"to_id": stand_in, "reason": "外出"}
    assert (await product.request("POST", "/delegations", away, json=endless)).code == "invalid_request"
    for_another = cover(stand_in, from_id=away)
    for actor in ("mentor-2", "other-college"):
        refused = await product.request("POST", "/delegations", actor, json=for_another)
        assert (refused.status, refused.code) == (403, "role_not_allowed")
    for actor in ("admin", "employer"):
        assert (await product.request("POST", "/delegations", actor, json=for_another)).status == 403
    by_college = await product.request("POST", "/delegations", "college", json=for_another)
    assert by_college.status == 201
    for actor in ("mentor-2", "other-college"):
        hidden = await product.request("DELETE", f"/delegations/{by_college.body['id']}", actor)
        assert (hidden.status, hidden.code) == (404, "delegation_unknown")
    over_colleges = cover("teacher", from_id=away)
    assert (await product.request("POST", "/delegations", "career-centre", json=over_colleges)).status == 201


async def test_break_glass_opens_one_file_for_reading_and_supervisors_know(product: Product) -> None:
    reader = await hire(product, "rescuer")
    case_id = await product.paired("mentor-1", phone="10012345678", address="某路一号", id_number="")
    other = await product.paired("mentor-1")
    assert (await product.get(f"/cases/{case_id}", reader)).status == 404
    opened = await product.request("POST", f"/cases/{case_id}/break-glass", reader, json=EMERGENCY)
    assert (opened.status, opened.body["active"]) == (201, True)
    lasts = datetime.fromisoformat(opened.body["until"]) - datetime.fromisoformat(opened.body["opened_at"])
    assert lasts == timedelta(hours=4)

    view = (await product.get(f"/cases/{case_id}", reader)).body
    assert (view["profile"]["phone"], view["profile"]["address"]) == ("10012345678", "某路一号")
    assert (await product.get(f"/cases/{case_id}/timeline", reader)).status == 200
    assert (await product.do(case_id, reader, CONTACT)).code == "case_unknown"
    assert (await product.get(f"/cases/{other}", reader)).status == 404

    for supervisor in ("college", "career-centre"):
        notices = (await product.get("/inbox?section=notices&limit=200", supervisor)).body["notices"]
        (told,) = [item for item in notices if (item["kind"], item["case_id"]) == ("break_glass", case_id)]
        assert told["subject"] == reader
        listed = (await product.get("/break-glass", supervisor)).body["items"]
        assert opened.body["id"] in {item["id"] for item in listed}
    assert opened.body["id"] not in str((await product.get("/break-glass", "other-college")).body)
    with Session(product.services.engine) as session:
        row = session.exec(select(BreakGlass).where(BreakGlass.id == opened.body["id"])).one()
    assert REASON not in row.reason

    hidden = await product.request("DELETE", f"/break-glass/{opened.body['id']}", "other-college")
    assert (hidden.status, hidden.code) == (404, "break_glass_unknown")
    ended = await product.request("DELETE", f"/break-glass/{opened.body['id']}", "college")
    assert (ended.body["active"], ended.body["revoked_by"]) == (False, "college")
    assert (await product.get(f"/cases/{case_id}", reader)).status == 404


async def test_break_glass_by_student_number_ends_by_itself(product: Product) -> None:
    reader = await hire(product, "rescuer-2")
    case_id = await product.paired("mentor-1", student_no="GLASS01")
    by_number = EMERGENCY | {"student_no": "GLASS01"}
    opened = await product.request("POST", "/break-glass", reader, json=by_number)
    assert (opened.status, opened.body["case_id"]) == (201, case_id)
    assert (await product.get(f"/cases/{case_id}", reader)).status == 200
    with Session(product.services.engine.execution_options(writes=True)) as session:
        over = datetime.now(UTC) - timedelta(seconds=1)
        session.exec(update(BreakGlass).where(col(BreakGlass.case_id) == case_id).values(until=over))
        session.commit()
    product.services.forget(reader)
    assert (await product.get(f"/cases/{case_id}", reader)).status == 404
    unknown = await product.request("POST", "/break-glass", reader, json=EMERGENCY | {"student_no": "NONE"})
    assert (unknown.status, unknown.code) == (404, "case_unknown")


@pytest.mark.parametrize(
    ("change", "status"), [({"reason": "x"}, 422), ({"purpose": "curiosity"}, 422), ({"purpose": None}, 422)]
)
async def test_break_glass_wants_a_reason_and_a_purpose(
    product: Product, change: dict[str, Any], status: int
) -> None:
    case_id = await product.open_case()
    answer = await product.request(
        "POST", f"/cases/{case_id}/break-glass", "teacher", json=EMERGENCY | change
    )
    assert (answer.status, answer.code) == (status, "invalid_request")


@pytest.mark.parametrize("actor", ["admin", "employer", "career-centre", "graduate"])
async def test_who_must_not_or_need_not_break_the_glass(product: Product, actor: str) -> None:
    case_id, own = await product.open_case(), await product.open_case()
    actor = f"graduate:{own}" if actor == "graduate" else actor
    answer = await product.request("POST", f"/cases/{case_id}/break-glass", actor, json=EMERGENCY)
    assert (answer.status, answer.code) == (403, "role_not_allowed")


async def test_what_one_may_read_anyway_is_not_broken_open(product: Product) -> None:
    case_id = await product.open_case()
    answer = await product.request("POST", f"/cases/{case_id}/break-glass", "counselor", json=EMERGENCY)
    assert (answer.status, answer.code) == (409, "already_readable")


def recorded(product: Product, act: str, case_id: str) -> list[AuditEntry]:
    """What the audit says of an act on a case."""
    audit = product.services.audit
    audit.settle()
    query = select(AuditEntry).where(AuditEntry.act == act, AuditEntry.case_id == audit.key.case(case_id))
    with Session(product.services.engine) as session:
        return list(session.exec(query.order_by(col(AuditEntry.seq))).all())


async def test_every_look_beyond_leaves_its_entry(product: Product) -> None:
    case_id = await product.paired("mentor-1", phone="10012345678")
    teacher, asked = "teacher", {"field": "phone", "purpose": "contact"}
    await product.request("POST", f"/cases/{case_id}/unmask", "college", json=asked)
    for _ in range(2):
        await product.request("POST", f"/cases/{case_id}/break-glass", teacher, json=EMERGENCY)
    (look,) = recorded(product, "case.unmask", case_id)
    assert (look.actor_id, look.purpose, look.outcome) == ("college", "contact", "done")
    opened = recorded(product, "case.break_glass", case_id)
    assert [(item.actor_id, item.purpose, item.outcome, item.code) for item in opened] == [
        (teacher, "emergency", "begun", None),
        (teacher, "emergency", "begun", None),
        (teacher, "emergency", "refused", "already_readable"),
    ]


@pytest.mark.parametrize("actor", ["admin", "career-centre"])
async def test_nobody_gives_themselves_another_post(product: Product, actor: str) -> None:
    me = (await product.get("/auth/me", actor)).body
    path = f"/staff/{me['actor_id']}"
    role = "school_supervisor" if me["role"] == "administrator" else "administrator"
    for change in ({"role": role}, {"department_id": "cs"}):
        answer = await product.request("PATCH", path, actor, json=change)
        assert (answer.status, answer.code) == (409, "own_post"), answer.body
    # What is as before is no change of it.
    kept = await product.request("PATCH", path, actor, json={"role": me["role"], "capacity": 0})
    assert kept.status == 200, kept.body
    assert (await product.get("/auth/me", actor)).body["role"] == me["role"]
