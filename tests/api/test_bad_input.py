"""Whatever is sent, the answer is a problem that says what is wrong, where, and in both languages."""

import json
from typing import Any

import pytest

from services.keyset import cursor_of
from tests.product import Answer, Product
from tests.training.test_class import found
from workflows.class_messages import class_workflow_id

CONTACT: dict[str, Any] = {"type": "record_contact", "method": "phone", "content": "联系"}
NOTE: dict[str, Any] = {"type": "annotate", "text": "备注"}


async def send(
    product: Product, case_id: str, body: bytes | str, content_type: str = "application/json"
) -> Answer:
    content = body.encode() if isinstance(body, str) else body
    headers = {"Content-Type": content_type}
    return await product.request(
        "POST", f"/cases/{case_id}/commands", "mentor-1", content=content, headers=headers
    )


def problems(answer: Answer) -> list[tuple[str, str]]:
    """Field and kind of each problem of a refused request; each has its sentences."""
    assert (answer.status, answer.code) == (422, "invalid_request"), answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    for error in answer.body["errors"]:
        assert error["zh"] != error["en"]
        assert {"zh", "en", "where"} < error.keys()
        assert "{" not in error["en"].replace("{…}", "").replace("{1,40}", "")
    return [(error["field"], error["kind"]) for error in answer.body["errors"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", ("body", "missing")),
        ("{", ("body", "json_invalid")),
        ("null", ("body", "model_attributes_type")),
        ("1", ("body", "model_attributes_type")),
        ("NaN", ("body", "model_attributes_type")),
        ("[]", ("body", "too_short")),
        (json.dumps([NOTE] * 21), ("body", "too_long")),
        (json.dumps([[NOTE]]), ("0", "model_attributes_type")),
        ("[" * 100_000, ("body", "body_unreadable")),
        (b'{"type":"annotate","text":"\xff"}', ("body", "body_unreadable")),
        ('{"type":"approve_plan","plan_version":' + "9" * 5000 + "}", ("body", "body_unreadable")),
        ('{"text":"x"}', ("type", "union_tag_not_found")),
        ('{"type":"nope"}', ("type", "union_tag_invalid")),
        ('{"type":["annotate"]}', ("type", "union_tag_invalid")),
        ('{"type":"propose_next_mentor"}', ("type", "union_tag_invalid")),
        ('{"type":"annotate"}', ("text", "missing")),
        (json.dumps(NOTE | {"txt": 1}), ("txt", "extra_forbidden")),
        (json.dumps(NOTE | {"text": 1}), ("text", "string_type")),
        (json.dumps(NOTE | {"text": "x" * 4001}), ("text", "string_too_long")),
        (json.dumps([NOTE, {"type": "annotate"}]), ("1.text", "missing")),
        (json.dumps(CONTACT | {"method": "fax"}), ("method", "literal_error")),
        (json.dumps(CONTACT | {"happened_at": "2026-11-23T10:00:00"}), ("happened_at", "timezone_aware")),
        (
            json.dumps(CONTACT | {"happened_at": "2026-02-30T10:00:00Z"}),
            ("happened_at", "datetime_from_date_parsing"),
        ),
        (json.dumps(CONTACT | {"happened_at": "0001-01-01T00:00:00+14:00"}), ("happened_at", "out_of_range")),
        (json.dumps(CONTACT | {"happened_at": "9999-12-31T23:59:59-14:00"}), ("happened_at", "out_of_range")),
        (json.dumps(CONTACT | {"happened_at": "1900-01-01T00:00:00+14:00"}), ("happened_at", "out_of_range")),
        (json.dumps(CONTACT | {"happened_at": "2199-12-31T23:59:59-14:00"}), ("happened_at", "out_of_range")),
        (json.dumps(CONTACT | {"happened_at": 1e300}), ("happened_at", "datetime_parsing")),
        (json.dumps(CONTACT | {"happened_at": 1795861234}), ("happened_at", "datetime_parsing")),
        (json.dumps(CONTACT | {"happened_at": "1795861234"}), ("happened_at", "datetime_parsing")),
        (json.dumps(CONTACT | {"happened_at": "20261123T100000Z"}), ("happened_at", "datetime_parsing")),
        ('{"type":"mark_left_school","on":1728000000}', ("on", "date_parsing")),
        ('{"type":"mark_left_school","on":"20270630"}', ("on", "date_parsing")),
        ('{"type":"mark_left_school","on":"2027-13-01"}', ("on", "date_from_datetime_parsing")),
        ('{"type":"mark_left_school","on":"9999-12-31"}', ("on", "less_than_equal")),
        (
            '{"type":"register_destination","code":"11","evidence":[],"monthly_pay":1e999}',
            ("monthly_pay", "finite_number"),
        ),
        (
            '{"type":"change_policy","policy_ref":"p@1","reason":"r","policy":{"digest":{"at":"09:00:00Z"}}}',
            ("policy", "extra_forbidden"),
        ),
        (
            '{"type":"set_plan","goals":[{"title":"g","measures":[{"title":"m"}]}]}',
            ("goals.0.measures.0.due_on", "missing"),
        ),
    ],
    ids=lambda value: "" if isinstance(value, str | bytes) else None,
)
async def test_a_request_that_is_not_valid_is_told_which_field(
    product: Product, body: bytes | str, expected: tuple[str, str]
) -> None:
    assert problems(await send(product, "case-any", body)) == [expected]


