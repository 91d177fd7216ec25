"""What becomes of the rows of a roster, through the API of a real installation."""

import csv
import io
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlmodel import Session, select

from models.tables import ImportRow
from services.import_retention import empty_old_rows
from tests.imports.files import ended, id_number, imported, outcomes, person, roster, send
from tests.product import Product
from tests.roster.files import xlsx_file

_numbers = count(1)


def fresh(amount: int = 1) -> list[str]:
    """Student numbers that no other test uses."""
    return [f"IM{next(_numbers):06d}" for _ in range(amount)]


async def test_rows_become_cases_and_a_second_import_changes_nothing(product: Product) -> None:
    a, b, c = fresh(3)
    file = roster(
        person(a, hardship="低保、残疾"), ",,,,,,", person(b), "合计,2,,,,,", person(c, hardship="")
    )
    done, rows = await imported(product, file)
    assert outcomes(rows) == [
        ("opened", None),
        ("skipped", "blank_row"),
        ("opened", None),
        ("skipped", "totals_row"),
        ("opened", None),
    ]
    assert [row["row"] for row in rows] == [2, 3, 4, 5, 6]
    assert (done["total"], done["opened"], done["skipped"], done["rejected"]) == (5, 3, 2, 0)
    case = (await product.get(f"/cases/{rows[0]['case_id']}", "counselor")).body
    assert (case["stage"], case["profile"]["student_no"], case["cohort"]) == ("intake", a, 2027)
    assert [item["type"] for item in case["declared"]] == ["DIBAO", "DISABILITY"]

    again, rows = await imported(product, file)
    assert (again["unchanged"], again["opened"], again["updated"]) == (3, 0, 0)
    assert [event["type"] for event in await product.timeline(rows[0]["case_id"])] == ["case_opened"]


async def test_a_changed_row_updates_the_file_and_blanks_change_nothing(product: Product) -> None:
    (a,) = fresh()
    await imported(product, roster(person(a, phone="10011112222", id_number=id_number(4))))
    done, rows = await imported(product, roster(f"{a},李测试,10033334444", header="学号,姓名,手机"))
    assert (done["updated"], outcomes(rows)) == (1, [("updated", None)])
    case_id = rows[0]["case_id"]
    profile = (await product.get(f"/cases/{case_id}", f"graduate:{case_id}")).body["profile"]
    assert (profile["phone"], profile["id_number"]) == ("10033334444", id_number(4))
    events = [event["type"] for event in await product.timeline(rows[0]["case_id"])]
    assert events == ["case_opened", "roster_updated"]


async def test_clashes_are_left_to_people(product: Product) -> None:
    a, b, c, d = fresh(4)
    await imported(product, roster(person(a, id_number=id_number(1))))
    file = roster(
        person(a, id_number=id_number(2)),
        person(b, id_number=id_number(1)),
        person(c, id_number=id_number(3)),
        person(d, id_number=id_number(3)),
    )
    for dry_run in (True, False):
        _, rows = await imported(product, file, dry_run=dry_run)
        assert outcomes(rows) == [
            ("rejected", "id_number_conflict"),
            ("rejected", "id_number_taken"),
            ("opened", None),
            ("rejected", "id_number_taken"),
        ]
    assert rows[0]["column"] == "身份证号"


async def test_a_dry_run_says_the_same_and_changes_nothing(product: Product) -> None:
    a, b, c, d = fresh(4)
    await imported(product, roster(person(a), person(b)))
    file = roster(
        person(a),
        person(b, phone="10012345678"),
        person(c),
        person(c, phone="10012345678"),
        person(c, phone="10012345678"),
        person(d, college="新学院"),
        person(d, hardship="低宝"),
        "合计,,,,,,",
    )
    dry, expected = await imported(product, file, dry_run=True, create_departments=True)
    assert outcomes(expected) == [
        ("unchanged", None),
        ("updated", None),
        ("opened", None),
        ("updated", None),
        ("unchanged", None),
        ("opened", None),
        ("rejected", "unknown_hardship_type"),
        ("skipped", "totals_row"),
    ]
    assert (await product.get(f"/cases?q={c}", "career-centre")).body["items"] == []
    departments = (await product.get("/departments")).body["items"]
    assert "新学院" not in [department["name"] for department in departments]

    real, rows = await imported(product, file, create_departments=True)
    assert outcomes(rows) == outcomes(expected)
    counts = ("total", "opened", "updated", "unchanged", "skipped", "rejected")
    assert [real[name] for name in counts] == [dry[name] for name in counts] == [8, 2, 2, 2, 1, 1]


async def test_a_dry_run_knows_the_rows_of_earlier_parts(product: Product) -> None:
    numbers = fresh(230)
    again = [person(numbers[0]), person(numbers[1], phone="10012345678"), person(numbers[1])]
    file = roster(*(person(number) for number in numbers), *again)
    _, rows = await imported(product, file, dry_run=True)
    assert outcomes(rows)[-4:] == [
        ("opened", None),
        ("unchanged", None),
        ("updated", None),
        ("unchanged", None),
    ]


