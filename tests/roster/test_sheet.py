"""Opening rosters: encodings, delimiters, headers, and rows that hold nobody."""

from datetime import date

import pytest

from models.roster.problems import RosterRefused
from models.roster.sheet import RosterLimits, SheetRow, open_sheet
from tests.roster.files import Cell, csv_file, xlsx_file

PLAIN = "学号,姓名,学院\n001,张三,计算机学院\n002,李四,师范学院\n"
PEOPLE = [("001", "张三", "计算机学院"), ("002", "李四", "师范学院")]


def _people(rows: list[SheetRow]) -> list[tuple[str, str, str]]:
    return [
        (row.cells["student_no"], row.cells["name"], row.cells.get("department", ""))
        for row in rows
        if row.kind == "data"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_csv_is_read_in_every_usual_form(encoding: str, delimiter: str, line_end: str) -> None:
    text = PLAIN.replace(",", delimiter).replace("\n", line_end)
    sheet = open_sheet(csv_file(text, encoding), "名单.csv")
    assert _people(list(sheet.rows())) == PEOPLE


def test_gb18030_holds_rare_characters() -> None:
    sheet = open_sheet(csv_file("学号,姓名\n1,张𬱖\n", "gb18030"), "a.csv")
    assert next(sheet.rows()).cells["name"] == "张𬱖"


def test_a_header_is_found_below_titles_in_any_order_with_aliases_and_line_breaks() -> None:
    header = '序号,"毕业生姓名\n*",*学生学号（必填）,联系电话,手机号,证件号码【18位】'
    text = f"2027届困难毕业生,,,\n\n{header}\n1,张三,001,x,y,z\n"
    sheet = open_sheet(csv_file(text), "a.csv")
    assert sheet.header.row == 3
    assert sheet.header.fields == {1: "name", 2: "student_no", 3: "phone", 5: "id_number"}
    assert sheet.header.unrecognised == ("序号",)
    assert sheet.header.duplicates == ("手机号",)
    cells = {"name": "张三", "student_no": "001", "phone": "x", "id_number": "z"}
    assert list(sheet.rows()) == [SheetRow(row=4, cells=cells)]


def test_what_holds_nobody_is_marked_and_blank_rows_at_the_end_are_left_out() -> None:
    text = "学号,姓名\n1,张三\n,\n\n合 计：,2\n学号,姓名\n2,李四\n,总计\n小计3人,\n,,\n\n"
    rows = list(open_sheet(csv_file(text), "a.csv").rows())
    assert [(row.row, row.kind) for row in rows] == [
        (2, "data"), (3, "blank"), (4, "blank"), (5, "totals"), (6, "repeated_header"), (7, "data"), (8, "totals"),
        (9, "totals"),
    ]  # fmt: skip


def test_a_name_that_only_begins_like_a_sum_is_a_person() -> None:
    rows = list(open_sheet(csv_file("学号,姓名\n1,小计划\n"), "a.csv").rows())
    assert [row.kind for row in rows] == ["data"]


def test_a_header_that_begins_with_a_quoted_line_break_is_read() -> None:
    rows = list(open_sheet(csv_file('"学号\n(必填)",姓名\n1,张三\n'), "a.csv").rows())
    assert rows == [SheetRow(row=2, cells={"student_no": "1", "name": "张三"})]


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    rows = list(open_sheet(csv_file('学号,姓名,备注\n1,张三,"两\n行"\n2,李四,x\n'), "a.csv").rows())
    assert [(row.row, row.cells["remark"]) for row in rows] == [(2, "两\n行"), (3, "x")]


def test_rows_can_be_read_again() -> None:
    sheet = open_sheet(csv_file(PLAIN), "a.csv")
    next(sheet.rows())
    assert list(sheet.rows()) == list(sheet.rows())


def test_the_stream_stays_open() -> None:
    stream = csv_file(PLAIN)
    list(open_sheet(stream, "a.csv").rows())
    assert not stream.closed


def test_an_xlsx_header_is_found_as_well() -> None:
    rows: list[list[Cell]] = [
        ["台账"],
        [],
        ["姓 名", "学号\n*", None, "学院"],
        ["张三", "001", None, "计算机学院"],
    ]
    sheet = open_sheet(xlsx_file(rows), "名单.xlsx")
    assert (sheet.header.row, sheet.header.fields) == (3, {0: "name", 1: "student_no", 3: "department"})
    assert _people(list(sheet.rows())) == [("001", "张三", "计算机学院")]


def test_gaps_and_sums_of_a_workbook_keep_their_row_numbers() -> None:
    rows: list[list[Cell]] = [
        ["学号", "姓名"],
        ["1", "张三"],
        [],
        [],
        ["2", "李四"],
        ["合计", 2],
        [],
        [None, " "],
    ]
    found = list(open_sheet(xlsx_file(rows), "a.xlsx").rows())
    assert [(row.row, row.kind) for row in found] == [
        (2, "data"), (3, "blank"), (4, "blank"), (5, "data"), (6, "totals"),
    ]  # fmt: skip


def test_the_first_sheet_with_a_header_is_used_and_hidden_ones_come_last() -> None:
    old: list[list[Cell]] = [["学号", "姓名"], ["0", "旧"]]
    notes: list[list[Cell]] = [["填表说明"]]
    new: list[list[Cell]] = [["学号", "姓名"], ["1", "新"]]
    sheet = open_sheet(xlsx_file(notes, old, new, hidden=[1]), "a.xlsx")
    assert next(sheet.rows()).cells["name"] == "新"


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        ("0012", None, "0012"),
        (12, None, "12"),
        (12.0, None, "12"),
        (10000138000.0, None, "10000138000"),
        (23, "00000000", "00000023"),
        (2027.1, "0.00", "2027.10"),
        (0.1, None, "0.1"),
        (True, None, "是"),
        (date(2027, 6, 30), None, "2027-06-30"),
        (date(2027, 6, 1), 'yyyy"年"m"月"', "2027-06"),
        (date(2027, 6, 1), 'yyyy"年"m"月"d"日"', "2027-06-01"),
        (date(2027, 6, 1), "mmm-yy", "2027-06"),
        (46568.5, "yyyy-mm-dd h:mm", "2027-06-30 12:00:00"),
        (46568, None, "46568"),
        (123456789012345, None, "123456789012345"),
        (110101200201010000, None, "1.10101E+17"),
        (1.1010120020101e17, "0", "1.10101E+17"),
        ("=1+1", None, "=1+1"),
    ],
)
def test_a_cell_reads_as_it_shows(value: Cell, number_format: str | None, text: str) -> None:
    formats = {"C2": number_format} if number_format else {}
    workbook = xlsx_file([["学号", "姓名", "备注"], ["1", "张三", value]], formats=formats)
    assert next(open_sheet(workbook, "a.xlsx").rows()).cells["remark"] == text


