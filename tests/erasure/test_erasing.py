"""Erasing a case on a real installation: what was written of it before cannot be read any more, anywhere."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from services.codec import EncryptionCodec
from services.data_key import KeyDestroyed
from services.erased_check import ErasedCheck
from services.erasing import Eraser
from services.erasure_replay import ErasureReplay
from services.vault import Vault
from services.verify import Verifier
from tests.erasure.ending import NAME, NOTE, certified, closed, erased, rows
from tests.product import Product


async def test_an_erased_case_is_gone_and_says_so(place: Product) -> None:
    case_id = await closed(place)
    before = (await place.get("/supervision/overview", "career-centre")).body
    number = await erased(place, case_id)

    for actor in ("career-centre", "college", "counselor", "mentor-1"):
        for path in ("", "/timeline", "/commands", "/workflow"):
            answer = await place.get(f"/cases/{case_id}{path}", actor)
            assert (answer.status, answer.code) == (410, "case_erased"), (actor, path, answer.body)
            assert answer.body["details"] == {"certificate": number}
    for actor in ("other-college", "teacher", "mentor-2"):
        assert (await place.get(f"/cases/{case_id}", actor)).code == "case_unknown"
    refused = await place.do(case_id, "career-centre", {"type": "annotate", "text": "x"})
    assert (refused.status, refused.code) == (410, "case_erased")
    assert (await place.do(case_id, "teacher", {"type": "annotate", "text": "x"})).code == "case_unknown"
    assert (await place.get(f"/cases?q={NAME}", "career-centre")).body["items"] == []
    assert (await place.get("/cases", "career-centre")).body["items"] == []
    after = (await place.get("/supervision/overview", "career-centre")).body
    # What is counted of persons stays; how far the file had come and its hardship are forgotten.
    assert {step["count"] for step in after.pop("funnel")} == {0}
    assert after.pop("hardship_types") == []
    assert {step["count"] for step in before.pop("funnel")} == {0, 1}
    assert [item["type"] for item in before.pop("hardship_types")] == ["LIFTED_POVERTY"]
    assert after == before


async def test_nothing_of_it_is_left_in_the_ledger(place: Product) -> None:
    kept = await closed(place, student_no="T-KEPT")
    case_id = await closed(place, student_no="T-GONE", id_number="000000200201010018")
    await erased(place, case_id)

    for table in (
        "case_row",
        "case_hardship",
        "case_deadline",
        "case_notice",
        "case_referral",
        "reservation",
    ):
        assert rows(place, f"SELECT 1 FROM {table} WHERE case_id = ?", case_id) == [], table  # noqa: S608
    events = rows(place, "SELECT type, data, actor_id FROM case_event WHERE case_id = ?", case_id)
    assert {event[0] for event in events} >= {"case_opened", "contact_recorded", "erasure_begun"}
    assert {event[1:] for event in events} == {("{}", "")}
    (counted,) = rows(place, "SELECT * FROM case_row WHERE case_id LIKE 'erased-%'")
    said = " ".join(str(value) for value in counted)
    assert "withdrawn" not in said
    assert "LIFTED_POVERTY" not in said
    assert "mentor-1" not in said
    assert (await place.get(f"/cases/{kept}", "mentor-1")).body["profile"]["name"] == NAME


async def test_what_was_copied_before_cannot_be_read_after(place: Product) -> None:
    """A backup of the ledger and of Temporal's histories, taken while the file was alive."""
    case_id = await closed(place)
    client = place.services.client
    handle = client.get_workflow_handle(case_id)
    history = await handle.fetch_history()
    payloads = [
        payload
        for event in history.events
        for payload in event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads
    ]
    codec = client.data_converter.payload_codec
    assert codec is not None
    readable = await codec.decode(payloads)
    assert any(NOTE.encode() in payload.data for payload in readable)

    await erased(place, case_id)
    fresh = Vault.of(place.settings)
    with pytest.raises(KeyDestroyed):
        fresh.key(case_id)
    assert fresh.ensure([case_id]) == {case_id}
    for subject in (case_id, f"erasure-{case_id}", "temporal"):
        with pytest.raises(KeyDestroyed):
            await EncryptionCodec(fresh, subject).decode(payloads)
    raw = b"".join(event.SerializeToString() for event in history.events)
    assert NOTE.encode() not in raw
    assert NAME.encode() not in raw


async def test_the_case_s_workflow_ends_well(place: Product) -> None:
    case_id = await closed(place)
    await erased(place, case_id)
    for workflow_id in (case_id, f"erasure-{case_id}"):
        handle = place.services.client.get_workflow_handle(workflow_id)

        async def ended(handle: WorkflowHandle[Any, Any] = handle) -> bool:
            return (await handle.describe()).status != WorkflowExecutionStatus.RUNNING

        await place.until(ended, what=f"{workflow_id} ends")
        assert (await handle.describe()).status == WorkflowExecutionStatus.COMPLETED


