"""Whoever changes the audit behind the product's back is found out."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from services.audit_journal import DAMAGED
from tests.audit.trail import MENTOR, Trail, sql


@pytest.fixture(autouse=True)
def _ten_entries(trail: Trail) -> None:  # pyright: ignore[reportUnusedFunction]
    trail.write(10)


def test_an_untouched_audit_is_whole(trail: Trail) -> None:
    report = trail.verify()
    assert (report.entries, report.last, report.problems) == (10, 10, 0)
    assert trail.verify().head == report.head


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor_id = 'x'",
        "DELETE FROM audit_entry",
        "REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE seq = 4",
    ],
)
def test_the_database_refuses_changes(trail: Trail, statement: str) -> None:
    with sql(trail.database) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    assert trail.verify().problems == 0


def test_a_missing_guard_is_reported(trail: Trail) -> None:
    with trail.intruder():
        pass
    assert [item.code for item in trail.verify().findings] == ["guard_missing"]


COLUMNS = [
    "actor_id",
    "actor_role",
    "at",
    "address",
    "act",
    "case_id",
    "outcome",
    "detail",
    "code",
    "purpose",
]


@pytest.mark.parametrize("column", [*COLUMNS, "school_id", "how", "request_id"])
def test_each_changed_column_is_found(trail: Trail, column: str) -> None:
    value = "2001-01-01 00:00:00.000000" if column == "at" else "other"
    with trail.intruder() as connection:
        connection.execute(f"UPDATE audit_entry SET {column} = ? WHERE seq = 4", (value,))  # noqa: S608
    assert trail.found() == [("entry_changed", 4)]


def test_a_removed_row_is_found(trail: Trail) -> None:
    with trail.intruder() as connection:
        connection.execute("DELETE FROM audit_entry WHERE seq = 4")
    assert ("entry_removed", 4) in trail.found()


def test_a_removed_row_is_named_though_the_rest_moved_up(trail: Trail) -> None:
    missing = trail.write(3)[1]
    with trail.intruder() as connection:
        connection.execute("DELETE FROM audit_entry WHERE seq = 12")
        connection.execute("UPDATE audit_entry SET seq = 12 WHERE seq = 13")
    findings = trail.verify().findings
    assert ("entry_moved", 12) in [(item.code, item.seq) for item in findings]
    assert missing in [item.entry for item in findings if item.code == "entry_missing"]


def test_an_inserted_row_is_found(trail: Trail) -> None:
    with trail.intruder() as connection:
        connection.execute("UPDATE audit_entry SET seq = -seq WHERE seq > 4")
        connection.execute("UPDATE audit_entry SET seq = 1 - seq WHERE seq < 0")
        connection.execute("CREATE TEMP TABLE copy AS SELECT * FROM audit_entry WHERE seq = 4")
        connection.execute("UPDATE copy SET seq = 5, id = 'forged-1', actor_id = 'mentor-2'")
        connection.execute("INSERT INTO audit_entry SELECT * FROM copy")
    assert ("entry_forged", 5) in trail.found()


def test_an_appended_row_is_found(trail: Trail) -> None:
    with trail.intruder() as connection:
        connection.execute("CREATE TEMP TABLE copy AS SELECT * FROM audit_entry WHERE seq = 10")
        connection.execute("UPDATE copy SET seq = 11, id = 'forged-1', actor_id = 'mentor-2'")
        connection.execute("INSERT INTO audit_entry SELECT * FROM copy")
    assert trail.found() == [("entry_forged", 11)]


def test_swapped_rows_are_found(trail: Trail) -> None:
    with trail.intruder() as connection:
        connection.execute("UPDATE audit_entry SET seq = -seq WHERE seq IN (4, 7)")
        connection.execute("UPDATE audit_entry SET seq = 11 + seq WHERE seq < 0")
    found = trail.found()
    assert {("entry_moved", 4), ("entry_moved", 7)} <= set(found)


@pytest.mark.parametrize("kept", [9, 1, 0])
def test_a_cut_tail_is_found(trail: Trail, kept: int) -> None:
    with trail.intruder() as connection:
        connection.execute("DELETE FROM audit_entry WHERE seq > ?", (kept,))
    assert trail.found() == [("tail_missing", 10)]


def test_an_older_database_is_found_also_when_work_went_on(trail: Trail, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    with sql(trail.database) as connection:
        connection.execute("VACUUM INTO ?", (str(backup),))
    trail.write(5)
    trail.engine.dispose()
    shutil.copy(backup, trail.database)
    assert trail.found() == [("tail_missing", 15)]
    trail.write(6)
    codes = [code for code, _ in trail.found()]
    assert "chain_differs" in codes
    assert "entry_missing" in codes


@pytest.mark.parametrize("gone", ["head.json", "anchors.jsonl"])
def test_a_cut_tail_is_not_hidden_by_taking_away_what_is_kept_outside(trail: Trail, gone: str) -> None:
    (trail.folder / gone).unlink()
    with trail.intruder() as connection:
        connection.execute("DELETE FROM audit_entry WHERE seq > 9")
    assert ("anchor_missing", None) in trail.found()


def test_what_is_kept_outside_cannot_be_rewritten(trail: Trail) -> None:
    head = trail.folder / "head.json"
    head.write_text(head.read_text().replace('"seq":10', '"seq":9'))
    assert trail.found() == [("anchor_changed", None)]


def test_a_changed_line_of_the_journal_never_becomes_an_entry(trail: Trail) -> None:
    trail.audit.record_now(MENTOR, "case.read", detail={"key": "first"})
    trail.audit.record_now(MENTOR, "case.read", detail={"key": "second"})
    path = trail.journals[-1]
    path.write_text(path.read_text().replace("first", "other"))
    found = trail.found()
    assert ("journal_damaged", None) in found
    assert ("entry_missing", 11) in found
    assert trail.verify().last == 11


def test_a_changed_line_is_put_aside_once_however_often_it_is_read(trail: Trail) -> None:
    trail.audit.record_now(MENTOR, "case.read", detail={"key": "first"})
    path = trail.journals[-1]
    path.write_text(path.read_text().replace("first", "other"))
    with sql(trail.database) as connection:
        connection.execute("ALTER TABLE audit_entry RENAME TO away")
        for _ in range(3):
            with pytest.raises(OperationalError):
                trail.audit.settle()
        connection.execute("ALTER TABLE away RENAME TO audit_entry")
    trail.audit.settle()
    trail.audit.settle()
    (line,) = path.with_suffix(DAMAGED).read_text().splitlines()
    assert '"other"' in line.replace("\\", "")
