"""A supervisor's day: a number leads to its list, the list to a file, a plan is approved, and the load is looked at."""

from playwright.async_api import expect

from tests.console.hands import opened, press, settled
from tests.console.site import Site, keep
from tests.console.test_case_page import ASSESSED, PLAN


async def test_from_a_number_to_a_decision(site: Site) -> None:
    site.troubles.clear()
    without = await site.graduate("吴小五", paired=False)
    planned = await site.graduate("郑小六", ("mentor", ASSESSED), ("mentor", PLAN))
    async with site.person("college") as page:
        await opened(page, "/overview", "总览")
        figure = page.locator(".figure", has_text="未结对")
        number = int(await figure.locator(".number").inner_text())
        assert number >= 1
        await keep(page, "day-overview")
        await figure.click()
        await settled(page)
        await expect(page.locator("h1")).to_have_text("台账")
        lines = page.locator(f"#content a[href$='{without}']")
        await expect(lines.first).to_be_visible()
        await expect(page.locator(f"a[href$='{planned}']")).to_have_count(0)
        await keep(page, "day-list")
        await lines.first.click()
        await settled(page)
        await expect(page.locator("h1")).to_have_text("吴小五")
        # Back through what was opened, as the browser has it.
        await page.go_back()
        await expect(page.locator("h1")).to_have_text("台账")
        await expect(lines.first).to_be_visible()
        await page.go_back()
        await expect(page.locator("h1")).to_have_text("总览")

        await opened(page, "/approvals", "审批")
        line = page.locator(".line", has_text="郑小六")
        await line.get_by_role("button").first.click()
        await press(page.get_by_role("dialog"), "批准一人一策")
        await press(page, "提交")
        await expect(line).to_have_count(0)
        answer = await page.request.get(f"/api/v1/cases/{planned}")
        assert (await answer.json())["stage"] == "delivery"
    assert not site.troubles