async def test_files_in_gbk_and_workbooks_are_taken(product: Product) -> None:
    a, b = fresh(2)
    _, rows = await imported(product, roster(person(a, name="龚喆")).decode().encode("gbk"))
    case = (await product.get(f"/cases/{rows[0]['case_id']}", "counselor")).body
    assert case["profile"]["name"] == "龚喆"
    book = xlsx_file(
        [["帮扶名单"], ["姓 名", "学号\n(必填)", "二级学院"], ["张三", b, "计算机学院"]]
    ).getvalue()
    _, rows = await imported(product, book, name="名单.xlsx")
    assert [(row["row"], row["outcome"]) for row in rows] == [(3, "opened")]


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "a.csv", 422, "empty_file"),
        ("甲,乙\n1,2\n".encode(), "a.csv", 422, "no_header"),
        (b"%PDF-1.7 ...", "a.csv", 415, "unsupported_file_type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "a.xlsx", 415, "unsupported_file_type"),
        (roster(person("A1")) + b"x" * (51 * 1024 * 1024), "a.csv", 413, "file_too_large"),
    ],
)
async def test_files_refused_as_a_whole(
    product: Product, content: bytes, name: str, status: int, code: str
) -> None:
    before = (await product.get("/imports", "career-centre")).body["items"]
    answer = await send(product, content, name=name)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await product.get("/imports", "career-centre")).body["items"] == before


async def test_too_many_rows_are_found_while_reading_and_nothing_is_opened(product: Product) -> None:
    numbers = fresh(1)
    lines = [person(numbers[0]), *(f"TM{number:06d},多" for number in range(100_000))]
    answer = await send(product, roster(*lines))
    assert answer.status == 202
    done = await ended(product, answer.body["id"])
    assert (done["status"], done["error"]["code"], done["total"]) == ("refused", "too_many_rows", 0)
    assert (await product.get(f"/cases?q={numbers[0]}", "career-centre")).body["items"] == []


async def test_a_misspelt_option_is_named(product: Product) -> None:
    answer = await send(product, roster(person("A1")), dryrun=True)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.body["errors"][0]["field"] == "dryrun"


async def test_a_repeated_post_is_the_same_import(product: Product) -> None:
    (a,) = fresh()
    first = await send(product, roster(person(a)), key="import-once")
    again = await send(product, roster(person(a)), key="import-once")
    assert (first.status, again.status) == (202, 202)
    assert first.body["id"] == again.body["id"]
    other = await send(product, roster(person(a), person("X1")), key="import-once")
    assert (other.status, other.code) == (422, "idempotency_key_reused")


async def test_people_of_a_college_import_their_own_graduates_only(product: Product) -> None:
    a, b, c = fresh(3)
    assert (await send(product, roster(person(a)), actor="mentor-1")).code == "role_not_allowed"
    file = roster(person(a, college=""), person(b, college="师范学院"), person(c, college="某学院"))
    done, rows = await imported(product, file, actor="counselor")
    assert outcomes(rows) == [
        ("opened", None),
        ("rejected", "department_not_yours"),
        ("rejected", "unknown_department"),
    ]
    path = f"/imports/{done['id']}"
    assert (await product.get(path, "other-college")).code == "import_unknown"
    assert (await product.get(path, "career-centre")).status == 200
    _, rows = await imported(product, roster(person(a, college="师范学院")), actor="career-centre")
    assert outcomes(rows) == [("rejected", "department_differs")]
    _, rows = await imported(product, roster(person(b, college="")), actor="career-centre")
    assert outcomes(rows) == [("rejected", "department_missing")]


async def test_rejected_rows_go_back_as_a_safe_file_that_can_be_mended(product: Product) -> None:
    (a,) = fresh()
    done, _ = await imported(product, roster(person(a, hardship="低宝户"), person("", name="=1+1")))
    path = f"/api/v1/imports/{done['id']}/rows?outcome=rejected"
    headers = product.bearer("career-centre") | {"Accept": "text/csv"}
    answer = await product.http.get(path, headers=headers)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [line["行号"] for line in lines] == ["2", "3"]
    assert lines[0]["代码"] == "unknown_hardship_type"
    assert lines[1]["代码"] == "student_no_missing formula_in_name"
    assert lines[1]["姓名"] == "'=1+1"
    mended = answer.content.decode("utf-8-sig").replace("低宝户", "低保").encode()
    _, rows = await imported(product, mended)
    assert outcomes(rows)[0] == ("opened", None)


