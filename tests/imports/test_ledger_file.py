"""The ledger to take away, and the proof that it is right."""

import io
from pathlib import Path

from openpyxl import load_workbook
from sqlmodel import Session, col, delete, select

from models.roster.columns import field_of, roster_columns
from models.tables import CaseDeadline, CaseRow
from services.verify import Verifier
from tests.imports.files import imported, outcomes
from tests.product import Product

SAMPLE = Path(__file__).parents[2] / "samples" / "roster-computing.csv"


async def test_the_exported_ledger_imports_back_unchanged(product: Product) -> None:
    _, rows = await imported(product, SAMPLE.read_bytes())
    assert {row["outcome"] for row in rows} == {"opened"}
    case_id = rows[0]["case_id"]
    corrected = {"type": "correct_profile", "reason": "本人更正", "address": "=不是公式"}
    await product.accepted(case_id, "counselor", corrected)

    headers = product.bearer("counselor")
    answer = await product.http.get("/api/v1/exports/ledger.xlsx", headers=headers)
    assert answer.status_code == 200
    table = list(load_workbook(io.BytesIO(answer.content), read_only=True).worksheets[0].values)
    known = [column.zh for column in roster_columns().columns]
    assert list(table[0][: len(known)]) == known
    assert not any(field_of(str(title)) for title in table[0][len(known) :])
    texts = [cell for line in table for cell in line if isinstance(cell, str)]
    assert "'=不是公式" in texts
    assert not [text for text in texts if text.startswith("=")]

    done, rows = await imported(product, answer.content, name="台账.xlsx")
    assert set(outcomes(rows)) == {("unchanged", None)}
    assert done["total"] == len(table) - 1
    versions = (await product.get(f"/cases/{case_id}", "counselor")).body["version"]
    assert versions == 2


async def test_who_reads_no_cases_exports_none(product: Product) -> None:
    for actor in ("admin", "employer"):
        answer = await product.get("/exports/ledger.xlsx", actor)
        assert (answer.status, answer.code) == (403, "role_not_allowed")


async def test_verify_names_what_differs_and_repairs_it(product: Product) -> None:
    case_id = await product.open_case(hardship_types=["低保"])
    services = product.services
    verifier = Verifier(services.engine, services.vault, services.client, product.settings)
    assert (await verifier.verify()).differing == 0
    with Session(services.engine.execution_options(writes=True)) as session:
        row = session.exec(select(CaseRow).where(CaseRow.case_id == case_id)).one()
        row.stage = "closed"
        session.exec(delete(CaseDeadline).where(col(CaseDeadline.case_id) == case_id))
        session.commit()
    found = await verifier.verify(repair=True)
    assert [(item.case_id, item.problems, item.repaired) for item in found.details] == [
        (case_id, ("row.stage", "case_deadline"), True)
    ]
    assert (await verifier.verify()).differing == 0
