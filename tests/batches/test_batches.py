"""One command for many cases: each judges it by itself, once."""

import asyncio
import sqlite3
from datetime import datetime, timedelta
from typing import Any

from services.batch_run import drop_old_batches
from tests.messages.test_inbox import someone
from tests.product import Answer, Product

CONTENT = "批量宣讲标记政策"
BRIEFING = {
    "type": "record_service",
    "service_type": "policy_briefing",
    "method": "face_to_face",
    "content": CONTENT,
}
NOTE = {"type": "annotate", "text": CONTENT}
NOBODY = "case-" + "a" * 24


async def begin(
    product: Product, actor: str, command: dict[str, Any], case_ids: list[str], key: str | None = None
) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"command": command, "case_ids": case_ids}
    return await product.request("POST", "/batches", actor, json=body, headers=headers)


async def ended(product: Product, actor: str, batch_id: str) -> dict[str, Any]:
    async def done() -> Any:
        answer = await product.get(f"/batches/{batch_id}", actor)
        assert answer.status == 200, answer.body
        return answer.body if answer.body["status"] == "done" else None

    return await product.until(done, what="the batch has ended")


async def run(product: Product, actor: str, command: dict[str, Any], case_ids: list[str]) -> dict[str, Any]:
    accepted = await begin(product, actor, command, case_ids)
    assert accepted.status == 202, accepted.body
    assert accepted.headers["Location"] == f"/api/v1/batches/{accepted.body['id']}"
    return await ended(product, actor, accepted.body["id"])


async def rows(product: Product, actor: str, batch_id: str, query: str = "limit=200") -> list[dict[str, Any]]:
    answer = await product.get(f"/batches/{batch_id}/rows?{query}", actor)
    assert answer.status == 200, answer.body
    return answer.body["items"]


async def services_of(product: Product, case_id: str) -> list[str]:
    events = await product.timeline(case_id)
    return [event["actor_id"] for event in events if event["type"] == "service_recorded"]


