"""What people ask of a ledger of many schools is found by indexes: no query reads a table that grows with the cases
from its beginning to its end."""

from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from bench.scale.ledger import Reader, answered, reader_of
from bench.scale.readers import Ask, asks
from bench.scale.seed import places, seed
from models.case.kernel import ReserveMentor
from services.pairing import MentorPool
from services.settings import Settings
from tests.product import UNHURRIED
from tests.views.databases import postgresql

GROWING = frozenset(
    {
        "case_row",
        "case_hardship",
        "case_deadline",
        "case_referral",
        "case_notice",
        "case_event",
        "reservation",
    }
)
NOW = datetime.now(UTC)
# Enough of them that one province is a small part of the whole.
SCHOOLS = places(90, 300)


class Asked:
    """The ledger of some schools, whose queries are explained as they are made."""

    def __init__(self, reader: Reader, settings: Settings) -> None:
        self.reader = reader
        self.settings = settings

    def asks(self) -> list[Ask]:
        """Everything that the people of a school ask."""
        return list(asks(SCHOOLS[0], self.settings, NOW))

    async def scanned(self, wanted: list[Ask]) -> dict[str, set[str]]:
        """The growing tables that were read whole, with the requests that did."""
        found: dict[str, set[str]] = {}
        count = 0
        for ask in wanted:
            with plans(self.reader.engine) as explained:
                await answered(self.reader, replace(ask, pages=min(ask.pages, 2)))
            for table in (table for plan in explained for table in scans(plan)):
                found.setdefault(table, set()).add(f"{ask.reader}: {ask.path}")
            count += len(explained)
        assert count >= len(wanted), "requests went unseen"
        return found


def scans(plan: dict[str, Any]) -> Iterator[str]:
    """The growing tables that a plan reads whole."""
    if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in GROWING:
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from scans(part)


@contextmanager
def plans(engine: Engine) -> Generator[list[dict[str, Any]]]:
    """The plan of every SELECT that reads a growing table in the block."""
    found: list[dict[str, Any]] = []

    def explain(
        _connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> None:
        if statement.lstrip().startswith("SELECT") and any(f" {table}" in statement for table in GROWING):
            other = cursor.connection.cursor()
            other.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            found.append(other.fetchone()[0][0]["Plan"])
            other.close()

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", explain)


@pytest.fixture(scope="module")
async def asked(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Asked]:
    """A ledger of fifteen provinces on PostgreSQL."""
    folder: Path = tmp_path_factory.mktemp("large")
    with postgresql() as url:
        settings = Settings(
            data_dir=folder,
            database_url=url,
            key_database_url=url,
            school_code=SCHOOLS[0].id,
            temporal_address="127.0.0.1:1",
            demo=False,
            **UNHURRIED,
        )
        seed(settings, SCHOOLS, now=NOW)
        async with reader_of(settings) as reader:
            yield Asked(reader, settings)


async def test_no_request_reads_a_growing_table_whole(asked: Asked) -> None:
    assert await asked.scanned(asked.asks()) == {}


async def test_a_mentor_is_chosen_without_counting_those_of_other_schools(asked: Asked) -> None:
    pool, school = MentorPool(asked.reader.engine), SCHOOLS[0].id
    need = ReserveMentor(
        case_id="case-new",
        school_id=school,
        department_id="none",
        mentor_id=None,
        excluded=(),
        experienced=False,
        soft_load=1,
        hard_cap=100_000,
    )
    with plans(asked.reader.engine) as explained:
        best = pool.reserve(need, NOW.date())
        assert best.mentor_id is not None
        assert pool.reserve(need.model_copy(update={"mentor_id": best.mentor_id}), NOW.date()) == best
    assert len(explained) == 2
    assert {table for plan in explained for table in scans(plan)} == set()


async def test_missing_indexes_are_found(asked: Asked) -> None:
    with asked.reader.engine.begin() as connection:
        for name in ("ix_notice_audience", "ix_notice_school"):
            connection.execute(text(f"DROP INDEX {name}"))
    inboxes = [ask for ask in asked.asks() if ask.path == "/inbox?days=7"]
    found = await asked.scanned(inboxes)
    assert found.keys() == {"case_notice"}
    assert len(found["case_notice"]) == len(inboxes)
