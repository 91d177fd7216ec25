"""Every event in the ledger is proved to be the case's own, to the last word, and what is not is repaired."""

import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import closing

import pytest
from sqlmodel import Session, select

from models.case.lived import lived
from models.case.machine import Recorded, evolve
from models.case.profile import Annotated_
from models.case.state import CaseState
from models.tables import CaseNotice, CaseRow
from services.notices import beside_events
from services.past_events import PastEvents
from services.projection import Ledger
from services.reconciler import Reconciler
from services.sealed import state_place
from services.verify import Verification, Verifier
from tests.product import Product, running_product, settings_for
from workflows.messages import CASE_STATE, Projection
from workflows.reconcile_messages import Cursor

THIRD, LAST = 3, 6


@pytest.fixture(scope="module")
async def product(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Product]:
    folder = tmp_path_factory.mktemp("every-event")
    async with running_product(settings_for(folder, temporal_address, school="90086")) as running:
        yield running


async def noted(product: Product) -> str:
    """A case of six events, the last three of which are notes."""
    case_id = await product.paired()
    for text in ("一", "二", "三"):
        await product.accepted(case_id, "mentor-1", {"type": "annotate", "text": text})
    return case_id


def past(product: Product, case_id: str) -> list[Recorded]:
    return PastEvents(product.services.engine, product.services.vault).all_of(case_id)


async def state_of(product: Product, case_id: str) -> CaseState:
    return await product.services.client.get_workflow_handle(case_id).query(CASE_STATE, result_type=CaseState)


def verifier(product: Product) -> Verifier:
    services = product.services
    return Verifier(services.engine, services.vault, services.client, product.settings)


def reconciler(product: Product) -> Reconciler:
    services = product.services
    return Reconciler(services.engine, services.vault, services.client, product.settings)


def sql(product: Product, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(product.settings.data_dir / "zhuhang.db", isolation_level=None)) as database:
        assert database.execute(statement, values).rowcount == 1


def written(product: Product, case_id: str, item: Recorded) -> None:
    """Put an event in its place in the ledger, whatever is there."""
    services = product.services
    (row,) = Ledger(services.engine, services.vault).event_rows(case_id, [item])
    columns = row.model_dump()
    marks = ", ".join("?" * len(columns))
    values = [str(value) if name == "at" else value for name, value in columns.items()]
    sql(product, f"REPLACE INTO case_event ({', '.join(columns)}) VALUES ({marks})", *values)  # noqa: S608


def reworded(item: Recorded) -> Recorded:
    assert isinstance(item.event, Annotated_)
    return item.model_copy(update={"event": item.event.model_copy(update={"text": "另一句话"})})


async def test_a_row_that_an_earlier_version_wrote_is_no_difference(product: Product) -> None:
    case_id = await noted(product)
    state, vault = await state_of(product, case_id), product.services.vault
    older = state.model_dump_json(exclude={"policy", "chain"})
    sealed = vault.seal(case_id, older, state_place(state.version))
    sql(product, "UPDATE case_row SET state = ? WHERE case_id = ?", sealed, case_id)
    assert (await verifier(product).verify()).differing == 0
    other = state.but(contacts=99).model_dump_json(exclude={"policy", "chain"})
    sql(
        product,
        "UPDATE case_row SET state = ? WHERE case_id = ?",
        vault.seal(case_id, other, state_place(state.version)),
        case_id,
    )
    assert [item.problems for item in (await verifier(product).verify(repair=True)).details] == [
        ("row.state",)
    ]


def a_word(product: Product, case_id: str) -> None:
    written(product, case_id, reworded(past(product, case_id)[LAST - 2]))


def an_author(product: Product, case_id: str) -> None:
    sql(product, "UPDATE case_event SET actor_id = 'm2' WHERE case_id = ? AND seq = 5", case_id)


def a_gap(product: Product, case_id: str) -> None:
    sql(product, "DELETE FROM case_event WHERE case_id = ? AND seq = 1", case_id)


def a_seal(product: Product, case_id: str) -> None:
    sql(product, "UPDATE case_event SET data = 'none' WHERE case_id = ? AND seq = 4", case_id)


