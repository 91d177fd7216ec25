"""A roster in the browser: looked at, corrected, taken in, and what was refused fetched to be mended. And out again."""

import csv
import io
from itertools import count
from pathlib import Path

from openpyxl import load_workbook
from playwright.async_api import Download, FilePayload, Page, expect

from tests.console.site import PHONE, Site, keep

_numbers = count(1)


def roster(*headers: str) -> FilePayload:
    """A file with two people and one whose hardship nobody knows."""
    number = f"W{next(_numbers):06d}"
    rows = [
        headers,
        (f"{number}1", "周一一", "计算机学院", "低保", "10055550001"),
        (f"{number}2", "周二二", "计算机学院", "孤儿", "10055550002"),
        (f"{number}3", "周三三", "计算机学院", "手头紧", "10055550003"),
    ]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return {"name": "名册.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}


async def upload(page: Page, file: FilePayload) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="选择名册文件").click()
    await (await chooser.value).set_files(file)
    await expect(page.get_by_text("已选择：名册.csv")).to_be_visible()


async def take_for(page: Page, header: str, field: str) -> None:
    """Say that the column is this field, and look again."""
    choice = page.get_by_label(f"“{header}”对应的栏目")
    await choice.click()
    await choice.fill(field)
    await page.get_by_role("option", name=field, exact=True).click()
    await expect(page.get_by_role("button", name="立即导入")).to_be_disabled()
    await page.get_by_role("button", name="重新核对").click()


async def counted(page: Page, **counts: int) -> None:
    for outcome, number in counts.items():
        await expect(page.locator(".figure", has_text=outcome).locator(".number")).to_have_text(str(number))


async def lines_of(download: Download) -> list[dict[str, str]]:
    text = Path(await download.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


async def test_a_roster_with_a_bad_row_is_corrected_and_taken_in(site: Site) -> None:
    site.troubles.clear()
    file = roster("学号", "姓名", "学院", "困难类别", "家里座机")
    async with site.person("career-centre") as page:
        await page.goto("/console/import")
        await upload(page, file)
        await expect(page.get_by_text("已核对 3 行")).to_be_visible()
        await expect(page.locator(".roster-column", has_text="家里座机")).to_contain_text("未识别")
        await expect(page.get_by_text("共 5 列，已识别 4 列")).to_be_visible()
        await take_for(page, "家里座机", "手机号")
        await expect(page.get_by_text("共 5 列，已全部识别")).to_be_visible()
        await counted(page, 新建档=2, 未通过=1)
        await expect(page.get_by_text("不认识的困难类别“手头紧”")).to_be_visible()
        await keep(page, "import-checked")
        await page.get_by_role("button", name="立即导入").click()
        await expect(page.get_by_text("导入完成，共 3 行")).to_be_visible()
        await counted(page, 新建档=2, 更新=0, 未通过=1)
        await keep(page, "import-done")
        async with page.expect_download() as fetched:
            await page.get_by_role("link", name="下载未通过的行").click()
        (bad,) = await lines_of(await fetched.value)
        assert (bad["姓名"], bad["手机号"], bad["代码"]) == ("周三三", "10055550003", "unknown_hardship_type")
        # The address is that of this import, for later and for others.
        await page.reload()
        await counted(page, 新建档=2, 未通过=1)
        await page.get_by_role("link", name="第 2 行").click()
        await page.wait_for_url("**/cases/*")
        opened = page.url
    async with site.person("counselor") as page:
        await page.goto(opened)
        await expect(page.locator("h1")).to_contain_text("周一一")
        # Read from the column that only a person could name.
        await expect(page.get_by_text("10055550001").first).to_be_visible()
    assert not site.troubles


async def test_a_file_without_a_known_header_is_kept_and_told(site: Site) -> None:
    file = roster("编码", "姓名", "学院", "困难类别", "手机")
    async with site.person("career-centre", width=PHONE) as page:
        await page.goto("/console/import")
        await page.get_by_label("未写届别的行").fill("2027")
        await upload(page, file)
        await expect(page.get_by_role("alert")).to_contain_text("编码、姓名、学院")
        await expect(page.get_by_role("button", name="立即导入")).to_be_disabled()
        await keep(page, "import-refused-phone")
        await take_for(page, "编码", "学号")
        await counted(page, 新建档=2, 未通过=1)
        await expect(page.get_by_role("alert")).to_have_count(0)
        await expect(page.get_by_label("未写届别的行")).to_have_value("2027")
        await expect(page.get_by_role("button", name="立即导入")).to_be_enabled()


async def test_what_is_no_roster_is_refused_in_words(site: Site) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(64)
    async with site.person("career-centre") as page:
        await page.goto("/console/import")
        await upload(page, {"name": "名册.csv", "mimeType": "text/csv", "buffer": picture})
        await expect(page.get_by_role("alert")).to_contain_text("不支持这种文件")
        file = roster("学号", "姓名", "学院", "困难类别", "手机")
        await upload(page, file)
        await counted(page, 新建档=2)
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_the_ledger_is_taken_away_in_ones_own_order(site: Site) -> None:
    site.troubles.clear()
    await site.graduate("郑导出")
    async with site.person("college") as page:
        await page.goto("/console/export")
        await page.get_by_role("button", name="生成台账").click()
        await expect(page.get_by_text("请选择用途。")).to_be_visible()
        await page.get_by_label("用途").click()
        await page.get_by_role("option", name="督导检查").click()
        await page.get_by_role("button", name="列与列序").click()
        await page.get_by_role("button", name="姓名：移到最前").click()
        await page.get_by_role("button", name="学号：移除").click()
        await expect(page.get_by_role("listitem").filter(has_text="性别")).to_be_visible()
        await keep(page, "export")
        async with page.expect_download() as fetched:
            await page.get_by_role("button", name="生成台账").click()
        workbook = load_workbook(io.BytesIO(Path(await (await fetched.value).path()).read_bytes()))
        headers = [cell.value for cell in workbook.worksheets[0][1]]
        assert headers[:3] == ["姓名", "考生号", "性别"]
        assert not [header for header in headers if "学号" in str(header)]
        said = workbook["导出说明"]["A1"].value
        assert "钱书记" in str(said)
        assert "督导检查" in str(said)


async def test_files_are_printed_or_it_is_said_why_not(site: Site) -> None:
    await site.graduate("冯打印")
    async with site.person("college") as page:
        await page.goto("/console/export")
        await page.get_by_label("用途").click()
        await page.get_by_role("option", name="督导检查").click()
        await page.get_by_label("届（不填为全部）").fill("2001")
        await page.get_by_role("button", name="生成 PDF").click()
        await expect(page.get_by_role("alert")).to_contain_text("没有符合条件的档案")
        await page.get_by_label("届（不填为全部）").fill("")
        async with page.expect_download() as fetched:
            await page.get_by_role("button", name="生成 PDF").click()
        assert Path(await (await fetched.value).path()).read_bytes().startswith(b"%PDF")
