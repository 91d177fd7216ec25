"""Rows that somebody damaged are as they should be again, and everything that was repaired is told."""

import gc
import json
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from models.tables import CaseDeadline, CaseHardship, CaseRow, Reservation
from services.reconciler import Reconciler
from services.verify import Verifier
from tests.audit.test_requests import entries
from tests.observability.watched import CONTACT, Watched
from tests.product import Product, running_product, settings_for
from tests.views.databases import postgresql
from workflows.reconcile_messages import Cursor

BEGUN, FAILED, DONE = "begun", "failed", "done"


@pytest.fixture(scope="module")
async def product(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Product]:
    folder = tmp_path_factory.mktemp("reconciled")
    settings = settings_for(folder, temporal_address, school="90081", reconcile_cases=50)
    async with running_product(settings) as running:
        yield running


def sql(product: Product, statement: str, *values: str) -> list[Any]:
    with closing(sqlite3.connect(product.settings.data_dir / "zhuhang.db", isolation_level=None)) as database:
        return database.execute(statement, values).fetchall()


def reconciler(product: Product, **settings: int) -> Reconciler:
    services = product.services
    chosen = product.settings.model_copy(update=settings)
    return Reconciler(services.engine, services.vault, services.client, chosen)


async def go_round(reconciler: Reconciler) -> int:
    """Compare everything once; answers the number of slices."""
    cursor, slices = await reconciler.reconcile(Cursor()), 1
    while cursor != Cursor():
        cursor = await reconciler.reconcile(cursor)
        slices += 1
    return slices


async def differing(product: Product) -> dict[str, tuple[str, ...]]:
    services = product.services
    verifier = Verifier(services.engine, services.vault, services.client, product.settings)
    return {item.case_id: item.problems for item in (await verifier.verify()).details}


def repairs(product: Product, case_id: str) -> list[tuple[str, Any]]:
    """The outcomes in the audit, with what was wrong."""
    found = entries(product, case_id=case_id, act="ledger.repair")
    return [(entry.outcome, json.loads(entry.detail)["problems"]) for entry in found]


async def test_what_was_damaged_is_repaired_and_the_rest_left_alone(product: Product) -> None:
    damaged, hurt, whole = [await product.paired() for _ in range(3)]
    sql(product, "UPDATE case_row SET stage = 'closed' WHERE case_id = ?", damaged)
    sql(product, "DELETE FROM case_hardship WHERE case_id = ?", hurt)
    untouched = sql(product, "SELECT * FROM case_row WHERE case_id = ?", whole)

    await go_round(reconciler(product))
    assert await differing(product) == {}
    assert repairs(product, damaged) == [(BEGUN, ["row.stage"]), (DONE, ["row.stage"])]
    assert repairs(product, hurt) == [(BEGUN, ["case_hardship"]), (DONE, ["case_hardship"])]
    assert sql(product, "SELECT * FROM case_row WHERE case_id = ?", whole) == untouched
    assert repairs(product, whole) == []
    assert await go_round(reconciler(product, reconcile_cases=2)) == 4
    assert len(repairs(product, damaged)) == 2


async def test_a_row_that_is_gone_is_found_in_the_list_of_temporal(product: Product) -> None:
    case_id = await product.paired()
    for table in ("case_hardship", "case_deadline", "reservation", "case_row"):
        sql(product, f"DELETE FROM {table} WHERE case_id = ?", case_id)  # noqa: S608

    async def back() -> list[Any]:
        # The list is a moment behind.
        await go_round(reconciler(product))
        return sql(product, "SELECT 1 FROM case_row WHERE case_id = ?", case_id)

    await product.until(back, what="the row is back")
    assert await differing(product) == {}
    assert repairs(product, case_id)[-1] == (DONE, ["ledger_row_missing"])


