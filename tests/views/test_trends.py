"""What stood week by week, and what was done in each campaign."""

from datetime import UTC, datetime, timedelta

from services.school_day import date_of, today
from services.trends import DayBook
from tests.messages.test_inbox import college_with_cases
from tests.product import ELIGIBLE, Product
from tests.views.test_approvals import mentored
from tests.views.test_overview import college_of


async def test_a_day_is_counted_once_and_a_week_shows_its_last_day(product: Product) -> None:
    supervisor, cases = await college_with_cases(product, 2)
    book, school = DayBook(product.services.engine), product.settings.school_code
    # The Wednesday and Friday of two weeks ago, so that no digest of today is in the way.
    now = datetime.now(UTC)
    monday = now - timedelta(days=now.isoweekday() - 1 + 14)
    wednesday, friday = monday + timedelta(days=2), monday + timedelta(days=4)
    book.write(school, wednesday)
    await product.accepted(cases[0], supervisor, ELIGIBLE)
    book.write(school, wednesday)
    seen = (await product.get("/supervision/trends", supervisor)).body["weeks"]
    assert [(week["day"], week["figures"]["stage.intake"]) for week in seen] == [
        (date_of(wednesday).isoformat(), 2)
    ]
    book.write(school, friday)
    (week,) = (await product.get("/supervision/trends", supervisor)).body["weeks"]
    figures = week["figures"]
    assert week["day"] == date_of(friday).isoformat()
    assert (figures["total"], figures["stage.intake"], figures["stage.pairing"]) == (2, 1, 1)
    assert (figures["overdue"], figures["unassigned"]) == (0, 2)
    assert (await product.get("/supervision/trends?weeks=1", supervisor)).body["weeks"] == []
    college = await college_of(product, supervisor)
    (same,) = (await product.get(f"/supervision/trends?department={college}", "career-centre")).body["weeks"]
    assert same["figures"] == figures
    assert (await product.get("/supervision/trends?department=cs", supervisor)).code == "role_not_allowed"


async def test_campaigns_count_what_falls_within_their_dates(product: Product) -> None:
    cohort = today().year + 1
    supervisor, _ = await college_with_cases(product, 0)
    college = await college_of(product, supervisor)
    draft = {"student_no": f"{college}-c", "name": "测试", "department_id": college, "cohort": cohort}
    opened = await product.request("POST", "/cases", supervisor, json=draft)
    assert opened.status == 201, opened.body
    service = {
        "type": "record_service",
        "service_type": "policy_briefing",
        "method": "face_to_face",
        "content": "宣讲",
    }
    case_id = opened.body["case_id"]
    await mentored(product, supervisor, case_id, supervisor)
    await product.accepted(case_id, supervisor, service)
    answer = await product.get(f"/supervision/campaigns?cohort={cohort}", supervisor)
    assert answer.status == 200, answer.body
    for item in answer.body["campaigns"]:
        runs = item["starts_on"] <= today().isoformat() <= item["ends_on"]
        assert (item["opened"], item["services"]) == ((1, 1) if runs else (0, 0))
    assert answer.body["campaigns"][0]["zh"] == "秋季校园招聘月"
