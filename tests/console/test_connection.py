"""Whatever becomes of the connection, what was typed stays, and what was done is done once."""

from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.console.hands import choose, events, field, opened, press, settled, sheet, submit, write
from tests.console.site import Site, keep
from tests.running import running_processes

# Seconds and more pass until a lost connection is noticed or stands again.
PATIENCE = 60_000


@pytest.fixture(scope="module")
async def own_site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Site]:
    """A product of which parts may be killed."""
    async with running_processes(tmp_path_factory.mktemp("killed")) as running:
        site = Site(running, browser)
        await site.furnish()
        yield site


async def begun(page: Page, case_id: str, text: str) -> None:
    """A contact record half written."""
    await opened(page, f"/cases/{case_id}")
    await press(page, "登记联系记录")
    await choose(page, "联系方式", "电话")
    await write(sheet(page), "联系内容", text)


async def reloaded(page: Page, site: Site) -> None:
    """Wait until the page has found the service again, which knows nothing of it any more."""
    await site.running.ready()
    await expect(sheet(page)).to_have_count(0, timeout=PATIENCE)
    await settled(page)


async def test_a_lost_network_is_shown_and_what_is_typed_meanwhile_arrives(site: Site) -> None:
    case_id = await site.graduate()
    async with site.person("mentor") as page:
        await begun(page, case_id, "电话约谈")
        # What connects again is the news that the network is back, not an attempt that happened to be due.
        await page.evaluate("socket.io.reconnectionDelay(36e5).reconnectionDelayMax(36e5)")
        await page.context.set_offline(True)
        banner = page.locator("#popup")
        await expect(banner).to_be_visible(timeout=PATIENCE)
        await keep(page, "connection-lost")
        await write(sheet(page), "联系内容", "电话约谈，信号不好")
        await page.context.set_offline(False)
        await expect(banner).to_be_hidden(timeout=PATIENCE)
        await expect(field(sheet(page), "联系内容")).to_have_value("电话约谈，信号不好")
        await submit(page)
        await expect(sheet(page)).to_have_count(0)
    (event,) = await events(site, case_id, "contact_recorded")
    assert event["data"]["content"] == "电话约谈，信号不好"


async def test_a_form_survives_the_end_of_the_service(own_site: Site) -> None:
    site = own_site
    case_id = await site.graduate()
    async with site.person("mentor") as page:
        await begun(page, case_id, "第一段")
        banner = page.locator("#popup")
        await site.running.kill("api")
        await expect(banner).to_be_visible(timeout=PATIENCE)
        await write(sheet(page), "联系内容", "第一段，第二段是断线后写的")
        await reloaded(page, site)
        await press(page, "登记联系记录")
        await expect(sheet(page).get_by_role("status")).to_contain_text("已恢复")
        await expect(field(sheet(page), "联系内容")).to_have_value("第一段，第二段是断线后写的")
        await keep(page, "put-back")
        await submit(page)
        await expect(sheet(page)).to_have_count(0)
        await press(page, "登记联系记录")
        await expect(field(sheet(page), "联系内容")).to_have_value("")
    (event,) = await events(site, case_id, "contact_recorded")
    assert event["data"]["content"] == "第一段，第二段是断线后写的"
    assert event["data"]["method"] == "phone"


async def test_what_was_taken_as_the_service_died_is_not_done_twice(own_site: Site) -> None:
    """The answer is lost on its way: what the person sends again is the same request."""
    site = own_site
    case_id = await site.graduate()
    async with site.person("mentor") as page:
        await begun(page, case_id, "只记一次")
        await submit(page)
        await site.running.kill("api")
        await expect(page.locator("#popup")).to_be_visible(timeout=PATIENCE)
        await reloaded(page, site)
        await press(page, "登记联系记录")
        if await field(sheet(page), "联系内容").input_value():
            await submit(page)
            await expect(sheet(page)).to_have_count(0)
    assert len(await events(site, case_id, "contact_recorded")) == 1


async def test_two_quick_clicks_act_once(site: Site) -> None:
    case_id = await site.graduate()
    async with site.person("mentor") as page:
        await begun(page, case_id, "点了两下")
        await sheet(page).get_by_role("button", name="提交").dblclick()
        await expect(sheet(page)).to_have_count(0)
        await expect(page.locator(".q-notification")).to_have_count(1)
    assert len(await events(site, case_id, "contact_recorded")) == 1


async def test_a_form_outlives_its_session(site: Site) -> None:
    case_id = await site.graduate()
    async with site.person("mentor") as page:
        await begun(page, case_id, "会话已在别处结束")
        ended = await site.running.http.post(
            "/api/v1/auth/sign-off", headers=site.running.bearer("mentor"), json={"everywhere": True}
        )
        assert ended.is_success
        del site.running.tokens["mentor"]
        await submit(page)
        alert = sheet(page).get_by_role("alert")
        await expect(alert).to_contain_text("登录已失效")
        await expect(field(sheet(page), "联系内容")).to_have_value("会话已在别处结束")
        await keep(page, "session-ended")
        await alert.get_by_role("link", name="重新登录").click()
        await expect(page.get_by_role("button", name="登录")).to_be_visible()
        # Somebody who signs on by the provider of the school comes back with a new session.
        then = await page.locator("[name=then]").get_attribute("value")
        await page.context.add_cookies([site.cookie("mentor")])
        await page.goto(f"{site.base}{then}")
        await expect(field(sheet(page), "联系内容")).to_have_value("会话已在别处结束")
        await submit(page)
        await expect(sheet(page)).to_have_count(0)
    assert len(await events(site, case_id, "contact_recorded")) == 1


async def test_signing_off_forgets_what_was_typed(site: Site) -> None:
    async with site.person("colleague") as page:
        await opened(page, "/work")
        await page.evaluate("sessionStorage.setItem('zhuhang-unsent mentor x', '{}')")
        await opened(page, "/work")
        assert await page.evaluate("sessionStorage.getItem('zhuhang-unsent mentor x')") is None
    case_id = await site.graduate()
    async with site.person("college") as page:
        await opened(page, f"/cases/{case_id}")
        await press(page, "添加备注")
        await write(sheet(page), "备注内容", "只给同事看")
        left = "Object.keys(sessionStorage).filter(name => name.startsWith('zhuhang-unsent')).length"
        assert await page.evaluate(left) == 1
        await page.reload()
        await settled(page)
        assert await page.evaluate(left) == 1
        await page.get_by_role("button", name="我的账号").click()
        await page.get_by_text("退出登录", exact=True).click()
        await expect(page.get_by_role("button", name="登录")).to_be_visible()
        assert await page.evaluate(left) == 0
    del site.running.tokens["college"]
