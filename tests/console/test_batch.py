"""The same for many: chosen in the list, given once, answered by each file."""

from playwright.async_api import expect

from tests.console.hands import events, opened, press, settled, write
from tests.console.site import PHONE, Site, keep

NAME = "批量甲"
WITHDRAWN = {"type": "request_closure", "reason": "withdrawn", "outcome": "退学"}


async def test_a_briefing_is_recorded_for_all_who_came(site: Site) -> None:
    site.troubles.clear()
    cases = [await site.graduate(NAME) for _ in range(5)]
    closed = await site.graduate(NAME, ("mentor", WITHDRAWN), ("college", {"type": "approve_closure"}))
    absent = cases.pop()
    async with site.person("mentor") as page:
        await opened(page, "/cases")
        await page.get_by_label("查找").first.fill(NAME)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("共 6 人")).to_be_visible()
        await page.get_by_label("选择已显示的全部").click()
        await press(page, "批量办理（6 人）")
        await settled(page)
        await expect(page.get_by_role("checkbox", checked=True)).to_have_count(6)
        await page.get_by_label("事项").click()
        await page.get_by_role("option", name="登记帮扶服务").click()
        await write(page, "服务内容", "宣讲本市就业政策")
        # Not all fields: each says so by itself, and what was typed stays, also when the page is loaded anew.
        await press(page, "为 6 人办理")
        await expect(page.locator(".q-field--error")).not_to_have_count(0)
        await page.reload()
        await settled(page)
        await page.get_by_label("事项").click()
        await page.get_by_role("option", name="登记帮扶服务").click()
        await expect(page.get_by_label("服务内容")).to_have_value("宣讲本市就业政策")
        await keep(page, "batch-form")
        number = (await (await page.request.get(f"/api/v1/cases/{absent}")).json())["profile"]["student_no"]
        await page.get_by_role("checkbox", name=number).click()
        for label, option in (("服务类型", "政策宣介"), ("服务方式", "线上视频")):
            await page.get_by_label(label).first.click()
            await page.get_by_role("option", name=option).first.click()
        await press(page, "为 5 人办理")
        await expect(page.get_by_text("5 份档案均已有结果")).to_be_visible(timeout=60_000)
        refused = page.locator(".part", has_text="未能办理").last
        await expect(refused.locator("a[href*=case-]")).to_have_attribute("href", f"/console/cases/{closed}")
        await expect(refused).to_contain_text("已销号")
        await keep(page, "batch-done")
        await press(page, "重新选择这些档案")
        await expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    for case_id in cases:
        (event,) = await events(site, case_id, "service_recorded")
        assert event["data"]["content"] == "宣讲本市就业政策"
    assert not await events(site, absent, "service_recorded")

    async with site.person("mentor", width=PHONE) as page:
        # Whoever comes later finds what became of it.
        await opened(page, "/batch")
        await page.get_by_role("link", name="登记帮扶服务").first.click()
        await expect(page.get_by_text("5 份档案均已有结果")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert not site.troubles
