"""What people do with a page: fields by the names they read, buttons by their words."""

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.console.site import Site


async def opened(page: Page, path: str, heading: str | None = None) -> None:
    """Go to a page of the console and wait until it stands and listens."""
    await page.goto(f"/console{path}")
    await settled(page)
    if heading is not None:
        await expect(page.locator("h1")).to_have_text(heading)


async def settled(page: Page) -> None:
    """Wait until the page stands and what is done in it arrives."""
    await expect(page.locator("h1")).to_be_visible()
    await page.wait_for_function("window.did_handshake === true")


def sheet(page: Page) -> Locator:
    """The form that is open."""
    return page.get_by_role("dialog")


async def press(page: Page | Locator, words: str) -> None:
    """The first button with exactly these words."""
    await page.get_by_role("button", name=words, exact=True).first.click()


async def write(place: Page | Locator, label: str, text: str) -> None:
    """Type into the field, of which required ones are marked by a star."""
    await field(place, label).fill(text)


def field(place: Page | Locator, label: str) -> Locator:
    """The field of that name."""
    return place.get_by_label(re.compile(rf"^{re.escape(label)}( \*)?$")).first


async def choose(page: Page, label: str, option: str) -> None:
    """Choose from a list in the open form."""
    await field(sheet(page), label).click()
    await page.get_by_role("option", name=option).first.click()
    await page.keyboard.press("Escape")


async def submit(page: Page) -> None:
    """Send the open form."""
    await press(sheet(page), "提交")


async def events(site: Site, case_id: str, kind: str, actor: str = "mentor") -> list[dict[str, Any]]:
    """What the ledger holds of one kind, as the actor sees it."""
    answer = await site.running.http.get(
        f"/api/v1/cases/{case_id}/timeline?limit=200", headers=site.running.bearer(actor)
    )
    return [entry for entry in answer.json()["items"] if entry["type"] == kind]
