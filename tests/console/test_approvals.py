"""A supervisor decides in place: sees what is asked for, and grants or refuses it, alone or several at once."""

from typing import Any

from playwright.async_api import Page, expect

from tests.console.site import PHONE, Site, keep

ASSESSED = {"type": "record_assessment", "intention": "就业", "risk_level": "B"}


def plan(goal: str) -> dict[str, Any]:
    return {
        "type": "set_plan",
        "goals": [{"title": goal, "measures": [{"title": "推荐三个岗位", "due_on": "2099-01-01"}]}],
    }


async def planned(site: Site, name: str, goal: str) -> str:
    return await site.graduate(name, ("mentor", ASSESSED), ("mentor", plan(goal)))


def line(page: Page, name: str) -> Any:
    return page.locator(".line", has_text=name)


async def has_plan(page: Page, case_id: str) -> bool:
    return (await (await page.request.get(f"/api/v1/cases/{case_id}")).json())["plan"] is not None


async def test_a_plan_is_seen_and_approved(site: Site) -> None:
    site.troubles.clear()
    case_id = await planned(site, "审批甲", "毕业前签约")
    async with site.person("college") as page:
        await page.goto("/console/approvals")
        await line(page, "审批甲").get_by_role("button").click()
        sheet = page.get_by_role("dialog")
        await expect(sheet).to_contain_text("毕业前签约")
        await expect(sheet).to_contain_text("推荐三个岗位")
        await expect(sheet).to_contain_text("李导师")
        await keep(page, "approval")
        await sheet.get_by_role("button", name="批准一人一策").click()
        await page.get_by_role("button", name="提交").click()
        await expect(line(page, "审批甲")).to_have_count(0)
        await expect(page.get_by_role("dialog")).to_have_count(0)
        assert await has_plan(page, case_id)
    assert not site.troubles


async def test_what_is_handed_in_meanwhile_appears(site: Site) -> None:
    async with site.person("college", width=PHONE) as page:
        await page.goto("/console/approvals")
        await expect(page.locator("h1")).to_have_text("审批")
        await planned(site, "后来者", "升学")
        await expect(line(page, "后来者")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE


async def test_several_are_approved_but_not_what_changed_meanwhile(site: Site) -> None:
    kept, changed = await planned(site, "多人甲", "签约"), await planned(site, "多人乙", "旧的目标")
    async with site.person("college") as page:
        await page.goto("/console/approvals")
        for name in ("多人甲", "多人乙"):
            await line(page, name).get_by_role("checkbox").click()
        await page.get_by_role("button", name="批量审批").first.click()
        sheet = page.get_by_role("dialog")
        await expect(sheet).to_contain_text("旧的目标")
        await site.post(f"/cases/{changed}/commands", "mentor", plan("新的目标"))
        await sheet.get_by_role("button", name="批准一人一策").click()
        await expect(sheet.get_by_text("已办理。")).to_have_count(1)
        # The other one was not approved unseen.
        await expect(sheet.locator(".late")).to_have_count(1)
        await sheet.get_by_role("button", name="关闭").click()
        await expect(line(page, "多人甲")).to_have_count(0)
        await expect(line(page, "多人乙")).to_be_visible()
        assert await has_plan(page, kept)
        assert not await has_plan(page, changed)


async def test_overdue_opens_filtered_by_its_address(site: Site) -> None:
    async with site.person("college") as page:
        await page.goto("/console/overdue?clock=first_talk")
        await expect(page.get_by_text("没有逾期事项。")).to_be_visible()
        await page.goto("/console/overdue?clock=nothing")
        await expect(page.get_by_text("没有逾期事项。")).to_have_count(0)