def test_too_many_rows_are_refused_and_the_row_is_named() -> None:
    sheet = open_sheet(csv_file("学号,姓名\n1,甲\n2,乙\n合计,2\n3,丙\n"), "a.csv", RosterLimits(max_rows=2))
    with pytest.raises(RosterRefused) as refused:
        list(sheet.rows())
    assert refused.value.code == "too_many_rows"
    assert "row 5" in refused.value.en


def test_as_many_rows_as_allowed_are_taken_with_their_sum() -> None:
    sheet = open_sheet(csv_file("学号,姓名\n1,甲\n2,乙\n合计,2\n"), "a.csv", RosterLimits(max_rows=2))
    assert [row.kind for row in sheet.rows()] == ["data", "data", "totals"]


def test_one_cell_far_below_is_no_reason_to_report_a_million_blank_rows() -> None:
    text = "学号,姓名\n" + "\n" * 50 + "1,甲\n"
    with pytest.raises(RosterRefused, match="over 10 rows"):
        list(open_sheet(csv_file(text), "a.csv", RosterLimits(max_rows=10)).rows())


def test_rows_to_skip_have_a_limit_too() -> None:
    text = "学号,姓名\n" + "合计,1\n" * 11
    with pytest.raises(RosterRefused, match="over 10 rows"):
        list(open_sheet(csv_file(text), "a.csv", RosterLimits(max_rows=10)).rows())


def test_what_people_say_of_a_column_comes_before_its_name() -> None:
    text = "学号,姓名,电话,号码,备注\n001,张三,02812345678,10011112222,x\n"
    said = {"号码": "phone", "备注": ""}
    sheet = open_sheet(csv_file(text), "a.csv", corrections=said)
    (row,) = sheet.rows()
    assert row.cells["phone"] == "10011112222"
    assert sheet.header.fields == {0: "student_no", 1: "name", 3: "phone"}
    assert (sheet.header.unrecognised, sheet.header.duplicates) == (("备注",), ("电话",))


def test_a_header_that_nobody_knows_is_found_by_what_people_say() -> None:
    text = "编号甲,称呼\n001,张三\n"
    with pytest.raises(RosterRefused, match="学号"):
        open_sheet(csv_file(text), "a.csv")
    sheet = open_sheet(csv_file(text), "a.csv", corrections={"编号甲": "student_no", "称呼": "name"})
    assert _people(list(sheet.rows())) == [("001", "张三", "")]


def test_a_header_says_how_it_was_read() -> None:
    text = "学号,姓名,手机,手机,别的\n001,张三,10011112222,,x\n"
    header = open_sheet(csv_file(text), "a.csv").header
    assert open_sheet(csv_file(text), "a.csv", corrections=header.said()).header == header
