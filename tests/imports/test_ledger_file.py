"""The ledger to take away, and the proof that it is right."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from sqlmodel import Session, col, delete, select

from models.case.kernel import Actor, Role
from models.case.profile import CorrectProfile
from models.roster.columns import field_of, roster_columns
from models.tables import CaseDeadline, CaseEvent, CaseRow
from services.commands import CommandKey
from services.settings import SetupError, load_settings
from services.verify import Verifier
from tests.imports.files import imported, outcomes, person, roster, send
from tests.product import Product

SAMPLE = Path(__file__).parents[2] / "samples" / "roster-computing.csv"


async def exported(product: Product, actor: str, **query: Any) -> bytes:
    """The workbook that this person takes away."""
    answer = await product.http.get(
        "/api/v1/exports/ledger.xlsx",
        params={"purpose": "reporting"} | query,
        headers=product.bearer(actor),
    )
    assert answer.status_code == 200, answer.text
    return answer.content


async def test_the_exported_ledger_imports_back_unchanged(product: Product) -> None:
    _, rows = await imported(product, SAMPLE.read_bytes())
    assert {row["outcome"] for row in rows} == {"opened"}
    case_id = rows[0]["case_id"]
    corrected = {"type": "correct_profile", "reason": "本人更正", "address": "=不是公式"}
    await product.accepted(case_id, "counselor", corrected)

    content = await exported(product, "college", masked=False)
    table = list(load_workbook(io.BytesIO(content), read_only=True).worksheets[0].values)
    known = [column.zh for column in roster_columns().columns]
    assert list(table[0][: len(known)]) == known
    assert not any(field_of(str(title)) for title in table[0][len(known) :])
    texts = [cell for line in table for cell in line if isinstance(cell, str)]
    assert "'=不是公式" in texts
    assert not [text for text in texts if text.startswith("=")]

    done, rows = await imported(product, content, name="台账.xlsx")
    assert set(outcomes(rows)) == {("unchanged", None)}
    assert done["total"] == len(table) - 1
    versions = (await product.get(f"/cases/{case_id}", "counselor")).body["version"]
    assert versions == 2


async def test_a_ledger_with_what_no_workbook_holds_goes_out_without_it(product: Product) -> None:
    _, rows = await imported(product, roster(person("EXPORT-NC", "李\ufffe测\uffff试")))
    case_id = rows[0]["case_id"]
    # Kept before such characters were refused at the door.
    correct = CorrectProfile(reason="本人更正", address="东街\ufffe5号")
    supervisor = Actor(
        id="college",
        role=Role.DEPARTMENT_SUPERVISOR,
        school_id=product.settings.school_code,
        department_id="cs",
    )
    await product.services.commands.send(case_id, [correct], supervisor, CommandKey(f"{case_id}-old"))

    content = await exported(product, "college", masked=False)
    lines = load_workbook(io.BytesIO(content)).worksheets[0].values
    assert any("李测试" in line and "东街5号" in line for line in lines)


async def test_a_ledger_of_one_cohort_leaves_the_others_out(product: Product) -> None:
    case_ids = {
        year: await product.paired("mentor-2", student_no=f"EXPORT{year}", cohort=year)
        for year in (2027, 2028)
    }
    whole, narrowed, nowhere = [
        load_workbook(io.BytesIO(await exported(product, "career-centre", **query)), read_only=True)
        for query in ({}, {"cohort": 2028}, {"cohort": 2028, "department": "no-such"})
    ]
    found = [
        {str(cell) for line in book.worksheets[0].values for cell in line}
        for book in (whole, narrowed, nowhere)
    ]
    assert set(case_ids.values()) <= found[0]
    assert set(case_ids.values()) & found[1] == {case_ids[2028]}
    assert not [line for line in list(nowhere.worksheets[0].values)[1:] if any(line)]


async def test_a_masked_ledger_shows_what_the_standing_needs_and_never_imports(product: Product) -> None:
    person = {"id_number": "000000199901017776", "phone": "10099998888", "address": "导出路一号"}
    case_id = await product.paired("mentor-2", name="王导出", student_no="EXPORT1", **person)
    shown: dict[str, set[str]] = {}
    for actor in ("mentor-2", "college", "career-centre"):
        content = await exported(product, actor)
        book = load_workbook(io.BytesIO(content), read_only=True)
        (line,) = [row for row in book.worksheets[0].values if case_id in row]
        shown[actor] = {str(cell) for cell in line}
        refused = await send(product, content, name="台账.xlsx", actor="career-centre")
        assert (refused.status, refused.code) == (422, "no_header"), actor
    for actor, plain in (
        ("mentor-2", {"王导出", "10099998888"}),
        ("college", {"王导出"}),
        ("career-centre", set[str]()),
    ):
        assert shown[actor] & {"王导出", *person.values()} == plain


async def test_the_old_code_of_hardship_is_told_to_who_sees_the_types(product: Product) -> None:
    case_id = await product.open_case(student_no="LEGACY1")
    unconfirmed = await legacy_code(product, "college", case_id)
    types = [{"type": kind, "proof": "证明"} for kind in ("DIBAO", "DISABILITY", "STUDENT_LOAN")]
    decision = {"type": "confirm_eligibility", "decision": "open", "hardship_types": types}
    await product.accepted(case_id, "counselor", decision)
    # Family hardship 2, disability 4; two kinds of one share count once.
    assert (unconfirmed, await legacy_code(product, "college", case_id)) == ("", "6")
    assert await legacy_code(product, "career-centre", case_id) == ""
    assert await legacy_code(product, "career-centre", case_id, masked=False) == "6"


async def legacy_code(product: Product, actor: str, case_id: str, **query: Any) -> str:
    """What the ledger says in the column of the old code."""
    content = await exported(product, actor, **query)
    titles, *lines = load_workbook(io.BytesIO(content), read_only=True).worksheets[0].values
    (line,) = [line for line in lines if case_id in line]
    return str(line[titles.index("困难生类别代码")] or "")


async def test_a_ledger_has_the_columns_that_are_asked_for(product: Product) -> None:
    await product.open_case(student_no="0012345", id_number="000000199901015551", cohort=2033)
    asked = "stage, id_number,name,student_no,name"
    book = load_workbook(io.BytesIO(await exported(product, "college", columns=asked, masked=False)))
    sheet = book.worksheets[0]
    titles = [cell.value for cell in sheet[1]]
    assert titles == ["办理阶段", "身份证号", "姓名", "学号"]
    assert [bool(cell.font.bold) for cell in sheet[1]] == [True] * 4  # pyright: ignore[reportUnknownArgumentType]
    assert sheet.freeze_panes == "D2"
    (line,) = [row for row in sheet.iter_rows(min_row=2) if row[3].value == "0012345"]
    assert line[0].value == "建档认定"
    assert [(cell.value, cell.number_format, cell.data_type) for cell in (line[1], line[3])] == [
        ("000000199901015551", "@", "s"),
        ("0012345", "@", "s"),
    ]
    assert sheet.column_dimensions["B"].width > 18
    refused = await product.get("/exports/ledger.xlsx?purpose=reporting&columns=name,wages", "college")
    assert (refused.status, refused.code, refused.body["details"]["unknown"]) == (
        422,
        "column_unknown",
        ["wages"],
    )


def test_a_school_sets_its_own_order_of_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHUHANG_LEDGER_COLUMNS", "name, student_no case_id")
    assert load_settings().ledger_columns == ["name", "student_no", "case_id"]
    monkeypatch.setenv("ZHUHANG_LEDGER_COLUMNS", "name wages")
    with pytest.raises(SetupError, match="wages"):
        load_settings()


async def test_an_export_says_who_took_it_when_and_what_for(product: Product) -> None:
    await product.open_case()
    book = load_workbook(io.BytesIO(await exported(product, "college", purpose="handover")))
    header = book.worksheets[0].oddHeader
    assert header is not None
    page = str(header.center.text)  # pyright: ignore[reportUnknownArgumentType]
    said = str(book["导出说明"]["A1"].value)
    for text in (page, said, book.properties.description):
        assert "学院负责人（college）" in text
        assert "实名移交" in text
        assert datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d") in text
    assert book.properties.creator == "college"


async def test_an_export_needs_a_purpose_and_unmasked_a_supervisor(product: Product) -> None:
    for query, status in (("", 422), ("?purpose=curiosity", 422), ("?purpose=reporting&masked=false", 403)):
        answer = await product.get(f"/exports/ledger.xlsx{query}", "counselor")
        assert answer.status == status, query
    assert answer.body["details"] == {"permission": "ledger.export_plain"}


async def test_who_reads_no_cases_exports_none(product: Product) -> None:
    for actor in ("admin", "employer"):
        answer = await product.get("/exports/ledger.xlsx?purpose=reporting", actor)
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


async def test_a_repair_waits_until_a_command_that_was_cut_off_cannot_come_through(product: Product) -> None:
    case_id = await product.open_case()
    services = product.services
    verifier = Verifier(services.engine, services.vault, services.client, product.settings)
    with Session(services.engine.execution_options(writes=True)) as session:
        row = session.exec(select(CaseRow).where(CaseRow.case_id == case_id)).one()
        last = session.get_one(CaseEvent, (case_id, row.version))
        # Written by a worker that died before its command was durable, nearly a minute ago.
        young = datetime.now(UTC) - timedelta(seconds=55)
        session.add(CaseEvent.model_validate(last.model_dump() | {"seq": last.seq + 1, "at": young}))
        row.version, row.updated_at = last.seq + 1, young
        session.commit()
    (found,) = await verifier.compare([case_id], repair=True)
    # What is sealed for one place does not open in another.
    assert ("events.unreadable" in found.problems, found.repaired) == (True, True)
    assert (await verifier.verify()).differing == 0
