"""Writes the sample rosters: `python -m samples.generate [--rows N] [--seed S] [--out DIR]`."""

import argparse
import csv
import io
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from models.roster.columns import roster_columns
from samples.graduates import generate_rows, vocabulary
from samples.troubles import trouble_rows

# Fields of the plain roster, under the headers that the product itself prints.
PLAIN_FIELDS = (
    "student_no", "exam_no", "name", "sex", "id_number", "ethnicity", "political_status", "phone", "email",
    "department", "major", "class_name", "education_level", "programme_years", "enrolled_on", "graduates_on",
    "hardship", "hardship_grade", "subsidy_claimed", "intention", "intention_places", "intention_jobs",
    "expected_pay", "service_needs",
)  # fmt: skip

# A college's own ledger: other headers, another order, a line break and a star as forms have them.
LEDGER_HEADERS = {
    "number": "序号",
    "department": "二级学院",
    "name": "毕业生姓名",
    "student_no": "学生学号\n(必填)",
    "id_number": "证件号码*",
    "sex": "性别",
    "ethnicity": "民族",
    "phone": "联系电话",
    "major": "专业名称",
    "class_name": "班级名称",
    "education_level": "学历",
    "graduates_on": "毕业时间",
    "hardship": "困难类型",
    "subsidy_claimed": "求职创业补贴",
    "intention": "就业意向",
    "intention_places": "就业城市意向",
    "intention_jobs": "意向岗位",
    "service_needs": "就业服务需求",
}

TROUBLE_FIELDS = (
    "student_no", "name", "sex", "id_number", "phone", "email", "department", "major", "enrolled_on",
    "graduates_on", "hardship", "remark",
)  # fmt: skip


def write_csv(
    target: Path, fields: Sequence[str], rows: Iterable[Mapping[str, str]], encoding: str = "utf-8-sig"
) -> None:
    """Rows (cells by field name) as CSV under the product's own headers, streamed, so of any length."""
    with target.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(roster_columns().zh(field) for field in fields)
        writer.writerows([row.get(field, "") for field in fields] for row in rows)


def write_ledger(target: Path, title: str, rows: Iterable[Mapping[str, str]]) -> None:
    """Rows as a college's XLSX ledger: a title above the header, dates as dates, a sum below."""
    book = Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = "帮扶台账"
    sheet.append([title])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(LEDGER_HEADERS))
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append(list(LEDGER_HEADERS.values()))
    for cell in sheet[2]:
        cell.alignment = Alignment(wrap_text=True, horizontal="center")
    count = 0
    for count, row in enumerate(rows, start=1):
        sheet.append([_ledger_cell(field, row, count) for field in LEDGER_HEADERS])
    sheet.append(["合计", f"{count}人"])
    for index, field in enumerate(LEDGER_HEADERS, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = 20 if field == "id_number" else 14
    sheet.freeze_panes = "A3"
    buffer = io.BytesIO()
    book.save(buffer)
    _write_stable(buffer, target)


def _ledger_cell(field: str, row: Mapping[str, str], number: int) -> str | int | date:
    if field == "number":
        return number
    return date.fromisoformat(row[field]) if field == "graduates_on" else row[field]


def _write_stable(source: io.BytesIO, target: Path) -> None:
    """The archive without its times of writing, so that equal rows give equal files."""
    with ZipFile(source) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-09-01T00:00:00Z", content)
            part = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            part.compress_type = ZIP_DEFLATED
            new.writestr(part, content)


def write_samples(rows: int, seed: int, out: Path) -> None:
    """The three sample rosters, with `rows` graduates for each of the two colleges."""
    words = vocabulary()
    computing, teaching = words.colleges
    write_csv(out / "roster-computing.csv", PLAIN_FIELDS, generate_rows(rows, seed, computing))
    title = f"{teaching.name}{words.cohort}届困难毕业生帮扶台账(示例数据)"
    write_ledger(out / "roster-teaching.xlsx", title, generate_rows(rows, seed, teaching))
    write_csv(out / "roster-troubles.csv", TROUBLE_FIELDS, trouble_rows(seed), encoding="gb18030")


def main() -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(
        prog="python -m samples.generate", description="Write the sample rosters."
    )
    parser.add_argument("--rows", type=int, default=150, help="graduates per college (150)")
    parser.add_argument("--seed", type=int, default=2027, help="equal seeds give equal files (2027)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    arguments = parser.parse_args()
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    write_samples(arguments.rows, arguments.seed, out)
    sys.stdout.write(f"Sample rosters written to {out}\n")


if __name__ == "__main__":
    main()
