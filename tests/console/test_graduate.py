"""A graduate's visit: says what was done, corrects and objects, registers the destination with its evidence."""

import base64
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.console.hands import choose, field, opened, press, settled, sheet, submit, write
from tests.console.site import PHONE, Site, keep
from tests.console.test_case_page import DELIVERING

SERVICE = {
    "type": "record_service",
    "service_type": "policy_briefing",
    "method": "phone",
    "content": "讲解求职创业补贴",
}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
async def case_id(site: Site) -> str:
    """A file under way, with a service that the graduate has not answered to."""
    return await site.graduate("冯小七", *DELIVERING, ("mentor", SERVICE))


async def taken(page: Page) -> None:
    await submit(page)
    await expect(sheet(page)).to_have_count(0)


async def tab_to(wanted: Locator) -> None:
    """Go there by the Tab key."""
    await expect(wanted).to_be_visible()
    for _step in range(60):
        if await wanted.evaluate("found => found === document.activeElement"):
            return
        await wanted.page.keyboard.press("Tab")
    raise AssertionError("the Tab key does not lead there")


async def test_a_visit_to_the_own_file(site: Site, case_id: str, tmp_path: Path) -> None:
    site.troubles.clear()
    content = "#content"
    async with site.person("mentor") as page:
        await opened(page, f"/cases/{case_id}")
    async with site.person(f"graduate:{case_id}", width=PHONE) as page:
        await opened(page, "/my-file", "我的档案")
        await expect(page.locator(content)).to_contain_text("推荐三个岗位")
        await expect(page.locator(content)).to_contain_text("李导师")
        await keep(page, "graduate-file")

        await press(page, "情况属实")
        await taken(page)
        await expect(page.locator(".tag", has_text="已确认")).to_be_visible()

        await press(page, "更正信息")
        await write(sheet(page), "更正理由", "换了号码")
        await write(sheet(page), "手机号", "10099990001")
        await keep(page, "graduate-correct")
        await taken(page)
        await expect(page.locator(content)).to_contain_text("10099990001")

        await press(page, "提出异议")
        await choose(page, "异议对象", "档案信息")
        await write(sheet(page), "异议内容", "专业名称有误")
        await taken(page)

        picture = tmp_path / "协议书.png"
        picture.write_bytes(PNG)
        await page.get_by_label("材料类型").click()
        await page.get_by_role("option", name="劳动合同").click()
        await page.locator("input[type=file]").first.set_input_files(picture)
        await expect(page.locator(content)).to_contain_text("协议书.png")

        await press(page, "登记毕业去向")
        await field(sheet(page), "去向类别").click()
        await page.get_by_role("option", name="签劳动合同形式就业").first.click()
        await write(sheet(page), "单位名称", "示例企业")
        await choose(page, "材料种类", "劳动合同")
        await choose(page, "附件", "协议书.png")
        await keep(page, "graduate-destination")
        await taken(page)
        await expect(page.locator(content)).to_contain_text("签劳动合同形式就业")
        looked = page.locator(".part", has=page.locator("h2", has_text="谁查看过我的档案"))
        await expect(looked).to_contain_text("查看档案")
        await keep(page, "graduate-after")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE
        case = await (await page.request.get(f"/api/v1/cases/{case_id}")).json()
    assert [item["agreed"] for item in case["services"]] == [True]
    assert len(case["objections"]) == 1
    (destination,) = case["destinations"]
    assert destination["evidence"][0]["file_id"]
    assert not site.troubles


async def test_an_objection_by_keyboard_alone(site: Site, case_id: str) -> None:
    async with site.person(f"graduate:{case_id}") as page:
        await opened(page, "/my-file")
        keys = page.keyboard
        await tab_to(page.get_by_role("button", name="提出异议", exact=True))
        await keys.press("Enter")
        await tab_to(field(sheet(page), "异议对象"))
        await keys.press("ArrowDown")
        await expect(page.get_by_role("option", name="档案信息")).to_be_visible()
        await keys.press("ArrowDown")
        await keys.press("Enter")
        await tab_to(field(sheet(page), "异议内容"))
        await keys.type("只用键盘提出")
        await tab_to(sheet(page).get_by_role("button", name="提交"))
        await keys.press("Enter")
        await expect(sheet(page)).to_have_count(0)
        case = await (await page.request.get(f"/api/v1/cases/{case_id}")).json()
    assert len(case["objections"]) == 1


async def test_links_lead_only_to_the_own_file(site: Site, case_id: str) -> None:
    other = await site.graduate("别人")
    async with site.person(f"graduate:{case_id}") as page:
        await opened(page, f"/cases/{case_id}")
        await expect(page.locator("#content")).to_contain_text("冯小七")
        await page.goto(f"/console/cases/{other}")
        await settled(page)
        await expect(page.locator("#content")).not_to_contain_text("别人")
        await page.go_back()
        await settled(page)
        await expect(page.locator("#content")).to_contain_text("冯小七")