def stored(product: Product, query: str, *values: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(product.settings.database_url.removeprefix("sqlite:///")) as connection:
        return connection.execute(query, values).fetchall()


async def test_forty_cases_take_a_briefing_and_a_few_refuse_it(product: Product) -> None:
    counselor = await someone(product, "counselor", department_id="cs")
    paired = await asyncio.gather(*(product.paired() for _ in range(37)))
    closed = await product.paired()
    await product.accepted(
        closed, "mentor-1", {"type": "request_closure", "reason": "withdrawn", "outcome": "退学"}
    )
    await product.accepted(closed, "college", {"type": "approve_closure"})
    draft = {"student_no": "T-BATCH-EDU", "name": "外院测试", "department_id": "edu"}
    foreign = await product.request("POST", "/cases", "other-college", json=draft)
    assert foreign.status == 201, foreign.body
    case_ids = [closed, foreign.body["case_id"], NOBODY, *paired]

    view = await run(product, counselor, BRIEFING, [*case_ids, paired[0]])
    assert (view["type"], view["created_by"]) == ("record_service", counselor)
    counts = {name: view[name] for name in ("total", "done", "refused", "pending")}
    assert counts == {"total": 40, "done": 37, "refused": 3, "pending": 0}
    found = await rows(product, counselor, view["id"])
    assert [row["case_id"] for row in found] == case_ids
    assert [(row["outcome"], row["code"]) for row in found[:3]] == [
        ("refused", "case_closed"),
        ("refused", "case_unknown"),
        ("refused", "case_unknown"),
    ]
    assert all(row["zh"] and row["en"] for row in found[:3])
    # Who is out of reach is told by nothing but the id that was given.
    assert [row["display"] for row in found[1:3]] == case_ids[1:3]
    assert found[0]["display"].startswith("测试")
    for row in found[3:]:
        assert (row["outcome"], row["code"], row["zh"]) == ("done", None, None)
        case = (await product.get(f"/cases/{row['case_id']}", counselor)).body
        assert case["version"] == row["version"]
        assert await services_of(product, row["case_id"]) == [counselor]
    untouched = await product.get(f"/cases/{foreign.body['case_id']}", "other-college")
    assert untouched.body["version"] == foreign.body["version"]

    refused = await rows(product, counselor, view["id"], "outcome=refused&limit=2")
    assert [row["number"] for row in refused] == [1, 2]
    first = await product.get(f"/batches/{view['id']}/rows?outcome=refused&limit=2", counselor)
    cursor = first.body["next_cursor"]
    rest = await rows(product, counselor, view["id"], f"outcome=refused&limit=2&cursor={cursor}")
    assert [row["number"] for row in rest] == [3]
    assert await rows(product, counselor, view["id"], "outcome=pending") == []


async def test_a_key_stands_for_one_batch(product: Product) -> None:
    case_id, other = await product.paired(), await product.paired()
    first = await begin(product, "counselor", NOTE, [case_id], "batch-key-1")
    again = await begin(product, "counselor", NOTE, [case_id], "batch-key-1")
    assert (again.status, again.body) == (202, first.body)
    await ended(product, "counselor", first.body["id"])
    third = await begin(product, "counselor", NOTE, [case_id], "batch-key-1")
    assert third.body == first.body
    notes = [event for event in await product.timeline(case_id) if event["type"] == "annotated"]
    assert len(notes) == 1
    for command, cases in ((NOTE | {"text": "另一条"}, [case_id]), (NOTE, [case_id, other])):
        answer = await begin(product, "counselor", command, cases, "batch-key-1")
        assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    mine = await begin(product, "college", NOTE, [other], "batch-key-1")
    assert mine.body["id"] != first.body["id"]


async def test_a_batch_is_its_owner_s_own(product: Product) -> None:
    owner, colleague = [await someone(product, "counselor", department_id="cs") for _ in range(2)]
    case_id = await product.paired()
    first = await run(product, owner, NOTE, [case_id])
    second = await run(product, owner, NOTE, [case_id])
    listed = (await product.get("/batches?limit=1", owner)).body
    assert listed["items"] == [second]
    older = (await product.get(f"/batches?cursor={listed['next_cursor']}", owner)).body
    assert (older["items"], older["next_cursor"]) == ([first], None)
    for actor in (colleague, "career-centre"):
        for path in (f"/batches/{first['id']}", f"/batches/{first['id']}/rows"):
            answer = await product.get(path, actor)
            assert (answer.status, answer.code) == (404, "batch_unknown")
    assert (await product.get("/batches", colleague)).body["items"] == []


async def test_names_are_masked_as_in_lists(product: Product) -> None:
    case_id = await product.paired(name="欧阳批量")
    view = await run(product, "career-centre", NOTE, [case_id])
    (row,) = await rows(product, "career-centre", view["id"])
    assert (row["display"], row["outcome"]) == ("欧**量", "done")


async def test_a_stand_in_acts_for_the_mentor_s_cases(product: Product) -> None:
    mentor, stand_in, stranger = [await someone(product, "mentor", department_id="cs") for _ in range(3)]
    case_id = await product.paired(mentor)
    until = (datetime.now().astimezone() + timedelta(days=3)).date().isoformat()
    cover = {"to_id": stand_in, "until_on": until, "reason": "外出"}
    given = await product.request("POST", "/delegations", mentor, json=cover)
    assert given.status == 201, given.body
    assert (await run(product, stand_in, BRIEFING, [case_id]))["done"] == 1
    view = await run(product, stranger, BRIEFING, [case_id])
    assert [row["code"] for row in await rows(product, stranger, view["id"])] == ["case_unknown"]
    assert await services_of(product, case_id) == [stand_in]


async def test_what_stands_on_one_person_is_not_for_many(product: Product) -> None:
    case_id = await product.paired()
    talk = {"type": "record_assessment", "intention": "省内就业", "risk_level": "C"}
    answer = await begin(product, "mentor-1", talk, [case_id])
    assert (answer.status, answer.code) == (422, "command_not_for_many")
    assert "record_service" in answer.body["details"]["possible"]
    for cases in ([], ["张三"], [NOBODY] * 501):
        assert (await begin(product, "mentor-1", NOTE, cases)).code == "invalid_request"
    assert (await begin(product, "admin", NOTE, [case_id])).code == "role_not_allowed"


async def test_what_was_said_stands_in_the_files_alone(product: Product) -> None:
    case_id = await product.paired()
    view = await run(product, "counselor", NOTE, [case_id, NOBODY])
    ((command, actor),) = stored(product, "SELECT command, actor FROM batch WHERE id = ?", view["id"])
    assert command is None
    assert '"counselor"' in actor
    assert product.services.vault.destroyed([f"order-{view['id']}"])
    sealed = stored(product, "SELECT refusal FROM batch_item WHERE batch_id = ?", view["id"])
    assert not any("case" in text for (text,) in sealed if text)


async def test_the_audit_names_every_case(product: Product) -> None:
    case_id = await product.paired()
    await run(product, "counselor", NOTE, [case_id, NOBODY])
    product.services.audit.settle()
    entries = stored(
        product,
        "SELECT outcome, code, case_id FROM audit_entry WHERE act = 'batch.case' AND case_id = ?",
        case_id,
    )
    assert entries == [("begun", None, case_id)]
    refused = stored(
        product,
        "SELECT DISTINCT outcome, code FROM audit_entry WHERE act = 'batch.case' AND case_id = ?",
        NOBODY,
    )
    assert refused == [("refused", "case_unknown")]
    log = (await product.get(f"/cases/{case_id}/access-log", f"graduate:{case_id}")).body["items"]
    assert "batch.case" in {entry["act"] for entry in log}


async def test_an_old_batch_is_forgotten_and_its_key_stays_used(product: Product) -> None:
    case_id = await product.paired()
    accepted = await begin(product, "counselor", NOTE, [case_id], "batch-key-old")
    view = await ended(product, "counselor", accepted.body["id"])
    engine, vault = product.services.engine, product.services.vault
    at = datetime.fromisoformat(view["finished_at"])
    drop_old_batches(engine, vault, 30, at + timedelta(days=30))
    assert (await product.get(f"/batches/{view['id']}", "counselor")).status == 200
    assert drop_old_batches(engine, vault, 30, at + timedelta(days=30, seconds=1)) >= 1
    assert (await product.get(f"/batches/{view['id']}", "counselor")).code == "batch_unknown"
    assert stored(product, "SELECT 1 FROM batch_item WHERE batch_id = ?", view["id"]) == []
    again = await begin(product, "counselor", NOTE, [case_id], "batch-key-old")
    assert (again.status, again.code) == (422, "idempotency_key_reused")
