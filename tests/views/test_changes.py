"""Which cases have changed: each change is told once, in whatever order transactions commit."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, update
from sqlmodel import col

from models.tables import CaseRow
from services.changes import ChangeFeed, Mark
from services.database import replace, writing
from tests.views.databases import ledger_on

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Engine]:
    with ledger_on(request.param, tmp_path_factory.mktemp("changes")) as (_, engine):
        yield engine


def row(case_id: str, version: int, updated: datetime, **more: object) -> CaseRow:
    plain = {
        "student_no": "",
        "student_no_key": "",
        "name": "",
        "name_key": "",
        "policy_ref": "",
        "state": "",
    }
    return CaseRow.model_validate(
        plain
        | {
            "case_id": case_id,
            "version": version,
            "school_id": "90001",
            "department_id": "cs",
            "cohort": 2027,
            "stage": "intake",
            "opened_at": updated,
            "updated_at": updated,
            "waiting_since": updated,
            "policy_digest": "",
        }
        | more
    )


def write(connection: Connection, case_id: str, version: int, **more: object) -> None:
    # Clocks say nothing: this one runs backwards.
    replace(connection, row(case_id, version, LONG_AGO - timedelta(days=version), **more))


def told(feed: ChangeFeed, mark: Mark) -> tuple[list[tuple[str, int]], Mark]:
    changes, mark = feed.since(mark)
    return [(change.case_id, change.version) for change in changes], mark


def test_a_change_is_told_once(engine: Engine) -> None:
    feed = ChangeFeed(engine)
    with writing(engine).begin() as connection:
        write(connection, "case-old", 1)
    changes, mark = feed.since(None)
    assert changes == []
    assert told(feed, mark)[0] == []
    with writing(engine).begin() as connection:
        write(connection, "case-a", 1, mentor_id="mentor-1")
        write(connection, "case-b", 1, proposed_mentor_id="mentor-2")
    changes, mark = feed.since(mark)
    assert {(item.case_id, item.version, item.mentor_id, item.proposed_mentor_id) for item in changes} == {
        ("case-a", 1, "mentor-1", None),
        ("case-b", 1, None, "mentor-2"),
    }
    assert {(item.school_id, item.department_id) for item in changes} == {("90001", "cs")}
    assert told(feed, mark)[0] == []
    with writing(engine).begin() as connection:
        write(connection, "case-a", 2)
    found, mark = told(feed, mark)
    assert found == [("case-a", 2)]
    assert told(feed, mark)[0] == []


def test_what_is_not_committed_yet_is_told_later_and_nothing_twice(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite takes one writer at a time")
    feed = ChangeFeed(engine)
    with engine.connect() as early:
        write(early, "case-late", 1)
        _, mark = feed.since(None)
        for version in (1, 2, 3):
            with engine.begin() as quick:
                write(quick, "case-quick", version)
            found, mark = told(feed, mark)
            assert found == [("case-quick", version)]
        early.commit()
    found, mark = told(feed, mark)
    assert found == [("case-late", 1)]
    assert told(feed, mark)[0] == []


def test_a_change_by_any_statement_counts(engine: Engine) -> None:
    feed = ChangeFeed(engine)
    with writing(engine).begin() as connection:
        write(connection, "case-c", 1)
    _, mark = feed.since(None)
    with writing(engine).begin() as connection:
        connection.execute(update(CaseRow).where(col(CaseRow.case_id) == "case-c").values(version=2))
    found, mark = told(feed, mark)
    assert found == [("case-c", 2)]
    with writing(engine).begin() as connection:
        # What is left of an erased case.
        values = row("erased-1", 0, LONG_AGO).model_dump(exclude={"written"})
        connection.execute(insert(CaseRow).values(**values))
    assert told(feed, mark)[0] == []
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1 FROM case_row WHERE case_id = 'erased-1'").scalar() == 1


def test_numbers_of_the_server_that_a_backup_came_from_are_no_changes(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite counts in the file itself")
    feed = ChangeFeed(engine)
    with engine.begin() as connection:
        write(connection, "case-d", 1)
        connection.execute(update(CaseRow).where(col(CaseRow.case_id) == "case-d").values(written=10**12))
    _, mark = feed.since(None)
    assert told(feed, mark)[0] == []
