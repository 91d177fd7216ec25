"""What the durable shell promises, on a real server: nothing lost, nothing doubled, whatever happens around."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session, col, select
from temporalio.api.enums.v1 import EventType

from models.case.intake import Source
from models.roster.rows import RosterRow
from models.tables import CaseEvent
from services.temporal import connect
from services.vault import Vault
from tests.product import Product, running_product, running_worker, settings_for
from tests.workflows.life import LIFE, SCHOOL, Lives

CONTACT = {"type": "record_contact", "method": "phone", "content": "联系"}


@contextmanager
def database_away(product: Product) -> Generator[None]:
    """Nobody can write to the database meanwhile."""
    path = product.settings.database_url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def test_no_command_waits_for_room_in_the_workflow_cache(temporal_address: str, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, temporal_address, school=SCHOOL, cached_workflows=10)
    settings.task_queue = "little-room"
    lives = Lives(await connect(settings, Vault.of(settings)), settings)
    async with running_worker(settings):
        cases = [await lives.open() for _ in range(25)]
        for case_id in cases * 3:
            await lives.do(case_id, "counselor", type="annotate", text="备注")
        for case_id in cases:
            events = (await lives.handle(case_id).fetch_history()).events
            assert EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT not in {event.event_type for event in events}
    lives.engine.dispose()


async def test_a_whole_life_without_the_workflow_cache(temporal_address: str, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, temporal_address, school=SCHOOL, cached_workflows=0)
    lives = Lives(await connect(settings, Vault.of(settings)), settings)
    async with running_worker(settings):
        case_id = await lives.open()
        answers = await lives.live(case_id)
    assert all(answer.projected for answer in answers)
    assert answers[-1].version == 1 + len(LIFE)


async def test_commands_are_acknowledged_while_the_database_is_away(
    temporal_address: str, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, temporal_address, school="90003")
    async with running_product(settings) as product:
        case_id = await product.paired()
        before = len(await product.timeline(case_id))
        # Signing on is written down, so that it comes before.
        product.bearer("mentor-1")
        with database_away(product):
            first = await product.do(case_id, "mentor-1", CONTACT)
            assert (first.status, first.body["projected"]) == (202, False)
            more = [await product.do(case_id, "mentor-1", CONTACT) for _ in range(10)]
            assert {answer.status for answer in more} == {202}
            status = (await product.get(f"/cases/{case_id}/workflow", "mentor-1")).body
            assert status["status"] == "running"
            assert status["live"]["projection_behind"] is True
            assert status["live"]["pending_events"] == 11

        async def caught_up() -> bool:
            # The case knows it a moment after the ledger has it.
            status = (await product.get(f"/cases/{case_id}/workflow", "mentor-1")).body
            return status["live"]["projection_behind"] is False

        await product.until(caught_up, what="the ledger has all the events", patience=60)
        timeline = await product.timeline(case_id)
        assert [event["seq"] for event in timeline] == list(range(1, before + 12))
        after = await product.do(case_id, "mentor-1", CONTACT)
        assert (after.status, after.body["projected"]) == (200, True)
        assert after.case["contacts"] == 12


async def test_commands_stream_over_continue_as_new(temporal_address: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "extends: national\nid: short-runs\nversion: 1\ntitle: 短\ncontinue_after_commands: 5\n"
    )
    settings = settings_for(tmp_path / "data", temporal_address, school="90004")
    settings.policy = policy
    async with running_product(settings) as product:
        case_id = await product.paired()
        first_run = (await product.get(f"/cases/{case_id}/workflow", "mentor-1")).body["run_id"]

        async def stream(client: int) -> list[int]:
            versions: list[int] = []
            for number in range(20):
                key = {"Idempotency-Key": f"{case_id}-{client}-{number}"}
                answer = await product.do(case_id, "mentor-1", CONTACT, headers=key)
                assert answer.status == 200, answer.body
                again = await product.do(case_id, "mentor-1", CONTACT, headers=key)
                assert again.body["version"] == answer.body["version"]
                versions.append(answer.body["version"])
            return versions

        versions = [version for found in await asyncio.gather(*map(stream, range(3))) for version in found]
        assert len(set(versions)) == 60
        kinds = Counter(event["type"] for event in await product.timeline(case_id))
        assert kinds["contact_recorded"] == 60
        last_run = (await product.get(f"/cases/{case_id}/workflow", "mentor-1")).body["run_id"]
        assert last_run != first_run


async def test_a_key_is_known_after_many_commands_and_a_new_run(
    temporal_address: str, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "data", temporal_address, school="90023")
    settings.policy = tmp_path / "policy.yaml"
    settings.policy.write_text(
        "extends: national\nid: short-runs\nversion: 1\ntitle: 短\ncontinue_after_commands: 20\n"
    )
    async with running_product(settings) as product:
        case_id = await product.paired()
        keyed = {"Idempotency-Key": "long-ago"}
        first = await product.do(case_id, "mentor-1", CONTACT, headers=keyed)
        run = (await product.get(f"/cases/{case_id}/workflow", "mentor-1")).body["run_id"]
        for _ in range(40):
            await product.accepted(case_id, "mentor-1", CONTACT)
        assert (await product.get(f"/cases/{case_id}/workflow", "mentor-1")).body["run_id"] != run
        again = await product.do(case_id, "mentor-1", CONTACT, headers=keyed)
        assert (again.status, again.body["events"]) == (200, first.body["events"])
        assert again.body["version"] == first.body["version"]
        other = await product.do(case_id, "mentor-1", CONTACT | {"content": "另"}, headers=keyed)
        assert (other.status, other.code) == (422, "idempotency_key_reused")
        kinds = Counter(event["type"] for event in await product.timeline(case_id))
        assert kinds["contact_recorded"] == 41


async def test_a_case_has_its_beginning_whoever_promised_to_write_it_died(
    temporal_address: str, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, temporal_address, school=SCHOOL)
    settings.task_queue = "promised"
    lives = Lives(await connect(settings, Vault.of(settings)), settings)
    row = RosterRow(student_no="P0000001", name="测试", cohort=2027)
    opening = lives.opener.opening(lives.actor("counselor"), row, "cs", datetime.now(UTC), Source())
    lives.vault.ensure([opening.case_id])
    async with running_worker(settings):
        await lives.opener.start(opening, projected=True)
        await lives.do(opening.case_id, LIFE[0][0], **LIFE[0][1])
        await lives.do(opening.case_id, "counselor", type="annotate", text="另有一事")
    with Session(lives.engine) as session:
        events = session.exec(select(CaseEvent.seq, CaseEvent.type).order_by(col(CaseEvent.seq))).all()
    lives.engine.dispose()
    assert [tuple(event) for event in events] == [
        (1, "case_opened"),
        (2, "eligibility_confirmed"),
        (3, "annotated"),
    ]


async def test_a_command_costs_few_history_events(product: Product) -> None:
    case_id = await product.delivering()
    handle = product.services.client.get_workflow_handle(case_id)
    before = [event async for event in handle.fetch_history_events()]
    for _ in range(20):
        await product.accepted(case_id, "mentor-1", CONTACT)
    new = [event async for event in handle.fetch_history_events()][len(before) :]
    kinds = Counter(event.event_type for event in new)
    timers = kinds[EventType.EVENT_TYPE_TIMER_STARTED] + kinds[EventType.EVENT_TYPE_TIMER_CANCELED]
    assert len(new) <= 7 * 20
    assert timers <= 20


@pytest.mark.parametrize("planted", ["测试身份甲", "10012345678", "贫困的家"])
async def test_nothing_personal_is_in_temporal_in_plaintext(product: Product, planted: str) -> None:
    case_id = await product.open_case(name="测试身份甲", phone="10012345678", address="贫困的家")
    await product.do(case_id, "counselor", {"type": "annotate", "text": planted})
    await product.do(
        case_id, "mentor-1", {"type": "record_assessment", "intention": planted, "risk_level": "A"}
    )
    handle = product.services.client.get_workflow_handle(case_id)
    events = [event async for event in handle.fetch_history_events()]
    raw = b"".join(event.SerializeToString() for event in events)
    assert planted.encode() not in raw
    assert len(events) > 3
