"""The ledger's pages and filters, and who may see what."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.product import UNOWED, Product

SORTS = ["due", "-due", "opened", "-opened", "updated", "-updated"]
NOTE = {"type": "annotate", "text": "备注"}
CONFIRM = {
    "type": "confirm_eligibility",
    "decision": "open",
    "hardship_types": [{"type": "DISABILITY", "proof": "残疾人证"}],
}


async def pages(product: Product, query: str, actor: str = "college") -> list[dict[str, Any]]:
    """All lines of a list, page by page."""
    lines: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await product.get(f"/cases?{query}{cursor}", actor)
        assert answer.status == 200, answer.body
        lines += answer.body["items"]
        if answer.body["next_cursor"] is None:
            return lines
        assert answer.body["items"]
        cursor = "&cursor=" + quote(answer.body["next_cursor"])


@pytest.fixture(scope="module")
async def many(product: Product) -> list[str]:
    """Cases with 页次 in their names."""
    return await some_cases(product, "页次")


async def some_cases(product: Product, mark: str) -> list[str]:
    """Cases of this name: of equal and of different deadlines, and two with none."""
    opened = await asyncio.gather(*(product.open_case(name=mark) for _ in range(7)))
    for case_id in opened[:2]:
        await product.accepted(case_id, "counselor", UNOWED)
    await product.accepted(opened[2], "counselor", CONFIRM)
    return list(opened)


@pytest.mark.parametrize("sort", SORTS)
async def test_the_pages_give_each_case_once_in_order(product: Product, many: list[str], sort: str) -> None:
    lines = await pages(product, f"q=页次&sort={sort}&limit=2")
    assert sorted(line["case_id"] for line in lines) == sorted(many)
    field = {"due": "next_due_at", "opened": "opened_at", "updated": "updated_at"}.get(
        sort.removeprefix("-"), sort
    )
    keys = [(line[field] or "9999", line["case_id"]) for line in lines]
    assert keys == sorted(keys, reverse=sort.startswith("-"))
    if field == "next_due_at":
        assert sum(line[field] is None for line in lines) == 2


async def test_a_page_stays_in_place_while_cases_come_and_change(product: Product) -> None:
    cases = await some_cases(product, "稳定页")
    first = (await product.get("/cases?q=稳定页&sort=opened&limit=3", "college")).body
    late = await product.open_case(name="稳定页")
    await product.accepted(first["items"][0]["case_id"], "college", NOTE)
    rest = await pages(product, "q=稳定页&sort=opened&limit=3&cursor=" + quote(first["next_cursor"]))
    seen = [line["case_id"] for line in (*first["items"], *rest)]
    assert sorted(seen) == sorted([*cases, late])


async def test_a_cursor_of_another_order_is_refused(product: Product, many: list[str]) -> None:
    first = (await product.get(f"/cases?q=页次&sort=opened&limit={len(many) - 1}", "college")).body
    for sort in ("-opened", "due", "updated"):
        answer = await product.get(f"/cases?sort={sort}&cursor={quote(first['next_cursor'])}", "college")
        assert (answer.status, answer.code) == (422, "cursor_invalid")


async def test_each_filter_leaves_only_what_it_names(product: Product) -> None:
    intake = await product.open_case(name="筛选", cohort=2028)
    delivering = await product.delivering(name="筛选", cohort=2027)
    teacher = await product.request(
        "POST",
        "/cases",
        "career-centre",
        json={"student_no": "FILTER1", "name": "筛选", "department_id": "edu", "cohort": 2027},
    )
    elsewhere = teacher.body["case_id"]
    found = {
        "stage=intake": {intake, elsewhere},
        "stage=intake&stage=delivery": {intake, delivering, elsewhere},
        "stage=closed": set[str](),
        "cohort=2028": {intake},
        "department=edu": {elsewhere},
        "mentor=mentor-1": {delivering},
        "mentor=nobody": set[str](),
        "hardship_type=LIFTED_POVERTY": {delivering},
        "hardship_type=DISABILITY": set[str](),
        "risk_level=C": {delivering},
        "risk_level=A": set[str](),
        "overdue=false": {intake, delivering, elsewhere},
        "overdue=true": set[str](),
        "due_before=2020-01-01": set[str](),
        "due_before=2199-01-01T00:00:00Z": {intake, delivering, elsewhere},
        f"due_before={quote((datetime.now(UTC) + timedelta(days=300)).isoformat())}": {
            intake,
            delivering,
            elsewhere,
        },
    }
    for query, expected in found.items():
        actor = "college" if "hardship_type" in query else "career-centre"
        lines = await pages(product, f"q=筛选&{query}", actor)
        assert {line["case_id"] for line in lines} == expected, query


async def test_a_search_finds_exactly_who_is_named(product: Product) -> None:
    plain = await product.open_case(
        name="字面测试", student_no="LIT001", id_number="000000200202290015", phone="10087650123"
    )
    odd = await product.open_case(name="字面 一", student_no="LIT-_002")
    for query, expected in {
        "q=字面测试": {plain},
        "q=%20字面测试%20": {plain},
        "q=字面测": set[str](),
        "q=LIT001": {plain},
        "q=lit001": {plain},
        "q=LIT-_002": {odd},
        "q=000000200202290015": {plain},
        "q=100%208765%200123": {plain},
        "q=10087650124": set[str](),
        "q=LIT-_": set[str](),
        "q=LIT_0": set[str](),
        "q=LIT%25": set[str](),
        "q=%5C": set[str](),
        "q='": set[str](),
        f"q={odd}": {odd},
    }.items():
        assert {line["case_id"] for line in await pages(product, query)} == expected, query


async def test_a_due_date_means_the_school_s_midnight(product: Product) -> None:
    case_id = await product.open_case(name="午夜界")
    due = datetime.fromisoformat((await pages(product, "q=午夜界"))[0]["next_due_at"])
    midnight = (due + timedelta(hours=8)).date()
    for day, expected in ((midnight, []), (midnight + timedelta(days=1), [case_id])):
        lines = await pages(product, f"q=午夜界&due_before={day.isoformat()}")
        assert [line["case_id"] for line in lines] == expected


@pytest.mark.parametrize("actor", ["employer", "admin"])
async def test_whose_role_reads_no_files_is_told_the_same_of_all(product: Product, actor: str) -> None:
    case_id = await product.open_case()
    for path in ("", "/timeline", "/workflow", "/commands"):
        hidden = await product.get(f"/cases/{case_id}{path}", actor)
        assert (hidden.status, hidden.code) == (403, "role_not_allowed")
        assert hidden.body == (await product.get(f"/cases/case-unknown{path}", actor)).body
    assert (await product.get("/cases", actor)).code == "role_not_allowed"


@pytest.mark.parametrize("actor", ["teacher", "other-college", "mentor-2"])
async def test_what_one_may_not_see_is_as_if_it_were_not(product: Product, actor: str) -> None:
    case_id = await product.paired("mentor-1", name=f"看不见{actor}")
    for path in ("", "/timeline", "/workflow", "/commands"):
        hidden = await product.get(f"/cases/{case_id}{path}", actor)
        unknown = await product.get(f"/cases/case-unknown{path}", actor)
        assert (hidden.status, hidden.code) == (404, "case_unknown")
        assert hidden.body == unknown.body
    hidden = await product.do(case_id, actor, NOTE)
    assert hidden.status == 404
    assert hidden.body == (await product.do("case-unknown", actor, NOTE)).body
    assert await pages(product, f"q=看不见{actor}", actor) == []


async def test_a_graduate_sees_their_own_file_only(product: Product) -> None:
    mine, other = await product.open_case(), await product.open_case()
    actor = f"graduate:{mine}"
    assert [line["case_id"] for line in await pages(product, "limit=200", actor)] == [mine]
    assert (await product.get(f"/cases/{mine}", actor)).status == 200
    assert (await product.get(f"/cases/{other}", actor)).status == 404
    assert (await product.get(f"/cases/{mine}/workflow", actor)).status == 403


async def test_the_timeline_is_paged_without_gaps(product: Product) -> None:
    case_id = await product.paired()
    for _ in range(4):
        await product.accepted(case_id, "college", NOTE)
    whole = await product.timeline(case_id)
    seen: list[int] = []
    cursor = ""
    while cursor is not None:
        body = (await product.get(f"/cases/{case_id}/timeline?limit=2{cursor}", "college")).body
        seen += [item["seq"] for item in body["items"]]
        cursor = body["next_cursor"] and f"&cursor={body['next_cursor']}"
    assert seen == [item["seq"] for item in whole] == list(range(1, len(whole) + 1))
    for wrong in ("x", "-1", "1.5", "９", "9" * 20):
        answer = await product.get(f"/cases/{case_id}/timeline?cursor={wrong}", "college")
        assert (answer.status, answer.code) == (422, "cursor_invalid")


async def test_overdue_cases_are_found(quick: Product) -> None:
    case_id = await quick.open_case(name="已逾期")

    async def overdue() -> bool:
        lines = await pages(quick, "q=已逾期&overdue=true")
        return [line["case_id"] for line in lines] == [case_id] and lines[0]["overdue"]

    await quick.until(overdue, what="the case is overdue")
    assert await pages(quick, "q=已逾期&overdue=false") == []


@pytest.mark.parametrize(
    ("figure", "query"),
    [
        ("open", "open=true"),
        ("unassigned", "unassigned=true"),
        ("unserved_count", "unserved=true"),
        ("packages_complete", "package_complete=true"),
        ("settled", "settled=true"),
        ("total", ""),
    ],
)
async def test_each_number_of_the_overview_has_its_list(
    product: Product, many: list[str], figure: str, query: str
) -> None:
    overview = await product.get("/supervision/overview?department=cs", "college")
    (cs,) = (item for item in overview.body["departments"] if item["department_id"] == "cs")
    lines = await pages(product, f"department=cs&limit=200&{query}")
    assert len(lines) == cs[figure]


async def test_a_type_counts_in_the_overview_as_the_primary_one(product: Product, many: list[str]) -> None:
    overview = await product.get("/supervision/overview?department=cs", "college")
    (found,) = (item for item in overview.body["hardship_types"] if item["type"] == "DISABILITY")
    assert found["total"] == len(await pages(product, "department=cs&primary_type=DISABILITY&limit=200")) > 0


async def test_lists_by_a_masked_type_are_refused(product: Product, many: list[str]) -> None:
    answer = await product.get("/cases?primary_type=DISABILITY", "career-centre")
    assert (answer.status, answer.code) == (403, "field_masked")


async def test_a_list_holds_just_the_cases_that_are_named(product: Product, many: list[str]) -> None:
    named = "&".join(f"case_id={case_id}" for case_id in many[:3])
    assert {line["case_id"] for line in await pages(product, f"{named}&limit=2")} == {*many[:3]}
    assert await pages(product, named, "teacher") == []
