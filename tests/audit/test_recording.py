"""What was recorded is durable, gets its place once, and says nothing personal."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from services.audit_entry import Entry
from services.audit_journal import Journal
from services.caller import Stranger
from services.errors import Unavailable
from services.settings import Settings
from tests.audit.trail import CASE, MENTOR, Trail, sql

ENTRY = Entry(
    at=datetime.now(UTC),
    school_id="90040",
    actor_id="mentor-1",
    actor_role="mentor",
    how="session",
    address="192.0.2.7",
    act="case.read",
    outcome="done",
)

# A process that writes entries until it is told to end, or killed; each id is printed when it is acknowledged.
WRITER = """
import sys
from pathlib import Path
from tests.audit.trail import MENTOR, CASE
from services.audit import Audit
from services.database import create_engine_from
from services.settings import Settings
from services.vault import Vault

settings = Settings(data_dir=Path(sys.argv[1]), demo=False)
audit = Audit(create_engine_from(settings), Vault.of(settings), settings.data_dir)
audit.start()
for _ in range(int(sys.argv[2])):
    print(audit.record_now(MENTOR, "case.command", case_id=CASE), flush=True)
audit.stop()
"""


def writer(settings: Settings, amount: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", WRITER, str(settings.data_dir), str(amount)], stdout=subprocess.PIPE, text=True
    )


def ids(trail: Trail) -> list[str]:
    with sql(trail.database) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM audit_entry ORDER BY seq")]


async def test_concurrent_entries_are_all_there_once(trail: Trail) -> None:
    told = await asyncio.gather(
        *(trail.audit.record(MENTOR, "case.command", case_id=CASE) for _ in range(300))
    )
    trail.audit.settle()
    trail.audit.settle()
    assert sorted(ids(trail)) == sorted(told)
    assert len(set(told)) == 300
    assert trail.verify().problems == 0


def test_two_processes_write_one_chain(trail: Trail) -> None:
    writers = [writer(trail.settings, 400) for _ in range(2)]
    trail.audit.start()
    own = [trail.audit.record_now(MENTOR, "case.read") for _ in range(400)]
    told = [line for process in writers for line in process.communicate(timeout=60)[0].split()]
    assert [process.returncode for process in writers] == [0, 0]
    report = trail.verify()
    assert (report.entries, report.problems) == (1200, 0)
    assert sorted(ids(trail)) == sorted(told + own)


def test_a_killed_process_leaves_each_acknowledged_entry(trail: Trail) -> None:
    process = writer(trail.settings, 1_000_000)
    assert process.stdout is not None
    told = [process.stdout.readline().strip() for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    told += process.communicate(timeout=60)[0].split()
    report = trail.verify()
    assert set(told) <= set(ids(trail))
    assert report.problems == 0
    assert trail.journals == []


def test_half_a_line_of_a_killed_process_is_no_entry(trail: Trail) -> None:
    killed = Journal(trail.folder / "journal", trail.audit.key)
    killed.add(ENTRY).result(10)
    killed.close()
    with trail.journals[0].open("ab") as file:
        file.write(b'{"act":"case.re')
    report = trail.verify()
    assert (report.entries, report.problems) == (1, 0)
    assert trail.journals == []


def test_entries_wait_for_the_database_and_are_taken_in_once(trail: Trail) -> None:
    trail.write(3)
    kept = trail.database.with_suffix(".kept")
    trail.engine.dispose()
    trail.database.rename(kept)
    trail.database.write_bytes(b"no database " * 1000)
    waiting = [trail.audit.record_now(MENTOR, "case.command") for _ in range(5)]
    with pytest.raises(Exception, match="not a database"):
        trail.audit.settle()
    trail.engine.dispose()
    kept.rename(trail.database)
    report = trail.verify()
    assert (report.entries, report.problems) == (8, 0)
    assert ids(trail)[3:] == waiting


def test_one_who_dies_after_writing_to_the_database_writes_nothing_twice(trail: Trail) -> None:
    trail.write(3)
    # A later process knows nothing of how far this one had come.
    report = trail.verify()
    assert (report.entries, report.problems) == (3, 0)


async def test_nothing_is_done_when_the_journal_cannot_be_written(trail: Trail) -> None:
    trail.folder.mkdir(exist_ok=True)
    blocked = trail.folder / "journal"
    blocked.write_bytes(b"")
    with pytest.raises(Unavailable) as refused:
        await trail.audit.record(MENTOR, "case.command")
    assert refused.value.code == "audit_unavailable"
    blocked.unlink()
    told = await trail.audit.record(MENTOR, "case.command")
    trail.audit.settle()
    assert ids(trail) == [told]
    assert trail.verify().problems == 0


@pytest.mark.parametrize(
    "personal", ["张三", "10000001111", "000000200202290015", "2021001234", "a b", "x@example.edu", ""]
)
def test_text_that_people_typed_is_kept_as_a_keyed_hash(trail: Trail, personal: str) -> None:
    trail.audit.record_now(
        MENTOR,
        "case.search",
        case_id=personal,
        detail={"q": personal, "types": [personal, "record_contact"], "count": 3},
    )
    trail.audit.settle()
    with sql(trail.database) as connection:
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute("SELECT * FROM audit_entry").fetchone())
    digest = trail.audit.digest(personal)
    assert row["case_id"] == digest
    assert json.loads(row["detail"]) == {"q": digest, "types": [digest, "record_contact"], "count": 3}
    assert not personal or personal not in str(row).replace(digest, "")


def test_a_stranger_is_recorded_by_address(trail: Trail) -> None:
    trail.audit.record_now(
        Stranger(address="192.0.2.9", school_id="90040"), "sign_on", outcome="refused", code="sign_on_failed"
    )
    trail.audit.settle()
    with sql(trail.database) as connection:
        row = connection.execute("SELECT actor_id, address, outcome, code FROM audit_entry").fetchone()
    assert row == ("", "192.0.2.9", "refused", "sign_on_failed")


def test_an_act_or_purpose_that_nobody_knows_is_a_mistake_of_the_caller(trail: Trail) -> None:
    with pytest.raises(ValueError, match="no such act"):
        trail.audit.record_now(MENTOR, "case.invented")
    with pytest.raises(ValueError, match="no such act"):
        trail.audit.record_now(MENTOR, "case.read", purpose="curiosity")


def test_a_line_that_stands_twice_is_one_entry(trail: Trail) -> None:
    told = trail.audit.record_now(MENTOR, "case.read")
    journal = trail.journals[0]
    journal.write_bytes(journal.read_bytes() * 2)
    trail.audit.settle()
    assert ids(trail) == [told]
    assert trail.verify().problems == 0


def test_a_keyed_hash_stays_as_it_is_also_one_with_many_digits_in_a_row(trail: Trail) -> None:
    words = (f"word-{number}" for number in range(100_000))
    like_a_number = next(found for word in words if re.search(r"\d{8}", found := trail.audit.digest(word)))
    trail.audit.record_now(MENTOR, "case.search", detail={"q": like_a_number})
    trail.audit.settle()
    with sql(trail.database) as connection:
        ((detail,),) = connection.execute("SELECT detail FROM audit_entry").fetchall()
    assert json.loads(detail) == {"q": like_a_number}
