"""Two people at one case: each sees what the other does, and neither writes over it."""

from playwright.async_api import expect

from tests.console.hands import choose, events, field, opened, press, sheet, submit, write
from tests.console.site import Site, keep


async def test_a_change_of_one_appears_in_front_of_the_other(site: Site) -> None:
    case_id = await site.graduate()
    async with site.person("mentor") as mentor, site.person("college") as college:
        await opened(college, f"/cases/{case_id}")
        timeline = college.locator("#content")
        await expect(timeline).not_to_contain_text("登记了联系记录")
        await opened(mentor, f"/cases/{case_id}")
        await press(mentor, "登记联系记录")
        await choose(mentor, "联系方式", "电话")
        await write(sheet(mentor), "联系内容", "已到岗两周")
        await submit(mentor)
        await expect(sheet(mentor)).to_have_count(0)
        await expect(timeline).to_contain_text("登记了联系记录")


async def test_what_changed_meanwhile_is_shown_and_what_was_typed_is_kept(site: Site) -> None:
    case_id = await site.graduate()
    async with site.person("mentor") as page:
        await opened(page, f"/cases/{case_id}")
        await press(page, "登记联系记录")
        await choose(page, "联系方式", "电话")
        await write(sheet(page), "联系内容", "约好周五面谈")
        note = {"type": "annotate", "text": "家长来电"}
        await site.post(f"/cases/{case_id}/commands", "college", note)
        await submit(page)
        meanwhile = sheet(page).get_by_role("alert")
        await expect(meanwhile).to_contain_text("钱书记")
        await expect(meanwhile).to_contain_text("添加了备注")
        await expect(field(sheet(page), "联系内容")).to_have_value("约好周五面谈")
        assert await events(site, case_id, "contact_recorded") == []
        await keep(page, "stale-edit")
        await submit(page)
        await expect(sheet(page)).to_have_count(0)
    (event,) = await events(site, case_id, "contact_recorded")
    assert event["data"]["content"] == "约好周五面谈"
