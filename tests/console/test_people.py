"""Signing on in a browser, what must be done first, and what people do with accounts."""

import re
from datetime import timedelta

from playwright.async_api import Page, expect
from pyotp.totp import TOTP

from services.database import create_engine_from
from services.sign_on.local import LocalSessions
from tests.console.site import PHONE, Site

PASSWORD = "春天的风吹过操场边的一排树"  # noqa: S105  (of a person who does not exist)


async def new_person(site: Site, role: str, name: str) -> tuple[str, str]:
    """A member of staff with an account: the id and the one-time first password."""
    person = await site.post("/staff", "admin", {"name": name, "role": role, "department_id": "cs"})
    made = await site.post("/accounts", "admin", {"staff_id": person["id"]})
    return person["id"], made["first_password"]


async def sign_on(page: Page, account: str, password: str, code: str = "") -> None:
    await page.get_by_label("账号").fill(account)
    await page.get_by_label("口令", exact=True).fill(password)
    await page.get_by_label("验证码").fill(code)
    await page.get_by_role("button", name="登录", exact=True).click()


async def change_password(page: Page, before: str, after: str) -> None:
    await page.get_by_label("当前口令").fill(before)
    await page.get_by_label("新口令", exact=True).fill(after)
    await page.get_by_label("再次输入新口令").fill(after)
    await page.get_by_role("button", name="修改口令").click()


async def test_a_supervisor_signs_on_for_the_first_time(site: Site) -> None:
    account, first = await new_person(site, "department_supervisor", "新院长")
    async with site.person(None, width=PHONE) as page:
        await page.goto("/console/office")
        await sign_on(page, account, "不是这个口令")
        await expect(page.get_by_role("alert")).to_contain_text("登录失败")
        await sign_on(page, account, first)
        await change_password(page, first, "short")
        await expect(page.get_by_role("alert")).to_contain_text("至少")
        await change_password(page, first, PASSWORD)
        await page.get_by_role("button", name="显示二维码").click()
        await expect(page.get_by_role("img", name="二维码").locator("svg")).to_be_visible()
        secret = await page.locator(".secret").inner_text()
        await page.get_by_label("验证码").fill("000000")
        await page.get_by_role("button", name="确认").click()
        await expect(page.get_by_role("alert")).to_contain_text("不正确")
        assert await page.locator(".secret").inner_text() == secret
        await page.get_by_label("验证码").fill(TOTP(secret).now())
        await page.get_by_role("button", name="确认").click()
        codes = await page.locator(".codes li").all_inner_texts()
        assert len(set(codes)) == 10
        await page.get_by_role("link", name="我已保存").click()
        await expect(page.locator("h1")).to_have_text("人员与院系")
        (cookie,) = [item for item in await page.context.cookies() if item.get("name") == "zhuhang_session"]
        assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Strict")
    async with site.person(None) as page:
        await page.goto("/console/account")
        await sign_on(page, account, PASSWORD)
        await expect(page.get_by_role("alert")).to_contain_text("验证器")
        await sign_on(page, account, PASSWORD, codes[0])
        await expect(page.locator("h1")).to_have_text("我的账号")


async def test_a_graduate_begins_by_a_link_that_counts_once(site: Site) -> None:
    case_id = await site.graduate()
    made = await site.post(f"/cases/{case_id}/account", "counselor", None)
    async with site.person(None, width=PHONE) as page:
        await page.goto(made["link"])
        assert await page.get_by_label("账号").input_value() == made["account"]
        # Who only looks, as messengers do, uses nothing up.
        await page.reload()
        for typed, again, told in (("short", "short", "至少"), (PASSWORD, "不一样的口令", "不一致")):
            await page.get_by_label("新口令", exact=True).fill(typed)
            await page.get_by_label("再次输入新口令").fill(again)
            await page.get_by_role("button", name="进入").click()
            await expect(page.get_by_role("alert")).to_contain_text(told)
        await page.get_by_label("新口令", exact=True).fill(PASSWORD)
        await page.get_by_label("再次输入新口令").fill(PASSWORD)
        await page.get_by_role("button", name="进入").click()
        await expect(page.locator("h1")).to_have_text("我的档案")
        await page.goto("/console/account")
        await expect(page.get_by_text("当前会话")).to_be_visible()
    async with site.person(None) as page:
        await page.goto(made["link"])
        await page.get_by_label("新口令", exact=True).fill(f"{PASSWORD}，又一年")
        await page.get_by_label("再次输入新口令").fill(f"{PASSWORD}，又一年")
        await page.get_by_role("button", name="进入").click()
        await expect(page.get_by_role("alert")).to_contain_text("已使用")
        await page.goto("/console/welcome?code=abc")
        await expect(page.get_by_role("alert")).to_contain_text("不完整")
        await expect(page.get_by_role("link", name="登录")).to_be_visible()


async def test_a_session_is_found_after_a_link_from_another_site(site: Site) -> None:
    async with site.person("mentor") as page:
        await page.route(
            "http://mail.test/",
            lambda route: route.fulfill(
                content_type="text/html", body=f'<a href="{site.base}/console/account">Zhuhang</a>'
            ),
        )
        await page.goto("http://mail.test/")
        await page.get_by_role("link").click()
        await expect(page.locator("h1")).to_have_text("我的账号")


