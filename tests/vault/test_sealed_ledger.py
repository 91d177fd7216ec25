"""The ledger's files: nobody reads a person's data in them, and nothing sealed can be put elsewhere."""

from collections.abc import Generator
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from models.tables import CaseEvent, CaseRow, ImportJob, ImportRow
from services.data_key import SealBroken
from services.database import writing
from services.import_seals import ImportSeals
from services.vault import Vault
from services.verify import Verifier
from tests.imports.files import imported, person, roster
from tests.product import Product
from tests.vault.test_codec import lived, planted

ROSTER_NAME = "册中埋名"
NOTE = {"type": "annotate", "text": "x"}


@pytest.fixture
def session(product: Product) -> Generator[Session]:
    with Session(writing(product.services.engine)) as session:
        yield session


async def test_two_cases_sealed_values_cannot_change_places(product: Product, session: Session) -> None:
    one, other = await product.open_case(name="甲某"), await product.open_case(name="乙某")
    for case_id in (one, other):
        # A case may still write its first row itself; a command is in the ledger when it is answered.
        await product.accepted(case_id, "counselor", NOTE)
    rows = {case_id: session.get_one(CaseRow, case_id) for case_id in (one, other)}
    kept = {case_id: (row.name, row.state) for case_id, row in rows.items()}
    rows[one].name, rows[one].state = kept[other]
    rows[other].name, rows[other].state = kept[one]
    session.commit()
    answer = await product.get(f"/cases/{one}", "college")
    assert (answer.status, answer.code) == (409, "seal_broken")
    lines = (await product.get(f"/cases?q={one}", "college")).body["items"]
    assert [(line["case_id"], line["name"]) for line in lines] == [(one, "")]

    verifier = Verifier(
        product.services.engine, product.services.vault, product.services.client, product.settings
    )
    found = {item.case_id: item for item in (await verifier.verify(repair=True)).details}
    assert {one, other} <= set(found)
    assert found[one].problems == ("row.name", "row.state")
    assert found[one].repaired
    assert (await product.get(f"/cases/{one}", "college")).body["profile"]["name"] == "甲某"


async def test_an_older_state_or_another_event_does_not_open_in_a_place(
    product: Product, session: Session
) -> None:
    case_id = await product.open_case()
    await product.accepted(case_id, "counselor", NOTE)
    old = session.get_one(CaseRow, case_id).state
    session.rollback()
    await product.accepted(case_id, "counselor", NOTE)
    session.get_one(CaseRow, case_id).state = old
    query = select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(col(CaseEvent.seq))
    first, second, _ = session.exec(query).all()
    first.data, second.data = second.data, first.data
    session.commit()
    for path in ("", "/timeline"):
        assert (await product.get(f"/cases/{case_id}{path}", "college")).code == "seal_broken"


async def test_a_roster_leaves_nothing_but_what_was_rejected(product: Product, session: Session) -> None:
    numbers = ("ROW1", "ROW2", "ROW3")
    names = (ROSTER_NAME, ROSTER_NAME, "")
    done, rows = await imported(product, roster(*map(person, numbers, names)))
    assert [row["outcome"] for row in rows] == ["opened", "opened", "rejected"]
    job = session.get_one(ImportJob, done["import_id"])
    seals = ImportSeals(Vault.of(product.settings))
    kept = session.exec(
        select(ImportRow).where(ImportRow.import_id == job.id).order_by(col(ImportRow.row))
    ).all()
    assert [row.cells is None for row in kept] == [True, True, False]
    rejected = kept[-1]
    cells = seals.open_cells(job.id, rejected.row, rejected.cells, rejected=True)
    assert cells["student_no"] == "ROW3"
    with pytest.raises(SealBroken):
        seals.open_cells(job.id, rejected.row + 1, rejected.cells, rejected=True)
    answer = await product.http.get(
        f"/api/v1/imports/{job.id}/rows?outcome=rejected&format=csv",
        headers=product.bearer("career-centre"),
    )
    assert answer.status_code == 200
    # The key of the file and its rows is gone: a backup taken meanwhile tells nobody anything.
    assert Vault.of(product.settings).destroyed([f"rows-{job.id}"])


async def test_no_file_holds_a_person_s_data(
    product: Product, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = planted()
    await lived(product, data)
    rejected = person("RAW2", ROSTER_NAME, id_number="坏号", phone=data["phone"])
    await imported(product, roster(person("RAW1", ROSTER_NAME), rejected), name=f"{ROSTER_NAME}.csv")
    folders = [product.settings.data_dir, *tmp_path_factory.getbasetemp().glob("temporal*")]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    # The running server's journal comes and goes; what it holds is in the database beside it a moment later.
    files = [file for file in files if not file.name.endswith("-journal")]
    names = {file.name for file in files}
    assert {"zhuhang.db", "temporal.db", "case-keys.db"} <= names
    # The grep finds what is there: the policy's name and a mentor's id are no secrets.
    assert [file.name for file in files if b"mentor-1" in file.read_bytes()]
    for value in (*data.values(), ROSTER_NAME):
        assert [str(file) for file in files if _holds(file, value)] == [], value


def _holds(file: Path, value: str) -> bool:
    content = file.read_bytes()
    return any(value.encode(encoding) in content for encoding in ("utf-8", "utf-16-le", "gb18030")) or (
        value.encode("unicode_escape") in content and not value.isascii()
    )
