"""The printed file (一人一档): what it says, to whom, and that it can be filed."""

import dataclasses
import io
import re
from typing import Any, cast

import pytest
from pypdf import PdfReader

from services.paper.papers import Papers
from services.paper.press import Press
from services.states import States
from tests.product import Product

MARKUP = '#sys.inputs *粗* $x^2$ _斜_ `码` <标> @引 \\ // /* "引号" [框] = 题'
PERSON: dict[str, Any] = {
    "name": "李打印",
    "id_number": "000000199901013337",
    "phone": "10011112222",
    "address": "打印路一号",
    "remark": MARKUP,
    "class_name": "软工2301",
    "sex": "女",
    "cohort": 2027,
}

CASE_ID = re.compile(r"case-[a-z2-7]{24}")


async def printed(product: Product, path: str, actor: str, **query: Any) -> PdfReader:
    """The PDF that this person gets."""
    answer = await product.http.get(
        f"/api/v1{path}", params={"purpose": "inspection"} | query, headers=product.bearer(actor)
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return PdfReader(io.BytesIO(answer.content))


def text_of(reader: PdfReader) -> str:
    """All text without blanks and line ends, which depend on the layout."""
    return "".join("".join(page.extract_text() for page in reader.pages).split())


@pytest.fixture(scope="module")
async def case_id(product: Product) -> str:
    """A life with everything that the form has a place for."""
    case_id = await product.delivering("mentor-1", student_no="PAPER1", **PERSON)
    referral = {"type": "send_referral", "kind": "hrss", "to": "hrss", "purpose": "补贴咨询"}
    contract = {"type": "labor_contract", "note": "原件已核"}
    job = {
        "type": "register_destination",
        "code": "11",
        "employer": "某软件公司",
        "credit_code": "91610000MA0000000X",
        "evidence": [contract],
    }
    await product.accepted(
        case_id,
        "mentor-1",
        {
            "type": "record_contact",
            "method": "phone",
            "content": "谈求职进展" + MARKUP,
            "next_step": "改简历",
        },
        {"type": "record_service", "service_type": "岗位推荐", "method": "online", "content": "推荐开发岗"},
        {"type": "enrol_training", "course": "宏志线下班"},
        {"type": "complete_training", "enrolment_id": "t1", "score_before": 60, "certificate": "结业证"},
        referral,
        job,
    )
    graduate = f"graduate:{case_id}"
    agreed = {"type": "confirm_service", "service_id": "s1", "agreed": True, "remark": "属实"}
    await product.accepted(case_id, graduate, agreed)
    answer = {"type": "answer_referral", "referral_id": "r1", "answer": "accepted"}
    outcome = {
        "type": "report_referral_outcome",
        "referral_id": "r1",
        "outcome": "completed",
        "result": "已受理",
    }
    await product.accepted(case_id, "hrss", answer)
    await product.accepted(case_id, "hrss", outcome)
    seen = {"type": "acknowledge_referral", "referral_id": "r1"}
    await product.accepted(case_id, "mentor-1", seen)
    verify = {"type": "verify_destination", "destination_id": "d1"}
    await product.accepted(case_id, "college", verify | {"level": "department"})
    await product.accepted(case_id, "career-centre", verify | {"level": "school"})
    await product.accepted(case_id, "counselor", {"type": "mark_left_school"})
    talk = {"type": "record_follow_up", "situation": "employed", "content": "已入职一周"}
    closure = {"type": "request_closure", "reason": "destination_verified", "outcome": "稳定就业"}
    await product.accepted(case_id, "mentor-1", talk, closure)
    await product.accepted(case_id, "college", {"type": "approve_closure", "reason": "同意"})
    return case_id


async def test_a_file_says_in_order_what_was_done(product: Product, case_id: str) -> None:
    text = text_of(await printed(product, f"/cases/{case_id}/paper", "mentor-1"))
    order = [
        "困难毕业生一对一帮扶档案", "2027届", "已销号", "一、基本信息", "李打印", "女", "计算机学院", "软工2301",
        "二、困难类型与认定依据", "脱贫家庭", "证明", "予以帮扶", "辅导员",
        "三、结对帮扶", "导师一", "专业对口",
        "四、摸底评估", "C（低）", "省内就业",
        "五、一人一策", "学院负责人", "落实去向", "推荐岗位", "2099-01-01",
        "六、服务包", "政策宣介", "岗位推荐", "线上", "推荐开发岗", "已确认属实",
        "七、帮扶联系记录", "电话", "谈求职进展", "改简历",
        "八、技能培训", "宏志线下班", "已结业", "60/—", "结业证",
        "九、转介服务", "人社部门", "人社局", "补贴咨询", "已完成", "已受理",
        "十、毕业去向", "11签劳动合同形式就业", "某软件公司", "劳动合同：原件已核", "核查通过", "院系通过",
        "十一、离校跟踪", "已就业", "已入职一周",
        "十二、销号", "申请销号", "去向已核查", "稳定就业", "批准销号", "同意",
        "十三、签字确认", "毕业生", "帮扶责任人", "院系负责人", "就业指导中心", "签字（盖章）",
    ]  # fmt: skip
    place = 0
    for words in order:
        found = text.find(words, place)
        assert found >= 0, f"{words} does not follow {text[max(0, place - 60) : place + 60]}"
        place = found


async def test_what_people_typed_stays_what_it_is(product: Product, case_id: str) -> None:
    text = text_of(await printed(product, f"/cases/{case_id}/paper", "mentor-1"))
    assert text.count("".join(MARKUP.split())) == 2
    strange = "\u202e反\u2066转" + "长" * 700 + "W" * 700 + "😀"
    odd = await product.paired(student_no="PAPER2", remark=strange)
    text = text_of(await printed(product, f"/cases/{odd}/paper", "mentor-1"))
    assert "反转" + "长" * 5 in text
    assert text.count("W") >= 700


async def test_its_pages_can_be_filed(product: Product, case_id: str) -> None:
    reader = await printed(product, f"/cases/{case_id}/paper", "college")
    for number, page in enumerate(reader.pages, 1):
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
        text = "".join(page.extract_text().split())
        assert f"第{number}页共{len(reader.pages)}页" in text
        assert "用途：督导检查" in text
        assert text.count("学院负责人college") >= 4
        fonts: dict[str, Any] = cast("Any", page)["/Resources"]["/Font"]
        assert fonts
        for font in fonts.values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            assert "NotoSansCJK" in below["/BaseFont"]
            assert "/FontFile3" in below["/FontDescriptor"].get_object()


async def test_each_prints_what_each_sees(product: Product, case_id: str) -> None:
    path = f"/cases/{case_id}/paper"
    shown = {
        actor: text_of(await printed(product, path, actor))
        for actor in ("mentor-1", "college", "career-centre")
    }
    plain = text_of(await printed(product, path, "career-centre", masked=False))
    for words, who in (
        ("李打印", {"mentor-1", "college"}),
        ("10011112222", {"mentor-1"}),
        ("000000199901013337", set[str]()),
        ("打印路一号", set[str]()),
        ("脱贫家庭", {"mentor-1", "college"}),
        ("谈求职进展", {"mentor-1"}),
    ):
        assert {actor for actor, text in shown.items() if words in text} == who, words
    for words in ("李打印", "10011112222", "000000199901013337", "打印路一号", "谈求职进展"):
        assert words in plain
    assert "按岗位脱敏，不予显示" in shown["career-centre"]
    refused = await product.get(path + "?purpose=inspection&masked=false", "counselor")
    assert (refused.status, refused.code) == (403, "role_not_allowed")


async def test_the_files_of_a_college_in_one(product: Product, case_id: str) -> None:
    last = await product.paired(student_no="PAPER3", name="王末尾", class_name="软工2302", cohort=2031)
    first = await product.paired(student_no="PAPER4", name="赵居前", class_name="软工2301", cohort=2031)
    reader = await printed(product, "/exports/papers", "college", department="cs", cohort=2031)
    pages = ["".join(page.extract_text().split()) for page in reader.pages]
    half = len(pages) // 2
    assert half >= 2
    for start, case, name in ((0, first, "赵居前"), (half, last, "王末尾")):
        for number in range(1, half + 1):
            text = pages[start + number - 1]
            assert case in text
            assert name in text
            assert f"第{number}页共{half}页" in text
    whole = await product.get("/exports/papers?purpose=inspection&department=cs&cohort=2031", "other-college")
    assert (whole.status, whole.code) == (404, "nothing_to_print")
    one = await product.get(f"/cases/{case_id}/paper?purpose=inspection", "other-college")
    assert (one.status, one.code) == (404, "case_unknown")


async def test_too_many_at_once_are_printed_in_parts(product: Product) -> None:
    services, settings = product.services, product.settings
    parts = services.engine, States(services.vault), services.vault, Press.of_settings(settings)
    few = dataclasses.replace(services, papers=Papers(*parts, limit=1))
    product.app.state.services = few
    try:
        await product.open_case(cohort=2032)
        assert len((await printed(product, "/exports/papers", "college", cohort=2032)).pages) > 0
        await product.open_case(cohort=2032)
        answer = await product.get("/exports/papers?purpose=inspection&cohort=2032", "college")
        parts = [
            await printed(product, "/exports/papers", "college", cohort=2032, part=part) for part in (1, 2)
        ]
        beyond = await product.get("/exports/papers?purpose=inspection&cohort=2032&part=3", "college")
    finally:
        product.app.state.services = services
    details = {"limit": 1, "parts": 2}
    assert (answer.status, answer.code, answer.body["details"]) == (422, "too_many_papers", details)
    assert beyond.code == "nothing_to_print"
    printed_cases = [set(CASE_ID.findall(reader.pages[0].extract_text())) for reader in parts]
    assert [len(found) for found in printed_cases] == [1, 1]
    assert printed_cases[0] != printed_cases[1]


async def test_a_printing_is_an_access_that_the_graduate_sees(product: Product, case_id: str) -> None:
    await printed(product, f"/cases/{case_id}/paper", "counselor", purpose="handover")
    seen = (await product.get(f"/cases/{case_id}/access-log", f"graduate:{case_id}")).body["items"]
    taken = [item for item in seen if (item["act"], item["name"]) == ("case.exported", "辅导员")]
    assert [item["purpose"] for item in taken] == ["handover"]
    for query in ("", "?purpose=curiosity"):
        answer = await product.get(f"/cases/{case_id}/paper{query}", "counselor")
        assert (answer.status, answer.code) == (422, "invalid_request")


async def test_what_is_open_in_an_emergency_is_not_printed(product: Product, case_id: str) -> None:
    reason = {"reason": "联系不上本人，家属来电求助", "purpose": "emergency"}
    opened = await product.request("POST", f"/cases/{case_id}/break-glass", "teacher", json=reason)
    assert opened.status in (200, 201), opened.body
    assert (await product.get(f"/cases/{case_id}", "teacher")).status == 200
    answer = await product.get(f"/cases/{case_id}/paper?purpose=emergency", "teacher")
    assert (answer.status, answer.code) == (404, "case_unknown")
