"""Workbooks that are small as a file and huge once unpacked, really built, read where memory is scarce."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from tests.roster.files import xlsx_file

MB = 1024 * 1024
SHEET = "xl/worksheets/sheet1.xml"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEAD = '<row r="1"><c t="inlineStr"><is><t>学号</t></is></c><c t="inlineStr"><is><t>姓名</t></is></c></row>'
BEFORE, AFTER = f"<worksheet {NS}><sheetData>{HEAD}", "</sheetData></worksheet>"
# Reads the workbook with 400 MB of address space beyond what its own start took, and tells the refusal.
READER = """
import resource, sys
from models.roster.problems import RosterRefused
from models.roster.sheet import open_sheet
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 400 * 1024 * 1024,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
try:
    with open(sys.argv[1], "rb") as stream:
        print(sum(1 for _ in open_sheet(stream, "a.xlsx").rows()))
except RosterRefused as refused:
    print(refused.code)
"""


def bomb(folder: Path, name: str, start: str, filler: str, end: str, megabytes: int) -> Path:
    """A workbook in which one part is so many megabytes of the same, written piece by piece."""
    path = folder / "bomb.xlsx"
    piece = filler.encode() * (MB // len(filler.encode()))
    with ZipFile(xlsx_file([["x"]])) as source, ZipFile(path, "w", ZIP_DEFLATED) as target:
        for part in source.namelist():
            if part != name:
                target.writestr(part, source.read(part))
        with target.open(name, "w", force_zip64=True) as part:
            part.write(start.encode())
            for _ in range(megabytes):
                part.write(piece)
            part.write(end.encode())
    return path


def told(path: Path) -> str:
    """What becomes of a workbook: the code of its refusal, or how many rows it has."""
    done = subprocess.run(  # noqa: S603 - our own reader
        [sys.executable, "-c", READER, str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("name", "start", "filler", "end"),
    [
        (SHEET, f"{BEFORE}<row>", "<c/>", f"</row>{AFTER}"),
        (SHEET, f'{BEFORE}<row><c t="inlineStr"><is><t>', "长", f"</t></is></c></row>{AFTER}"),
        (SHEET, f"{BEFORE}<!--", " x", f"-->{AFTER}"),
        (SHEET, f"<worksheet {NS}><cols>", "<col/>", f"</cols><sheetData>{HEAD}{AFTER}"),
        (SHEET, BEFORE, "<row/>", AFTER),
        ("xl/styles.xml", f"<styleSheet {NS}><cellXfs>", "<xf/>", "</cellXfs></styleSheet>"),
        ("xl/workbook.xml", f"<workbook {NS}><sheets>", "<sheet/>", "</sheets></workbook>"),
        ("[Content_Types].xml", "<Types>", "<Override/>", "</Types>"),
    ],
    ids=["cells", "text", "comment", "columns", "rows", "styles", "sheets", "types"],
)
def test_a_part_that_swells_is_refused(tmp_path: Path, name: str, start: str, filler: str, end: str) -> None:
    path = bomb(tmp_path, name, start, filler, end, megabytes=100)
    assert path.stat().st_size < 2 * MB
    assert told(path) == "workbook_abnormal"


def test_one_that_unpacks_beyond_all_bounds_is_refused_unread(tmp_path: Path) -> None:
    path = bomb(tmp_path, SHEET, f"{BEFORE}<row>", "<c/>", f"</row>{AFTER}", megabytes=1100)
    assert path.stat().st_size < 5 * MB
    assert told(path) == "workbook_too_large"


def test_very_many_parts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(xlsx_file([["学号", "姓名"], ["1", "张三"]]).getvalue())
    assert told(path) == "1"
    with ZipFile(path, "a") as archive:
        for number in range(6000):
            archive.writestr(f"xl/worksheets/more{number}.xml", "<x/>")
    assert told(path) == "workbook_abnormal"


def sheets_named_again(count: int) -> Iterator[str]:
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    for number in range(count):
        yield f'<sheet xmlns:r="{relation}" name="s{number}" sheetId="{number + 1}" r:id="rId1"/>'


def test_a_sheet_that_is_named_ten_thousand_times_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    wide = [[f"列{number}" for number in range(2000)]] * 20
    with ZipFile(xlsx_file(wide)) as source, ZipFile(path, "w", ZIP_DEFLATED) as target:
        for part in source.namelist():
            text = source.read(part)
            if part == "xl/workbook.xml":
                names = "".join(sheets_named_again(10_000))
                text = f"<workbook {NS}><sheets>{names}</sheets></workbook>".encode()
            target.writestr(part, text)
    assert told(path) == "no_header"


def test_the_largest_row_that_a_spreadsheet_makes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "wide.xlsx"
    person = ["1", "张三", "长" * 32_767, *(f"值{number}" for number in range(16_381))]
    path.write_bytes(xlsx_file([["学号", "姓名"], person]).getvalue())
    assert told(path) == "1"
