"""A browser, and the product in front of it."""

import os
from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.console.site import CHROMIUM, Site
from tests.running import running_processes

# Milliseconds, as for what is pressed: the machine may be busy.
expect.set_options(timeout=20_000)
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """The system's Chromium. Where there is none, the tests of the pages are skipped and say so, unless the run
    promises one (`ZHUHANG_BROWSER=required`)."""
    if not CHROMIUM.exists():
        if os.environ.get("ZHUHANG_BROWSER") == "required":
            pytest.fail(f"{CHROMIUM} is missing: install the package chromium")
        pytest.skip(f"{CHROMIUM} is missing: install the package chromium to test the pages")
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=CHROMIUM, args=_OPTIONS)
        yield found
        await found.close()


@pytest.fixture(scope="session")
async def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Site]:
    """The product with a college, as `make run` starts it."""
    async with running_processes(tmp_path_factory.mktemp("site")) as running:
        site = Site(running, browser)
        await site.furnish()
        yield site
