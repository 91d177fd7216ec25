"""Files that are refused as a whole, each with its own code and a sentence in both languages."""

import io
import tracemalloc
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.roster.problems import RosterRefused
from models.roster.sheet import RosterLimits, open_sheet
from tests.roster.files import csv_file, with_part, xlsx_file

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _refusal(stream: io.BytesIO, limits: RosterLimits | None = None, name: str = "名单") -> RosterRefused:
    with pytest.raises(RosterRefused) as refused:
        list(open_sheet(stream, name, limits).rows())
    assert refused.value.zh
    assert refused.value.en
    return refused.value


def _zip(parts: dict[str, str]) -> io.BytesIO:
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream


def _workbook() -> io.BytesIO:
    return xlsx_file([["学号", "姓名"], ["1", "张三"]])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \r\n\r\n", "empty_file"),
        (b",,,\n,,,\n", "empty_file"),
        (b"%PDF-1.7\n", "unsupported_file_type"),
        (b"\x89PNG\r\n\x1a\n", "unsupported_file_type"),
        (b"\xff\xd8\xff\xe0", "unsupported_file_type"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "unsupported_file_type"),
        (b'\xef\xbb\xbf\n<?xml version="1.0"?><Workbook/>', "unsupported_file_type"),
        (b"{\\rtf1}", "unsupported_file_type"),
        (b"PK\x05\x06" + b"\0" * 18, "unsupported_file_type"),
        (b"\x7fELF\x02\x01\0\0", "unsupported_file_type"),
        (OLE2 + b"\0" * 4096, "unsupported_file_type"),
        (OLE2 + b"\0" * 4096 + "EncryptedPackage".encode("utf-16-le"), "encrypted_workbook"),
        (b"PK\x03\x04 and no more", "broken_workbook"),
        (b"\xff\xfe\x00\xd8", "unknown_charset"),
        (b"\xb1\xe0\xff\xff\x80", "unknown_charset"),
        ("姓名,身份证号\n张三,1\n".encode(), "no_header"),
        ('学号,姓名\n1,"张三\n2,李四\n'.encode(), "broken_csv"),
        ('学号,姓名\n1,"张三\n2,"李四"\n'.encode(), "broken_csv"),
        ('学号,姓名\n1,"张三'.encode(), "broken_csv"),
    ],
)
def test_a_file_is_refused_by_its_content(content: bytes, code: str) -> None:
    assert _refusal(io.BytesIO(content)).code == code


def test_an_encrypted_package_is_found_across_reads() -> None:
    name = "EncryptedPackage".encode("utf-16-le")
    content = OLE2 + b"\0" * (64 * 1024 - len(OLE2) - 5) + name
    assert _refusal(io.BytesIO(content)).code == "encrypted_workbook"


def test_a_missing_header_shows_the_headers_found() -> None:
    refused = _refusal(csv_file("一览表\n姓名,身份证号,学院\n张三,1,x\n"))
    assert refused.headers_found == ("姓名", "身份证号", "学院")
    assert "姓名、身份证号、学院" in refused.zh


def test_a_header_too_far_down_is_not_found() -> None:
    assert _refusal(csv_file("说明\n" * 30 + "学号,姓名\n1,张三\n")).code == "no_header"


def test_a_workbook_without_header_shows_the_headers_found() -> None:
    refused = _refusal(xlsx_file([["说明"]], [["姓名", "班级"]]))
    assert (refused.code, refused.headers_found) == ("no_header", ("姓名", "班级"))


def test_a_file_over_the_limit_is_refused_unread() -> None:
    assert _refusal(csv_file("学号,姓名\n1,张三\n"), RosterLimits(max_bytes=10)).code == "file_too_large"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"a.txt": "x"}, "unsupported_file_type"),
        ({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}, "unsupported_file_type"),
        ({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": "x"}, "unsupported_file_type"),
        ({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}, "broken_workbook"),
        ({"[Content_Types].xml": "no xml", "xl/workbook.xml": "<workbook/>"}, "broken_workbook"),
    ],
)
def test_an_archive_that_is_no_workbook_is_refused(parts: dict[str, str], code: str) -> None:
    assert _refusal(_zip(parts)).code == code


def test_a_truncated_workbook_is_broken() -> None:
    content = _workbook().getvalue()
    assert _refusal(io.BytesIO(content[: len(content) // 2])).code == "broken_workbook"


def test_a_sheet_that_breaks_off_is_broken_while_it_is_read() -> None:
    workbook = with_part(_workbook(), "xl/worksheets/sheet1.xml", "</sheetData>", "<row><c></row>")
    sheet = open_sheet(workbook, "a.xlsx")
    with pytest.raises(RosterRefused) as refused:
        list(sheet.rows())
    assert refused.value.code == "broken_workbook"


def test_a_workbook_that_unpacks_too_large_is_refused() -> None:
    workbook = with_part(
        _workbook(), "xl/worksheets/sheet1.xml", "</sheetData>", " " * 3_000_000 + "</sheetData>"
    )
    assert len(workbook.getvalue()) < 100_000
    assert _refusal(workbook, RosterLimits(max_unpacked_bytes=2_000_000)).code == "workbook_too_large"


def test_a_directory_that_lies_about_sizes_gains_nothing() -> None:
    filler = " " * 30_000_000
    workbook = with_part(_workbook(), "xl/worksheets/sheet1.xml", "<sheetData>", f"<sheetData>{filler}")
    with ZipFile(workbook) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = workbook.getvalue().replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    tracemalloc.start()
    try:
        refused = _refusal(io.BytesIO(lying), RosterLimits(max_unpacked_bytes=1_000_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.code == "broken_workbook"
    assert peak < 10_000_000


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_document_type_is_refused_wherever_it_stands(part: str) -> None:
    root = {
        "xl/worksheets/sheet1.xml": "<worksheet",
        "xl/workbook.xml": "<workbook",
        "xl/styles.xml": "<styleSheet",
    }
    bomb = '<!-- x --><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    workbook = with_part(_workbook(), part, root[part], bomb + root[part])
    assert _refusal(workbook).code == "broken_workbook"


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for start in (b"", b"PK\x03\x04", OLE2, "学号,姓名\n".encode()):
        try:
            list(open_sheet(io.BytesIO(start + content), "x").rows())
        except RosterRefused as refused:
            assert refused.code  # noqa: PT017 - the point is that nothing else is raised