async def test_rejected_rows_are_emptied_after_their_days(product: Product) -> None:
    """Nobody has a file by which they would be erased."""
    (a,) = fresh()
    done, _ = await imported(product, roster(person(a, hardship="低宝户"), person("", name="无名氏")))
    engine, ended = product.services.engine, datetime.fromisoformat(done["finished_at"])
    kept = select(ImportRow.cells, ImportRow.problems).where(ImportRow.import_id == done["id"])
    empty_old_rows(engine, 30, ended + timedelta(days=30))
    with Session(engine) as session:
        assert all(cells and problems for cells, problems in session.exec(kept))
    assert empty_old_rows(engine, 30, ended + timedelta(days=30, seconds=1)) >= 2
    with Session(engine) as session:
        assert session.exec(kept).all() == [(None, None)] * 2
    path = f"/imports/{done['id']}"
    assert (await product.get(path, "career-centre")).body["rejected"] == 2
    rows = (await product.get(f"{path}/rows", "career-centre")).body["items"]
    assert outcomes(rows) == [("rejected", None)] * 2
    answer = await product.http.get(
        f"/api/v1{path}/rows", headers=product.bearer("career-centre") | {"Accept": "text/csv"}
    )
    assert answer.status_code == 200
    assert "无名氏" not in answer.content.decode("utf-8-sig")


async def test_columns_are_read_as_people_say(product: Product) -> None:
    (a,) = fresh()
    file = roster(f"{a},李测试,10033335555,x,计算机学院", header="学号,姓名,号码,座位,学院")
    done, rows = await imported(product, file, columns='{"号码": "phone"}')
    assert {item["header"]: item["field"] for item in done["columns"]} == {
        "学号": "student_no",
        "姓名": "name",
        "号码": "phone",
        "座位": None,
        "学院": "department",
    }
    case_id = rows[0]["case_id"]
    profile = (await product.get(f"/cases/{case_id}", f"graduate:{case_id}")).body["profile"]
    assert profile["phone"] == "10033335555"


@pytest.mark.parametrize("columns", ["nonsense", '{"号码": "no_such"}', "[1]"])
async def test_what_is_said_of_columns_must_make_sense(product: Product, columns: str) -> None:
    answer = await send(product, roster(), columns=columns)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "columns")


async def test_a_roster_tells_nobody_where_the_person_of_another_college_is_kept(product: Product) -> None:
    a, b, c = fresh(3)
    number = id_number(6_001)
    _, rows = await imported(product, roster(person(a, id_number=number)))
    case_id = rows[0]["case_id"]
    leader = {"id": "counselor-edu", "name": "外院辅导员", "role": "counselor", "department_id": "edu"}
    assert (await product.request("POST", "/staff", json=leader)).status in (201, 409)

    asked = roster(
        person(a, college=""),
        person(a, college="师范学院", id_number=id_number(6_002)),
        person(b, college="师范学院", id_number=number),
    )
    done, rows = await imported(product, asked, actor="counselor-edu", dry_run=True)
    assert outcomes(rows) == [
        ("rejected", "kept_elsewhere"),
        ("rejected", "kept_elsewhere"),
        ("rejected", "id_number_taken"),
    ]
    assert "计算机" not in str(rows)
    assert case_id not in str(rows)
    entries = (
        await product.get(
            f"/audit?case_id={case_id}&act=import.start&actor_id=counselor-edu", "career-centre"
        )
    ).body["items"]
    assert {(entry["outcome"], entry["code"]) for entry in entries} == {("refused", "kept_elsewhere")}
    assert done["rejected"] == 3

    for draft, code in (
        ({"student_no": a}, "case_exists"),
        ({"student_no": c, "id_number": number}, "id_number_taken"),
    ):
        typed = draft | {"name": "测试", "department_id": "edu"}
        answer = await product.request("POST", "/cases", "counselor-edu", json=typed)
        assert (answer.status, answer.code, answer.body["details"]) == (409, code, {})
        assert case_id not in str(answer.body)
        own = await product.request("POST", "/cases", "counselor", json=typed | {"department_id": "cs"})
        assert own.body["details"] == {"case_id": case_id}


@pytest.mark.parametrize("field", ["department_id", "columns", "cohort"])
async def test_the_form_holds_no_text_that_cannot_be_kept(product: Product, field: str) -> None:
    answer = await send(product, roster(*[person(number) for number in fresh()]), **{field: "a\0b"})
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [(error["field"], error["kind"]) for error in answer.body["errors"]] == [
        (field, "text_unstorable")
    ]


async def test_a_file_name_is_kept_without_what_cannot_be_shown(product: Product) -> None:
    answer = await send(product, roster(*[person(number) for number in fresh()]), name="名\uffff单\x1b.csv")
    assert (answer.status, answer.body["filename"]) == (202, "名单.csv")


async def test_columns_that_are_nested_without_end_are_no_json_object(product: Product) -> None:
    answer = await send(product, roster(*[person(number) for number in fresh()]), columns='{"a":' * 3000)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [(error["field"], error["kind"]) for error in answer.body["errors"]] == [
        ("columns", "json_object")
    ]
