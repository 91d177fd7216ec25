"""A mentor's first day: signs on with the password that was handed out, takes a graduate, talks, plans, and records a
contact on the phone."""

from playwright.async_api import Page, expect

from tests.console.hands import choose, events, field, press, settled, sheet, submit, write
from tests.console.site import PHONE, Site, keep

PASSWORD = "mountain river stone 7"  # noqa: S105


async def sign_on(page: Page, account: str, password: str) -> None:
    await page.get_by_label("账号").fill(account)
    await page.get_by_label("口令", exact=True).fill(password)
    await press(page, "登录")


async def test_from_the_first_password_to_a_contact_on_the_phone(site: Site) -> None:
    site.troubles.clear()
    newcomer = {"id": "newcomer", "name": "孙导师", "role": "mentor", "department_id": "cs", "capacity": 5}
    await site.post("/staff", "admin", newcomer)
    first = (await site.post("/accounts", "admin", {"staff_id": "newcomer"}))["first_password"]
    proposal = {"type": "propose_mentor", "mentor_id": "newcomer"}
    case_id = await site.graduate("周小四", ("college", proposal), paired=False)
    async with site.person(None) as page:
        await page.goto("/console/work")
        await keep(page, "day-sign-on")
        await sign_on(page, "newcomer", first)
        await page.get_by_label("当前口令").fill(first)
        await page.get_by_label("新口令", exact=True).fill(PASSWORD)
        await page.get_by_label("再次输入新口令").fill(PASSWORD)
        await keep(page, "day-first-password")
        await press(page, "修改口令")
        await settled(page)
        await expect(page.locator("h1")).to_have_text("我的工作")
        await keep(page, "day-work")

        await press(page, "接受结对")
        await submit(page)
        await expect(sheet(page)).to_have_count(0)
        # What was asked is gone, and the news lead to the file.
        await expect(page.get_by_role("button", name="接受结对")).to_have_count(0)
        await page.locator("#news").get_by_role("link", name="周小四").click()
        await settled(page)
        await press(page, "登记摸底谈话")
        await write(sheet(page), "就业意向", "本市软件企业")
        await choose(page, "风险等级", "B级")
        await submit(page)
        await expect(sheet(page)).to_have_count(0)

        await press(page, "制定一人一策")
        await keep(page, "day-plan-form")
        # What is forgotten is said at its field, and nothing else is lost.
        await write(sheet(page), "目标", "毕业前签约")
        await submit(page)
        await expect(sheet(page).get_by_role("alert")).to_contain_text("至少 1 项")
        await expect(field(sheet(page), "目标")).to_have_value("毕业前签约")
        await write(sheet(page), "措施", "推荐三个岗位")
        await write(sheet(page), "完成期限", "2099-01-01")
        await submit(page)
        await expect(sheet(page)).to_have_count(0)
        await expect(page.locator("#content")).to_contain_text("推荐三个岗位")
        await keep(page, "day-case")
    assert len(await events(site, case_id, "plan_set", "college")) == 1

    async with site.person(None, width=PHONE) as page:
        await page.goto(f"/console/contact?case={case_id}")
        await sign_on(page, "newcomer", PASSWORD)
        await settled(page)
        await page.get_by_role("radio", name="电话").click()
        await page.get_by_label("联系内容").fill("已投三份简历")
        await keep(page, "day-contact-phone")
        await press(page, "保存")
        await expect(page.locator(".q-notification")).to_contain_text("周小四")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE
    (event,) = await events(site, case_id, "contact_recorded", "newcomer")
    assert event["data"]["content"] == "已投三份简历"