async def test_an_unknown_command_is_told_those_that_are_known(product: Product) -> None:
    answer = await send(product, "case-any", '{"type":"nope"}')
    for text in (answer.body["zh"], answer.body["en"]):
        assert "nope" in text
        assert "record_contact" in text
        assert "update_from_roster" not in text


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"]
)
async def test_another_content_type_is_told_what_is_taken(product: Product, content_type: str) -> None:
    answer = await send(product, "case-any", json.dumps(NOTE), content_type)
    assert problems(answer) == [("Content-Type", "content_type")]


@pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b", "\\u0007", "\\uffff"])
async def test_text_that_cannot_be_kept_is_refused_wherever_it_is(product: Product, text: str) -> None:
    case_id = await product.paired()
    assert problems(await send(product, case_id, f'[{{"type":"annotate","text":"{text}"}}]')) == [
        ("0.text", "text_unstorable")
    ]
    (named,) = problems(await send(product, case_id, f'{{"type":"annotate","text":"x","{text}":1}}'))
    assert named[1] == "text_unstorable"
    draft = '{"student_no":"N1","name":"测试","department_id":"cs","other":{"备注":"' + text + '"}}'
    opened = await product.request(
        "POST", "/cases", "counselor", content=draft.encode(), headers={"Content-Type": "application/json"}
    )
    assert problems(opened) == [("other.备注", "text_unstorable")]
    assert (await product.do(case_id, "mentor-1", NOTE | {"text": "两行\n\t字 😀"})).status == 200


@pytest.mark.parametrize(
    "path", ["/cases/%00", "/cases/%00/commands", "/cases?q=%00", "/staff?department=a%01"]
)
async def test_addresses_are_held_to_the_same(product: Product, path: str) -> None:
    (problem,) = problems(await product.get(path, "college"))
    assert problem[1] == "text_unstorable"


async def test_an_id_that_no_case_can_have_leaves_no_data_key(product: Product) -> None:
    for name in ("0", "x" * 300, "x" * 3000, "case-" + "a" * 3000, f"digest-{product.settings.school_code}"):
        answer = await product.do(name, "mentor-1", NOTE)
        assert (answer.status, answer.code) == (404, "case_unknown")
        assert not product.services.vault.store.find([name])


async def test_commands_reach_no_other_workflow(product: Product) -> None:
    answer = await product.do(class_workflow_id(await found(product, places=1)), "mentor-1", NOTE)
    assert (answer.status, answer.code) == (404, "case_unknown")


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("other", {"note": "长" * 2001}, "other.note"),
        ("other", {f"note {number}": "x" for number in range(101)}, "other"),
        ("hardship_types", ["x" * 301], "hardship_types.0"),
    ],
)
async def test_a_file_is_opened_with_nothing_endless(
    product: Product, field: str, value: Any, place: str
) -> None:
    draft = {"student_no": "LONG0001", "name": "测试", "department_id": "cs", field: value}
    errors = problems(await product.request("POST", "/cases", "counselor", json=draft))
    assert [where for where, _ in errors] == [place]