async def test_a_form_of_another_site_is_refused(site: Site) -> None:
    for path in ("sign-on", "sign-off", "account/first", "welcome"):
        answer = await site.running.http.post(
            f"/console/{path}", headers={"Origin": "https://elsewhere.test"}, data={"step": "password"}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_ours")


async def test_a_session_is_ended_from_another(site: Site) -> None:
    settings = site.running.settings()
    engine = create_engine_from(settings)
    other = LocalSessions(engine, settings).token("colleague", timedelta(hours=1))
    engine.dispose()
    bearer = {"Authorization": f"Bearer {other}"}
    assert (await site.running.http.get("/api/v1/auth/me", headers=bearer)).status_code == 200
    async with site.person("colleague") as page:
        await page.goto("/console/account")
        await expect(page.get_by_text("当前会话")).to_be_visible()
        await page.get_by_role("button", name="结束", exact=True).first.click()
        await page.get_by_role("button", name="结束会话").click()
        await expect(page.get_by_role("button", name="结束", exact=True)).to_have_count(0)
    assert (await site.running.http.get("/api/v1/auth/me", headers=bearer)).status_code == 401


async def test_dark_pages_stay_dark(site: Site) -> None:
    async with site.person("mentor") as page:
        await page.goto("/console/account")
        await page.get_by_role("button", name="深色").click()
        await expect(page.locator("body")).to_have_class(re.compile("body--dark"))
        await page.goto("/console/work")
        await expect(page.locator("body")).to_have_class(re.compile("body--dark"))


async def test_a_token_is_shown_once_and_revoked(site: Site) -> None:
    async with site.person("mentor") as page:
        await page.goto("/console/account")
        await page.get_by_role("button", name="新建接口令牌").click()
        sheet = page.get_by_role("dialog")
        await sheet.get_by_role("button", name="提交").click()
        await expect(sheet.locator(".q-field--error").first).to_be_visible()
        await sheet.get_by_label("用途").fill("报表程序")
        await sheet.get_by_label("权限范围").click()
        await page.get_by_role("option", name="查看台账列表").click()
        await page.keyboard.press("Escape")
        await sheet.get_by_role("button", name="提交").click()
        token = await page.get_by_label("令牌", exact=True).input_value()
        headers = {"Authorization": f"Bearer {token}"}
        assert (await site.running.http.get("/api/v1/cases", headers=headers)).status_code == 200
        await page.get_by_role("button", name="我已保存").click()
        await page.get_by_role("button", name="撤销").click()
        await page.get_by_role("dialog").get_by_role("button", name="撤销").click()
        await expect(page.get_by_text("没有接口令牌")).to_be_visible()
        assert (await site.running.http.get("/api/v1/cases", headers=headers)).status_code == 401


async def test_an_administrator_gives_and_disables_an_account(site: Site) -> None:
    person = await site.post("/staff", "admin", {"name": "新同事", "role": "mentor", "department_id": "cs"})
    async with site.person("admin", width=PHONE) as page:
        await page.goto("/console/accounts")
        await page.get_by_role("button", name="新建账号").click()
        sheet = page.get_by_role("dialog")
        await sheet.get_by_label("人员").click()
        await page.get_by_role("option", name=re.compile("新同事")).click()
        await sheet.get_by_role("button", name="提交").click()
        first = await page.get_by_label("初始口令", exact=True).input_value()
        await expect(page.get_by_role("img", name="链接的二维码").locator("svg")).to_be_visible()
        await page.get_by_role("button", name="我已保存").click()
        draft = {"account": person["id"], "password": first, "cookie": False}
        assert (await site.running.http.post("/api/v1/auth/sign-on", json=draft)).status_code == 200
        await page.get_by_role("button", name="办理：新同事").click()
        await page.locator(".q-menu").get_by_text("停用", exact=True).click()
        await page.get_by_role("dialog").get_by_role("button", name="停用").click()
        await expect(page.get_by_text("已停用")).to_be_visible()
        assert (await site.running.http.post("/api/v1/auth/sign-on", json=draft)).status_code == 401


async def test_a_supervisor_keeps_an_absence_and_the_office_shows_it(site: Site) -> None:
    async with site.person("college") as page:
        await page.goto("/console/office")
        await page.get_by_role("button", name="办理：王导师").click()
        await page.locator(".q-menu").get_by_text("修改", exact=True).click()
        sheet = page.get_by_role("dialog")
        await sheet.get_by_label("离岗起始日期").fill("2020-01-02")
        await sheet.get_by_label("离岗截止日期").fill("2020-01-01")
        await sheet.get_by_role("button", name="提交").click()
        await expect(sheet.get_by_role("alert")).to_contain_text("早于")
        await sheet.get_by_label("离岗截止日期").fill("2099-01-01")
        await sheet.get_by_role("button", name="提交").click()
        await expect(page.get_by_text("不在岗，至 2099-01-01")).to_be_visible()
        await page.get_by_role("button", name="办理：王导师").click()
        await page.locator(".q-menu").get_by_text("修改", exact=True).click()
        await sheet.get_by_label("离岗起始日期").fill("")
        await sheet.get_by_label("离岗截止日期").fill("")
        await sheet.get_by_role("button", name="提交").click()
        await expect(page.get_by_text("不在岗，至 2099-01-01")).to_have_count(0)
