"""Every page in front of everybody who has it: readable, in one language, without a mistake of its own."""

import re
from collections.abc import Sequence

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page, expect

from console.frame import DOORS
from models.access import access_policy
from models.case.kernel import Role
from tests.console.site import DESKTOP, PHONE, Site, keep

ACTORS = {
    Role.MENTOR: "mentor",
    Role.COUNSELOR: "counselor",
    Role.DEPARTMENT_SUPERVISOR: "college",
    Role.SCHOOL_SUPERVISOR: "career-centre",
    Role.ADMINISTRATOR: "admin",
    Role.PARTNER: "employer",
}
PAGES = [
    (role, door.path)
    for role in ACTORS
    for door in DOORS
    if door.permission in access_policy().permissions_of(role) and door.path != "/my-file"
]
# What is written in Latin letters in Chinese too, and what people themselves typed.
LATIN = re.compile(
    r"\b(Zhuhang|English|Temporal|PDF|XLSX|CSV|GBK|UTF|API|OIDC|CAS|HRSS|SHA|AES|SM4|QQ|ID|IP|A4?|B|C|TOTP|URL|Excel"
    r"|Chrome|Chromium|HeadlessChrome|Firefox|Safari|Linux|Windows|Android|iPhone|case-[a-z0-9]+|g-[0-9a-f]+|career-centre|[a-z]+@\d+|UTC|JSON)\b"
)
WORD = re.compile(r"[A-Za-z]{3,}")
# Names of files that people uploaded.
FILE = re.compile(r"\S+\.(csv|xlsx|pdf|png)\b")
# What stands for itself among the office's data: the program's own actors, standards.
IDS = frozenset({"setup", "national", "system"})


async def opened(page: Page, path: str) -> None:
    """Go there and wait until the page follows what happens."""
    await page.goto(f"/console{path}")
    await expect(page.locator("h1")).to_be_visible()


async def faults(page: Page, kinds: Sequence[str] = ("serious", "critical")) -> list[str]:
    """What axe finds that keeps people out."""
    await page.evaluate(AXE_SCRIPT)
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{item['id']}: {node['html'][:160]}"
        for item in found["violations"]
        if item["impact"] in kinds
        for node in item["nodes"]
    ]


# Icons are drawn from the letters of their names, and read by nobody.
READ = """() => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    const drawn = parent.closest('.q-icon, script, style, [aria-hidden=true]');
    if (parent.checkVisibility() && !drawn) texts.push(walker.currentNode.data);
  }
  return texts.join(' ');
}"""


async def english(site: Site, page: Page) -> list[str]:
    """English words in what a person sees; ids of people are typed at sign-on and shown as they are."""
    text: str = await page.evaluate(READ)
    for person in (await site.get("/staff?limit=200", "career-centre"))["items"]:
        text = re.sub(rf"(?<![\w-]){re.escape(person['id'])}(?![\w-])", " ", text)
    text = LATIN.sub(" ", FILE.sub(" ", text))
    return [word for word in WORD.findall(text) if word not in IDS]


@pytest.mark.parametrize(("role", "path"), PAGES, ids=[f"{role}{path}" for role, path in PAGES])
async def test_a_page_is_sound(site: Site, role: Role, path: str) -> None:
    site.troubles.clear()
    for width in (DESKTOP, PHONE):
        async with site.person(ACTORS[role], width=width) as page:
            await opened(page, path)
            await keep(page, f"{role}{path.replace('/', '-')}-{width}")
            assert not await faults(page)
            assert not await english(site, page)
            across = await page.evaluate("document.documentElement.scrollWidth")
            assert across <= width
    assert not site.troubles


@pytest.mark.parametrize(
    ("actor", "path"), [("mentor", "/work"), ("mentor", "/cases"), ("college", "/overview")]
)
async def test_a_page_is_sound_in_the_dark(site: Site, actor: str, path: str) -> None:
    async with site.person(actor, dark=True) as page:
        await opened(page, path)
        await keep(page, f"dark{path.replace('/', '-')}")
        assert not await faults(page)


async def test_the_language_is_switched(site: Site) -> None:
    async with site.person("mentor") as page:
        await opened(page, "/work")
        await expect(page.locator("h1")).to_have_text("我的工作")
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("h1")).to_have_text("My work")
        assert await page.locator("html").get_attribute("lang") == "en-GB"
        await opened(page, "/cases")
        await expect(page.locator("h1")).to_have_text("Cases")