def one_more(product: Product, case_id: str) -> None:
    first, *_, last = past(product, case_id)
    written(
        product, case_id, last.model_copy(update={"seq": last.seq + 1, "at": first.at.replace(year=2020)})
    )


def nobody_told(product: Product, case_id: str) -> None:
    sql(product, "DELETE FROM case_notice WHERE case_id = ?", case_id)


def somebody_told(product: Product, case_id: str) -> None:
    sql(
        product,
        "INSERT INTO case_notice SELECT case_id, 5, 'staff:college', school_id, kind, subject, at, NULL "
        "FROM case_notice WHERE case_id = ?",
        case_id,
    )


def beside_an_event(product: Product, case_id: str) -> None:
    with Session(product.services.engine) as session:
        case = session.exec(select(CaseRow).where(CaseRow.case_id == case_id)).one()
        session.add_all(beside_events(case, "break_glass", "", ["department:cs"], case.opened_at))
        session.commit()


def told_otherwise(product: Product, case_id: str) -> None:
    sql(product, "UPDATE case_notice SET kind = 'case_closed' WHERE case_id = ?", case_id)


def told(product: Product, case_id: str) -> list[dict[str, object]]:
    with Session(product.services.engine) as session:
        rows = session.exec(select(CaseNotice).where(CaseNotice.case_id == case_id)).all()
        return [row.model_dump() for row in rows]


DAMAGES: dict[tuple[str, ...], Callable[[Product, str], None]] = {
    ("events.content",): a_word,
    ("events.missing",): a_gap,
    ("events.unreadable",): a_seal,
    ("events.beyond",): one_more,
    ("notices.missing",): nobody_told,
    ("notices.beyond",): somebody_told,
    ("notices.missing", "notices.beyond"): told_otherwise,
}


async def test_each_kind_of_damage_is_named_and_repaired(product: Product) -> None:
    cases = {kinds: await noted(product) for kinds in (*DAMAGES, ("whole",))}
    beside_an_event(product, cases["whole",])
    before = {case_id: (past(product, case_id), told(product, case_id)) for case_id in cases.values()}
    assert {len(news) for _, news in before.values()} == {1, 2}
    for kinds, damage in DAMAGES.items():
        damage(product, cases[kinds])
    found = await verifier(product).verify()
    assert problems(found) == {cases[kinds]: kinds for kinds in DAMAGES}
    mended = await verifier(product).verify(repair=True)
    assert all(item.repaired for item in mended.details)
    assert (await verifier(product).verify()).differing == 0
    assert {case_id: (past(product, case_id), told(product, case_id)) for case_id in before} == before


async def test_another_author_is_another_event(product: Product) -> None:
    case_id = await noted(product)
    an_author(product, case_id)
    assert problems(await verifier(product).verify()) == {case_id: ("events.content",)}
    await reconciler(product).reconcile(Cursor())
    assert past(product, case_id)[4].actor_id == "mentor-1"


@pytest.mark.parametrize("command", ["annotate", "record_assessment"])
async def test_an_attempt_of_the_same_moment_that_comes_too_late_does_not_stand(
    product: Product, command: str
) -> None:
    case_id = await product.paired()
    fields = {"annotate": {"text": "真"}, "record_assessment": {"intention": "省内就业", "risk_level": "C"}}
    await product.accepted(case_id, "mentor-1", {"type": command, **fields[command]})
    happened, state = past(product, case_id), await state_of(product, case_id)
    discarded = happened[-1].model_copy(update={"event": Annotated_(text="没有发生")})
    earlier = lived(happened[:-1], state)
    assert earlier is not None
    # What another worker decided over the same task at the same time, and was refused by Temporal.
    late = Projection(state=evolve(earlier, discarded), events=[discarded])
    services = product.services
    Ledger(services.engine, services.vault).project([late])
    assert past(product, case_id)[-1] == discarded

    assert set(problems(await verifier(product).verify())) == {case_id}
    await reconciler(product).reconcile(Cursor())
    assert past(product, case_id) == happened
    assert (await verifier(product).verify()).differing == 0


def problems(found: Verification) -> dict[str, tuple[str, ...]]:
    return {item.case_id: item.problems for item in found.details}