async def test_the_certificate_says_what_was_done(place: Product) -> None:
    case_id = await closed(place)
    number = await erased(place, case_id)
    certificate = (await place.get(f"/erasures/{number}", "career-centre")).body
    assert certificate["ground"] == "graduate_asked"
    assert certificate["requested_by"] == f"graduate:{case_id}"
    assert certificate["approved_by"] == "career-centre"
    assert certificate["ending"] == "withdrawn"
    assert certificate["genuine"] is True
    assert certificate["removed"]["case_event"] == certificate["events"]
    assert certificate["backups_until"] > certificate["key_destroyed_at"]
    stored = place.services.vault.store.find([case_id])[case_id]
    assert certificate["key_id"] == stored.key_id
    page = await place.http.get(f"/api/v1/erasures/{number}/print", headers=place.bearer("career-centre"))
    assert page.headers["content-type"].startswith("text/html")
    assert all(part in page.text for part in (number, "个人信息删除证明", "Certificate of erasure"))
    for actor in ("college", "mentor-1", "admin", f"graduate:{case_id}"):
        assert (await place.get(f"/erasures/{number}", actor)).status in (401, 403), actor
    path = place.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE erasure_certificate SET approved_by = 'somebody'")
    assert (await place.get(f"/erasures/{number}", "career-centre")).body["genuine"] is False


async def test_the_same_person_is_not_taken_in_again_unawares(place: Product) -> None:
    case_id = await closed(place, student_no="T-AGAIN")
    number = await erased(place, case_id)
    draft = {"student_no": "T-AGAIN", "name": NAME, "department_id": "cs"}
    again = await place.request("POST", "/cases", "counselor", json=draft)
    assert (again.status, again.code) == (409, "case_erased")
    assert again.body["details"]["certificate"] == number
    leader = {"id": "counselor-edu", "name": "外院辅导员", "role": "counselor", "department_id": "edu"}
    assert (await place.request("POST", "/staff", json=leader)).status == 201
    elsewhere = await place.request("POST", "/cases", "counselor-edu", json=draft | {"department_id": "edu"})
    assert (elsewhere.status, elsewhere.code, elsewhere.body["details"]) == (409, "case_erased", {})
    assert number not in str(elsewhere.body)


async def test_certificates_are_read_page_by_page(place: Product) -> None:
    numbers = {await erased(place, await closed(place)) for _ in range(3)}
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await place.get(f"/erasures?limit=2{cursor}", "career-centre")).body
        seen += [item["number"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == 3
    assert set(seen) == numbers


async def test_verify_counts_an_erased_case_and_finds_nothing_wrong(place: Product) -> None:
    await erased(place, await closed(place))
    kept = await closed(place)
    services = place.services
    found = await Verifier(services.engine, services.vault, services.client, place.settings).verify()
    assert (found.cases, found.details) == (2, ())
    assert (await place.get(f"/cases/{kept}", "college")).status == 200


def restored(place: Product, case_id: str, copy: Path) -> None:
    """Bring a copy of one database back, row by row, as an operator's restore would."""
    path = place.settings.key_database_url.removeprefix("sqlite:///")
    with sqlite3.connect(copy) as old:
        (row,) = old.execute("SELECT * FROM data_key WHERE subject = ?", (case_id,)).fetchall()
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM data_key WHERE subject = ?", (case_id,))
        connection.execute(f"INSERT INTO data_key VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608


async def test_a_key_that_a_backup_brings_back_is_destroyed_again(place: Product, tmp_path: Path) -> None:
    case_id = await closed(place)
    copy = tmp_path / "keys-before.db"
    path = place.settings.key_database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    number = await erased(place, case_id)
    restored(place, case_id, copy)
    assert Vault.of(place.settings).key(case_id)

    services = place.services
    check = ErasedCheck(services.engine, services.vault, place.settings.school_code)
    assert check.come_back() == [case_id]
    verified = await Verifier(services.engine, services.vault, services.client, place.settings).verify()
    assert [item.problems for item in verified.details] == [("erased_but_there",)]
    replay = replay_of(place)
    assert (await replay.run()).come_back == (case_id,)
    with pytest.raises(KeyDestroyed):
        Vault.of(place.settings).key(case_id)
    assert check.come_back() == []
    certificate = (await place.get(f"/erasures/{number}", "career-centre")).body
    assert certificate["genuine"] is True


async def test_a_ledger_that_is_older_than_the_erasure_forgets_again(place: Product, tmp_path: Path) -> None:
    case_id = await closed(place)
    path = place.settings.database_url.removeprefix("sqlite:///")
    copy = tmp_path / "ledger-before.db"
    with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    number = await erased(place, case_id)
    with sqlite3.connect(copy) as source, sqlite3.connect(path) as target:
        source.backup(target)

    assert (await replay_of(place).run()).uncertified == (case_id,)
    assert await certified(place, case_id) == number
    assert rows(place, "SELECT 1 FROM case_row WHERE case_id = ?", case_id) == []
    assert (await place.get(f"/cases/{case_id}", "college")).code == "case_erased"
    assert (await replay_of(place).run()).uncertified == ()


def replay_of(place: Product) -> ErasureReplay:
    services = place.services
    eraser = Eraser(services.client, services.engine, services.vault, place.settings)
    return ErasureReplay(services.engine, services.vault, eraser, place.settings.school_code)
