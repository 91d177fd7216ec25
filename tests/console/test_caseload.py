"""A supervisor evens out what mentors carry, and reads the service standards."""

from playwright.async_api import expect

from tests.console.site import PHONE, Site, keep


async def test_cases_of_somebody_away_are_assigned_by_a_suggestion(site: Site) -> None:
    site.troubles.clear()
    weary = {"id": "weary", "name": "孙导师", "role": "mentor", "department_id": "cs", "capacity": 3}
    await site.post("/staff", "admin", weary)
    assign = {"type": "assign_mentor", "mentor_id": "weary", "reason": "专业对口"}
    case_id = await site.graduate("待调整", ("college", assign))
    async with site.person("college") as page:
        await page.goto("/console/caseload")
        person = page.locator(".line", has_text="孙导师").filter(has_text="在帮")
        await person.get_by_role("button").click()
        await page.get_by_text("不在岗与容量").click()
        sheet = page.get_by_role("dialog")
        await sheet.get_by_label("离岗起始日期").fill("2020-01-01")
        await sheet.get_by_role("button").last.click()
        await expect(person).to_contain_text("无人代理")
        line = page.locator(".line", has_text="待调整")
        await expect(line).to_contain_text("不在岗且无人代理")
        await keep(page, "caseload")
        await line.get_by_role("button", name="指派").click()
        await expect(page.get_by_label("理由")).to_have_value("孙导师不在岗且无人代理")
        await page.get_by_role("button", name="提交").click()
        await expect(line).to_have_count(0)
        case = await (await page.request.get(f"/api/v1/cases/{case_id}")).json()
        assert case["mentor_id"] != "weary"
    assert not site.troubles


async def test_the_standards_are_read_in_words(site: Site) -> None:
    async with site.person("college", width=PHONE) as page:
        await page.goto("/console/policies")
        await expect(page.locator(".line", has_text="摸底谈话")).to_contain_text("5 个工作日")
        await expect(page.locator(".line", has_text="岗位推荐").first).to_contain_text("3 次")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE
