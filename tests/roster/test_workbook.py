"""Workbooks as other programs write them: shared strings, cached formulas, their own number formats."""

import io
import tracemalloc
from collections.abc import Iterable, Sequence

import pytest
from openpyxl.xml.constants import SHARED_STRINGS

from models.roster.problems import RosterRefused
from models.roster.sheet import open_sheet
from tests.roster.files import with_part, xlsx_file

SHEET = "xl/worksheets/sheet1.xml"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def _remark(cell_xml: str, workbook: io.BytesIO | None = None) -> str | None:
    """The remark of the only person, whose remark cell is this XML."""
    book = workbook or xlsx_file([["学号", "姓名", "备注"], ["1", "张三"]])
    changed = with_part(book, SHEET, "</row></sheetData>", f"{cell_xml}</row></sheetData>")
    return next(open_sheet(changed, "a.xlsx").rows()).cells.get("remark")


@pytest.mark.parametrize(
    ("cell_xml", "text"),
    [
        ('<c r="C2" t="str"><f>VLOOKUP(A2,B:C,2)</f><v>计算机学院</v></c>', "计算机学院"),
        ('<c r="C2"><f>1+1</f><v>2</v></c>', "2"),
        ('<c r="C2"><f>1+1</f></c>', "=1+1"),
        ('<c r="C2" t="str"><f>IF(1,"")</f><v></v></c>', None),
        ('<c r="C2" t="e"><v>#N/A</v></c>', None),
        ('<c r="C2" t="b"><v>0</v></c>', "否"),
        ('<c r="C2"><v>1.1010120020101E+17</v></c>', "1.10101E+17"),
        ('<c r="C2"><v>110101200201010011</v></c>', "1.10101E+17"),
        ('<c r="C2" t="d"><v>2027-06-30T00:00:00</v></c>', "2027-06-30T00:00:00"),
        (
            '<c t="inlineStr"><is><r><t>红</t></r><r><t>字</t></r><rPh sb="0" eb="1"><t>hong</t></rPh></is></c>',
            "红字",
        ),
    ],
)
def test_a_cell_written_elsewhere_reads_as_it_shows(cell_xml: str, text: str | None) -> None:
    assert _remark(cell_xml) == text


@pytest.mark.parametrize(
    ("format_id", "text"),
    [(14, "2027-06-01"), (17, "2027-06"), (31, "2027-06-01"), (57, "2027-06"), (49, "46539")],
)
def test_formats_that_excel_keeps_by_number_only_are_known(format_id: int, text: str) -> None:
    workbook = with_part(
        xlsx_file([["学号", "姓名", "备注"], ["1", "张三"]]),
        "xl/styles.xml",
        "</cellXfs>",
        f'<xf numFmtId="{format_id}"/></cellXfs>',
    )
    assert _remark('<c r="C2" s="1"><v>46539</v></c>', workbook) == text


def _with_shared_strings(strings: Iterable[str], rows: Iterable[Sequence[int]]) -> io.BytesIO:
    """A workbook whose cells are all shared strings, as spreadsheet programs write them."""
    sheet = "".join("<row>" + "".join(f'<c t="s"><v>{i}</v></c>' for i in row) + "</row>" for row in rows)
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_STRINGS}"/></Types>'
    book = with_part(xlsx_file([["x"]]), "[Content_Types].xml", "</Types>", override)
    book = with_part(book, "xl/sharedStrings.xml", "", f"<sst {NS}>{''.join(strings)}</sst>")
    return with_part(book, SHEET, "</row></sheetData>", f"</row>{sheet}</sheetData>")


def test_shared_strings_are_read() -> None:
    strings = [
        "<si><t>学号</t></si>",
        "<si><r><t>姓</t></r><r><t>名</t></r></si>",
        '<si><t>张</t><rPh sb="0" eb="1"><t>zhang</t></rPh></si>',
        "<si/>",
    ]
    sheet = open_sheet(_with_shared_strings(strings, [[0, 1], [2, 3]]), "a.xlsx")
    assert [row.cells for row in sheet.rows()] == [{"student_no": "张"}]


def test_a_shared_string_that_is_not_there_breaks_the_workbook() -> None:
    strings = ["<si><t>学号</t></si>", "<si><t>姓名</t></si>"]
    sheet = open_sheet(_with_shared_strings(strings, [[0, 1], [0, 7]]), "a.xlsx")
    with pytest.raises(RosterRefused, match="damaged"):
        list(sheet.rows())


def test_memory_stays_flat_however_many_rows_there_are() -> None:
    rows = [["学号", "姓名"], *([str(number), "张三"] for number in range(10_000))]
    book = xlsx_file(rows)
    tracemalloc.start()
    try:
        people = sum(1 for _ in open_sheet(book, "a.xlsx").rows())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert people == 10_000
    assert peak < 1_000_000


def test_memory_stays_flat_however_many_strings_there_are() -> None:
    count, length = 6_000, 3_000
    strings = ["<si><t>学号</t></si>", "<si><t>姓名</t></si>"]
    strings += [f"<si><t>{number:0{length}}</t></si>" for number in range(count)]
    book = _with_shared_strings(strings, [(0, 1), *((number + 2, number + 2) for number in range(count))])
    del strings
    tracemalloc.start()
    try:
        seen = sum(len(row.cells["name"]) for row in open_sheet(book, "a.xlsx").rows())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == count * length
    # A bounded share of the strings is cached; all of them would be 18 MB.
    assert peak < 12_000_000