async def test_a_body_that_is_too_large_is_not_read(product: Product) -> None:
    answer = await send(product, "case-any", json.dumps(NOTE | {"text": "x" * 300_000}))
    assert (answer.status, answer.code) == (413, "request_too_large")

    async def endless() -> Any:
        for _ in range(1000):
            yield b" " * 1024

    streamed = await product.request(
        "POST", "/departments", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert streamed.status == 413


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("cohort=99999999999999999999", "cohort"),
        ("stage=nowhere", "stage.0"),
        ("risk_level=D", "risk_level"),
        ("overdue=maybe", "overdue"),
        ("sort=pay", "sort"),
        ("due_before=tomorrow", "due_before"),
        ("due_before=2026-11-23T00:00:00", "due_before"),
        ("due_before=0001-01-01T00:00:00%2B14:00", "due_before"),
        ("q=" + "x" * 101, "q"),
        ("cursor=" + "x" * 501, "cursor"),
        ("departmnt=cs", "departmnt"),
    ],
)
async def test_a_filter_that_is_not_valid_is_named(product: Product, query: str, field: str) -> None:
    answer = await product.get(f"/cases?{query}", "college")
    assert [name for name, _ in problems(answer)] == [field]
    assert answer.body["errors"][0]["where"] == "query"


@pytest.mark.parametrize("place", [2**31, -(2**31), 2**63 - 1])
async def test_a_cursor_with_a_number_that_no_list_has_is_refused(product: Product, place: int) -> None:
    answer = await product.get(f"/audit?cursor={cursor_of('audit', (place,))}", "career-centre")
    assert (answer.status, answer.code) == (422, "cursor_invalid")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_another_method_is_told_which_are_taken(product: Product, method: str) -> None:
    response = await product.http.request(method, "/api/v1/cases/case-any")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET"


async def test_an_unknown_address_says_where_the_addresses_are(product: Product) -> None:
    answer = await product.get("/case")
    assert (answer.status, answer.code) == (404, "route_unknown")
    assert "/openapi.json" in answer.body["en"]


@pytest.mark.parametrize("field", ["name", "role", "capacity", "experienced"])
async def test_what_a_post_needs_cannot_be_emptied(product: Product, field: str) -> None:
    answer = await product.request("PATCH", "/staff/teacher", json={field: None})
    assert problems(answer) == [(field, "not_null")]


async def test_an_absence_that_ends_before_it_starts_is_refused(product: Product) -> None:
    dates = {"absent_from": "2027-02-01", "absent_until": "2027-01-01"}
    draft = {"name": "缺勤", "role": "mentor", "department_id": "cs"} | dates
    assert (await product.request("POST", "/staff", json=draft)).code == "absence_ends_before_it_starts"
    changed = await product.request("PATCH", "/staff/teacher", json=dates)
    assert changed.code == "absence_ends_before_it_starts"


@pytest.mark.parametrize("version", ["x", '"', '"-1"', '"1", "2"', '"99999999999999999999"'])
async def test_if_match_must_be_a_version(product: Product, version: str) -> None:
    case_id = await product.paired()
    answer = await product.do(case_id, "mentor-1", NOTE, headers={"If-Match": version})
    assert (answer.status, answer.code) == (400, "if_match_invalid")


@pytest.mark.parametrize("key", ["", "a b", "键", "x" * 201])
async def test_a_key_must_be_printable(product: Product, key: str) -> None:
    headers = {"Idempotency-Key": key.encode()}
    answer = await product.request("POST", "/cases/case-any/commands", "mentor-1", json=NOTE, headers=headers)
    assert [name for name, _ in problems(answer)] == ["idempotency-key"]


@pytest.mark.parametrize(
    ("code", "refusal"), [("99", "unknown_destination_code"), ("46", "evidence_missing")]
)
async def test_a_refusal_may_speak_of_a_code(product: Product, code: str, refusal: str) -> None:
    case_id = await product.paired()
    answer = await product.do(case_id, "mentor-1", {"type": "register_destination", "code": code})
    assert (answer.status, answer.code) == (409, refusal)
    assert answer.body["details"]["code"] == code


async def test_the_end_of_a_hold_is_written_as_a_day_or_a_moment(product: Product) -> None:
    case_id = await product.paired()
    hold = {"type": "place_hold", "reason": "实习"}
    for until in ("20271231", 1830000000):
        answer = await product.do(case_id, "college", hold | {"until": until})
        assert {kind for _, kind in problems(answer)} == {"date_parsing", "datetime_parsing"}
    assert (await product.do(case_id, "college", hold | {"until": "2099-12-31"})).status == 200
