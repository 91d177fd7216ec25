"""Attachments of a case, on a real installation."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.attachments.samples import (
    DOCM,
    DOCX,
    HEIC,
    HIDDEN_MACROS,
    JPEG,
    PDF,
    PNG,
    SVG,
    WEBP,
    attached,
    files_of,
    opened,
    uploaded,
    workbook,
)
from tests.product import Product

OTHERS = ("mentor-2", "teacher", "other-college")
STRANGERS = ("employer", "admin")


def registering(*file_ids: str, code: str = "11", **fields: Any) -> dict[str, Any]:
    evidence = [{"type": "labor_contract", "file_id": file_id} for file_id in file_ids]
    return {"type": "register_destination", "code": code, "monthly_pay": 6000, "evidence": evidence} | fields


@pytest.mark.parametrize(
    ("content", "media_type", "shown"),
    [
        (PDF, "application/pdf", True),
        (PNG, "image/png", True),
        (JPEG, "image/jpeg", True),
        (WEBP, "image/webp", True),
        (HEIC, "image/heic", False),
        (DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", False),
        (workbook(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", False),
    ],
)
async def test_what_is_taken_comes_back_as_what_it_is(
    product: Product, content: bytes, media_type: str, shown: bool
) -> None:
    case_id = await product.paired()
    # The name says something else: nobody believes it.
    answer = await uploaded(product, case_id, content=content, name="扫描件.exe")
    assert (answer.status, answer.body["media_type"], answer.body["shown"]) == (201, media_type, shown)
    assert answer.headers["location"].endswith(answer.body["id"])
    got = await opened(product, case_id, answer.body["id"])
    assert got.content == content
    assert got.headers["content-type"] == media_type
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert got.headers["cache-control"] == "no-store"
    way, _, name = got.headers["content-disposition"].partition(";")
    assert way == ("inline" if shown else "attachment")
    assert quote("扫描件.exe.") in name
    saved = await opened(product, case_id, answer.body["id"], query="?download=true")
    assert saved.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        SVG,
        b"\xef\xbb\xbf" + SVG,
        b"<!doctype html><script>alert(1)</script>",
        b"MZ\x90\x00\x03",
        b"GIF89a\x01\x00\x01\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"PK\x03\x04 not an archive",
        b"\x89PNG\r\n\x1a\n and no picture",
        b" %PDF-1.4",
        DOCM,
        HIDDEN_MACROS,
    ],
    ids=lambda content: repr(content[:12]),
)
async def test_what_it_says_it_is_does_not_count(product: Product, content: bytes) -> None:
    case_id = await product.paired()
    refused = await uploaded(product, case_id, content=content, name="合同.pdf")
    assert (refused.status, refused.code) == (415, "attachment_type_refused")
    assert files_of(product, case_id) == []


async def test_a_large_file_is_kept_in_sealed_blocks_and_a_larger_one_refused(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = await product.paired()
    most = product.services.attachments.max_bytes
    content = PDF + bytes(range(256)) * 3000 + b"the end"
    attachment_id = await attached(product, case_id, content=content)
    assert (await opened(product, case_id, attachment_id)).content == content
    (file,) = files_of(product, case_id)
    assert b"the end" not in file.read_bytes()
    monkeypatch.setattr(product.services.attachments, "_max_mb", 1)
    for size in (1024 * 1024 + 1, 3 * 1024 * 1024):
        refused = await uploaded(product, case_id, content=PDF + bytes(size - len(PDF)))
        assert (refused.status, refused.code) == (413, "attachment_too_large")
    assert (await uploaded(product, case_id, content=PDF + bytes(1024 * 1024 - len(PDF)))).status == 201
    assert most == 20 * 1024 * 1024


async def test_the_same_key_keeps_one_file(product: Product) -> None:
    case_id = await product.paired()
    key = {"Idempotency-Key": "one"}
    first = await uploaded(product, case_id, headers=dict(key))
    again = await uploaded(product, case_id, headers=dict(key))
    assert first.body == again.body
    assert len(files_of(product, case_id)) == 1
    for content, kind in ((PNG, "labor_contract"), (PDF, "visa")):
        refused = await uploaded(product, case_id, content=content, kind=kind, headers=dict(key))
        assert (refused.status, refused.code) == (422, "idempotency_key_reused")
    by_another = await uploaded(product, case_id, "counselor", headers=dict(key))
    assert by_another.body["id"] != first.body["id"]
    assert len(files_of(product, case_id)) == 2


async def test_kinds_are_those_of_evidence_by_any_of_their_names(product: Product) -> None:
    case_id = await product.paired()
    assert (await uploaded(product, case_id, kind="签证")).body["kind"] == "visa"
    refused = await uploaded(product, case_id, kind="家谱")
    assert (refused.status, refused.code) == (422, "attachment_kind_unknown")
    forms: tuple[dict[str, str], ...] = ({}, {"kind": " "})
    for form in forms:
        missing = await product.request(
            "POST", f"/cases/{case_id}/attachments", "mentor-1", files={"file": ("a.pdf", PDF)}, data=form
        )
        assert (missing.status, missing.code) == (422, "invalid_request")
        assert [item["field"] for item in missing.body["errors"]] == ["kind"]
    none = await product.request("POST", f"/cases/{case_id}/attachments", "mentor-1", data={"kind": "visa"})
    assert (none.status, none.code) == (422, "invalid_request")


async def test_names_are_shown_without_what_deceives(product: Product) -> None:
    case_id = await product.paired()
    for given, shown in (
        ("C:\\材料\\合同.PDF", "合同.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("合同\u202efdp.exe", "合同fdp.exe.pdf"),
        ("a<b>|c?.pdf", "abc.pdf"),
        ("证" * 300 + ".pdf", "证" * 150 + ".pdf"),
    ):
        answer = await uploaded(product, case_id, name=given)
        assert answer.body["filename"] == shown, given
        got = await opened(product, case_id, answer.body["id"])
        assert f"filename*=UTF-8''{quote(shown, safe='')}" in got.headers["content-disposition"]


async def test_who_works_with_the_case_sees_them_and_nobody_else(product: Product) -> None:
    case_id = await product.paired()
    other = await product.paired()
    graduate = f"graduate:{case_id}"
    ids = [
        await attached(product, case_id, actor, name=f"{actor[:4]}.pdf") for actor in (graduate, "mentor-1")
    ]
    for actor in (graduate, "mentor-1", "counselor", "college", "career-centre"):
        listed = (await product.get(f"/cases/{case_id}/attachments", actor)).body["items"]
        assert [item["id"] for item in listed] == ids[::-1], actor
        assert [item["filename"] for item in listed] == ["ment.pdf", "grad.pdf"]
        assert (await opened(product, case_id, ids[0], actor)).content == PDF
    for actor, status in (
        *((name, 404) for name in (*OTHERS, f"graduate:{other}")),
        *((name, 403) for name in STRANGERS),
    ):
        assert (await product.get(f"/cases/{case_id}/attachments", actor)).status == status, actor
        assert (await opened(product, case_id, ids[0], actor)).status_code == status, actor
        assert (await uploaded(product, case_id, actor)).status == status, actor
        gone = await product.request("DELETE", f"/cases/{case_id}/attachments/{ids[0]}", actor)
        assert gone.status == status, actor
    # Under a case of one's own, those of another are not found.
    assert (await opened(product, other, ids[0])).json()["code"] == "attachment_unknown"


async def test_reading_a_case_for_another_reason_opens_no_attachments(product: Product) -> None:
    case_id = await product.eligible()
    attachment_id = await attached(product, case_id, "counselor")
    await product.accepted(case_id, "counselor", {"type": "propose_mentor", "mentor_id": "mentor-2"})
    glass = {"reason": "联系不上本人，家属来电求助", "purpose": "emergency"}
    broken = await product.request("POST", f"/cases/{case_id}/break-glass", "teacher", json=glass)
    assert broken.status == 201, broken.body
    for actor in ("mentor-2", "teacher"):
        assert (await product.get(f"/cases/{case_id}", actor)).status == 200
        assert (await product.get(f"/cases/{case_id}/attachments", actor)).code == "attachments_hidden"
        assert (await opened(product, case_id, attachment_id, actor)).json()["code"] == "attachments_hidden"
        assert (await uploaded(product, case_id, actor)).code == "attachments_hidden"


async def test_lists_are_read_page_by_page(product: Product) -> None:
    case_id = await product.paired()
    ids = [await attached(product, case_id) for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await product.get(f"/cases/{case_id}/attachments?limit=2{cursor}", "mentor-1")).body
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ids[::-1]
    bad = await product.get(f"/cases/{case_id}/attachments?cursor=x", "mentor-1")
    assert (bad.status, bad.code) == (422, "cursor_invalid")


async def test_evidence_names_attachments_of_the_case_which_then_stay(product: Product) -> None:
    case_id, other = await product.delivering(), await product.paired()
    graduate = f"graduate:{case_id}"
    own, foreign = await attached(product, case_id, graduate), await attached(product, other)
    for wrong in (foreign, "nothing", own + "x"):
        refused = await product.do(case_id, graduate, registering(own, wrong))
        assert (refused.status, refused.code) == (409, "attachment_unknown"), wrong
    traineeship = await attached(product, case_id, graduate, kind="实习证明")
    refused = await product.do(case_id, graduate, registering(traineeship))
    assert (refused.status, refused.code) == (409, "traineeship_is_not_employment")
    # What was refused has kept nothing.
    for attachment_id in (foreign, traineeship):
        case = other if attachment_id == foreign else case_id
        gone = await product.request("DELETE", f"/cases/{case}/attachments/{attachment_id}", "college")
        assert gone.status == 204
    done = await product.accepted(case_id, graduate, registering(own))
    evidence = [{"type": "labor_contract", "file_id": own, "note": None}]
    assert done["case"]["destinations"][0]["evidence"] == evidence
    for actor in ("college", "career-centre"):
        seen = (await product.get(f"/cases/{case_id}", actor)).body
        assert seen["destinations"][0]["evidence"] == evidence, actor
    for actor in (graduate, "college"):
        kept = await product.request("DELETE", f"/cases/{case_id}/attachments/{own}", actor)
        assert (kept.status, kept.code) == (409, "attachment_named")
    (listed,) = (await product.get(f"/cases/{case_id}/attachments", graduate)).body["items"]
    assert (listed["id"], listed["named"]) == (own, True)


async def test_notes_of_evidence_are_masked_in_the_case_as_in_the_timeline(product: Product) -> None:
    case_id = await product.delivering()
    evidence = [{"type": "labor_contract", "note": "家中变故后签订"}]
    await product.accepted(case_id, "mentor-1", registering(evidence=evidence))
    for actor, note in (("mentor-1", "家中变故后签订"), ("college", "***")):
        view = (await product.get(f"/cases/{case_id}", actor)).body
        assert view["destinations"][0]["evidence"][0]["note"] == note
        event = next(
            item
            for item in (await product.get(f"/cases/{case_id}/timeline?limit=200", actor)).body["items"]
            if item["type"] == "destination_registered"
        )
        assert event["data"]["destination"]["evidence"][0]["note"] == note
        assert ("note" in view["masked"]) == (note == "***")


async def test_one_s_own_or_as_a_supervisor_anybody_s_may_be_deleted(product: Product) -> None:
    case_id = await product.paired()
    graduate = f"graduate:{case_id}"
    first, second = await attached(product, case_id, graduate), await attached(product, case_id)
    for actor, attachment_id in (("mentor-1", first), ("counselor", first), (graduate, second)):
        refused = await product.request("DELETE", f"/cases/{case_id}/attachments/{attachment_id}", actor)
        assert (refused.status, refused.code) == (403, "attachment_not_yours")
    for actor, attachment_id in ((graduate, first), ("college", second)):
        gone = await product.request("DELETE", f"/cases/{case_id}/attachments/{attachment_id}", actor)
        assert gone.status == 204
        assert (await opened(product, case_id, attachment_id, actor)).status_code == 404
    assert files_of(product, case_id) == []
    again = await product.request("DELETE", f"/cases/{case_id}/attachments/{first}", graduate)
    assert (again.status, again.code) == (404, "attachment_unknown")
    # Evidence cannot name what is gone.
    assert (await product.do(case_id, "mentor-1", registering(second))).code == "attachment_unknown"


async def test_a_case_holds_so_many_and_no_more(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = await product.paired()
    monkeypatch.setattr(product.services.attachments, "_most", 2)
    for _ in range(2):
        await attached(product, case_id)
    refused = await uploaded(product, case_id)
    assert (refused.status, refused.code) == (409, "attachments_full")
    assert len(files_of(product, case_id)) == 2
