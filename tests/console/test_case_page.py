"""One file on its page: what is due leads to its form, parts change in place, and typing survives what others do."""

from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.console.site import PHONE, Site, keep

ASSESSED = {"type": "record_assessment", "intention": "就业", "risk_level": "B"}
PLAN: dict[str, Any] = {
    "type": "set_plan",
    "goals": [{"title": "签约", "measures": [{"title": "推荐三个岗位", "due_on": "2099-01-01"}]}],
}
DELIVERING = (
    ("mentor", ASSESSED),
    ("mentor", PLAN),
    ("college", {"type": "approve_plan", "plan_version": 1}),
)


def part(page: Page, title: str) -> Locator:
    return page.locator(".part", has=page.locator("h2", has_text=title))


async def choose(page: Page, sheet: Locator, label: str, option: str) -> None:
    await sheet.get_by_label(label).click()
    await page.get_by_role("option", name=option).click()


async def sent(sheet: Locator) -> None:
    await sheet.get_by_role("button", name="提交").click()
    await expect(sheet).to_have_count(0)


async def test_what_is_due_leads_to_its_form(site: Site) -> None:
    site.troubles.clear()
    case_id = await site.graduate("谈话者")
    async with site.person("mentor") as page:
        await page.goto(f"/console/cases/{case_id}?act=first_talk")
        sheet = page.get_by_role("dialog")
        await expect(sheet).to_contain_text("登记摸底谈话")
        assert page.url.endswith(f"/console/cases/{case_id}")
        await sheet.get_by_label("就业意向").fill("省内就业")
        await choose(page, sheet, "风险等级", "A级")
        await sent(sheet)
        await expect(page.locator(".life").first.locator("[aria-current=step]")).to_contain_text(
            "待制定一人一策"
        )
        await expect(part(page, "时间线")).to_contain_text("登记了摸底谈话")
        await expect(part(page, "下一步到期事项")).to_contain_text("李导师")
        await keep(page, "case")
    assert not site.troubles


async def test_a_service_is_recorded_from_the_line_that_owes_it(site: Site) -> None:
    case_id = await site.graduate("服务者", *DELIVERING)
    async with site.person("mentor") as page:
        await page.goto(f"/console/cases/{case_id}")
        line = part(page, "服务包").locator(".line", has_text="政策宣介").first
        await expect(line).to_contain_text("已提供 0/1")
        await line.get_by_role("button").click()
        sheet = page.get_by_role("dialog")
        await expect(sheet).to_contain_text("服务类型：政策宣介")
        await choose(page, sheet, "服务方式", "电话")
        await sheet.get_by_label("服务内容").fill("讲解补贴政策")
        await sent(sheet)
        await expect(line).to_contain_text("已提供 1/1")
        await expect(line.get_by_role("button")).to_have_count(0)


async def test_typing_survives_what_others_do_meanwhile(site: Site) -> None:
    case_id = await site.graduate("两人同改", *DELIVERING)
    async with site.person("mentor", width=PHONE) as page:
        await page.goto(f"/console/cases/{case_id}")
        await (
            page.locator(".bottom")
            .get_by_role("button", name="快速登记联系")
            .or_(page.locator(".bottom").get_by_role("button", name="登记联系记录"))
            .first.click()
        )
        sheet = page.get_by_role("dialog")
        await choose(page, sheet, "联系方式", "电话")
        await sheet.get_by_label("联系内容").fill("约好周三面谈")
        await site.post(f"/cases/{case_id}/commands", "counselor", {"type": "annotate", "text": "家访待约"})
        await expect(part(page, "时间线")).to_contain_text("家访待约")
        await sheet.get_by_role("button", name="提交").click()
        await expect(sheet).to_contain_text("添加了备注 · 赵辅导员")
        await expect(sheet.get_by_label("联系内容")).to_have_value("约好周三面谈")
        await sent(sheet)
        await expect(part(page, "谈话与备注")).to_contain_text("约好周三面谈")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE


async def test_a_masked_field_is_shown_for_a_purpose_only(site: Site) -> None:
    case_id = await site.graduate("保密甲")
    async with site.person("college") as page:
        await page.goto(f"/console/cases/{case_id}")
        head = page.locator(".head")
        await expect(head).to_contain_text("100****")
        await head.get_by_role("button", name="查看原文：手机号").click()
        sheet = page.get_by_role("dialog")
        await sheet.get_by_role("button", name="查看", exact=True).click()
        await expect(sheet).to_contain_text("请选择查看目的")
        await choose(page, sheet, "查看目的", "审核审批")
        await sheet.get_by_role("button", name="查看", exact=True).click()
        await expect(head).not_to_contain_text("100****")
        await page.get_by_text("查看本档案的访问记录").click()
        await expect(part(page, "谁查看过")).to_contain_text("目的：审核审批")


async def test_what_is_not_possible_says_why(site: Site) -> None:
    case_id = await site.graduate("说明者")
    async with site.person("mentor") as page:
        await page.goto(f"/console/cases/{case_id}")
        await page.get_by_text("其他事项为什么不能办理").click()
        why = page.locator(".why", has_text="批准一人一策")
        await expect(why).to_be_visible()
        assert len(await why.locator(".small").inner_text()) > 0


async def test_who_is_asked_to_take_a_graduate_is_offered_no_upload(site: Site) -> None:
    proposed = {"type": "propose_mentor", "mentor_id": "mentor"}
    asked = await site.graduate("待答复者", ("counselor", proposed), paired=False)
    taken = await site.graduate("已结对者")
    async with site.person("mentor") as page:
        for case_id, uploads in ((taken, 1), (asked, 0)):
            await page.goto(f"/console/cases/{case_id}")
            await expect(part(page, "时间线")).to_be_visible()
            await expect(part(page, "佐证材料").get_by_text("选择文件或拍照上传")).to_have_count(uploads)
        await expect(part(page, "佐证材料")).to_contain_text("不能查看或上传附件")