async def test_a_case_that_is_catching_up_is_left_alone(product: Product) -> None:
    case_id = await product.paired()
    # A session is written down where it begins.
    product.bearer("mentor-1")
    with closing(sqlite3.connect(product.settings.data_dir / "zhuhang.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = await product.do(case_id, "mentor-1", CONTACT)
        assert answer.status == 202, answer.body
        assert case_id in await differing(product)
        await go_round(reconciler(product))
        other.execute("ROLLBACK")
    assert repairs(product, case_id) == []

    async def caught_up() -> bool:
        return await differing(product) == {}

    await product.until(caught_up, what="the case has caught up")


async def without_beginning(product: Product) -> str:
    """A case whose first event only the ledger has."""
    case_id = await product.paired()
    handle = product.services.client.get_workflow_handle(case_id)
    first_run = (await handle.describe()).run_id

    async def another_run() -> bool:
        await product.accepted(case_id, "mentor-1", {"type": "annotate", "text": "又一事"})
        return (await handle.describe()).run_id != first_run

    # One that has gone on no longer has its beginning at hand.
    await product.until(another_run, what="the case is in another run")
    return case_id


async def test_what_cannot_be_repaired_is_tried_once(product: Product) -> None:
    case_id = await without_beginning(product)
    sql(product, "DELETE FROM case_event WHERE case_id = ? AND seq = 1", case_id)
    ours = reconciler(product)
    for _ in range(2):
        await ours.reconcile(Cursor())
    lost = ["events.missing"]
    assert repairs(product, case_id) == [(BEGUN, lost), (FAILED, lost)]
    assert await differing(product) == {case_id: tuple(lost)}


async def test_what_was_equal_meanwhile_is_tried_anew(product: Product) -> None:
    case_id = await without_beginning(product)
    beginning = "case_id = ? AND seq = 1"
    sql(product, f"CREATE TABLE kept AS SELECT * FROM case_event WHERE {beginning}", case_id)  # noqa: S608
    ours, lost = reconciler(product), ["events.missing"]
    for tried in (1, 2):
        sql(product, f"DELETE FROM case_event WHERE {beginning}", case_id)  # noqa: S608
        await ours.reconcile(Cursor())
        assert repairs(product, case_id) == [(BEGUN, lost), (FAILED, lost)] * tried
        # Somebody puts it back.
        sql(product, "INSERT INTO case_event SELECT * FROM kept")
        await ours.reconcile(Cursor())


async def test_a_page_of_another_server_ends_the_round(product: Product) -> None:
    assert await reconciler(product).reconcile(Cursor(of="temporal", after="eHh4")) == Cursor()


# A worker that ends in this process leaves its connections to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_it_repairs_on_postgresql_as_well(temporal_address: str, tmp_path: Path) -> None:
    with postgresql() as url:
        settings = settings_for(tmp_path, temporal_address, school="90084", database_url=url)
        async with running_product(settings) as product:
            damaged, gone, whole = [await product.paired() for _ in range(3)]
            with product.services.engine.begin() as connection:
                hurt = update(CaseRow).where(col(CaseRow.case_id) == damaged)
                connection.execute(hurt.values(stage="closed"))
                for table in (CaseHardship, CaseDeadline, Reservation, CaseRow):
                    connection.execute(delete(table).where(col(table.case_id) == gone))

            async def back() -> bool:
                # The list is a moment behind.
                await go_round(reconciler(product))
                with product.services.engine.connect() as connection:
                    row = select(col(CaseRow.stage)).where(col(CaseRow.case_id) == gone)
                    return connection.scalar(row) == "assessment"

            await product.until(back, what="the row is back")
            assert await differing(product) == {}
            assert repairs(product, damaged) == [(BEGUN, ["row.stage"]), (DONE, ["row.stage"])]
            assert repairs(product, gone)[-1] == (DONE, ["ledger_row_missing"])
            assert repairs(product, whole) == []
        product.services.engine.dispose()
    gc.collect()


async def test_an_installation_repairs_itself_and_tells_of_it(watched: Watched) -> None:
    damaged, whole = await watched.open_case(), await watched.open_case()
    database = Path(watched.running.environment["ZHUHANG_DATA_DIR"]) / "zhuhang.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("PRAGMA busy_timeout = 30000")
        other.execute("DELETE FROM case_hardship WHERE case_id = ?", (damaged,))

    def repaired() -> list[dict[str, Any]]:
        return [line for line in watched.log("worker") if line["event"] == "the ledger was repaired"]

    (line,) = await watched.until(repaired, what="the ledger was repaired")
    assert (line["case_id"], line["problems"]) == (damaged, ["case_hardship"])
    assert line["case_id"] != whole
    assert await watched.until_told("worker", "zhuhang_reconciled_cases_total", result="repaired") == 1
    assert await watched.until_told("worker", "zhuhang_reconciled_cases_total", result="equal")
    with closing(sqlite3.connect(database)) as other:
        kept = other.execute("SELECT type FROM case_hardship WHERE case_id = ?", (damaged,)).fetchall()
    assert kept == [("LIFTED_POVERTY",)]
