"""Pressing all there is on a page."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from playwright.async_api import BrowserContext, Locator, Page
from playwright.async_api import Error as Gone
from playwright.async_api import TimeoutError as TookTooLong

from tests.console.hands import opened

T = TypeVar("T")
_BUTTONS = "button, [role=button], [role=tab], [role=menuitem], [role=checkbox], .q-menu .q-item--clickable"
# The frame is the same on every page.
_FRAME = ".q-header, .nav, .skip"
_LEAVING = ("取消", "关闭")
# These end the session or change the language of what follows; tests of their own press them.
_ELSEWHERE = ("退出登录", "退出所有设备", "English")
# The layer that a press opened: what it holds is pressed too.
_LAYER = ".q-dialog:visible, .q-menu:visible"
# Ends when nothing in the page has changed for a while.
_QUIET = """() => new Promise(done => {
  let timer;
  const watch = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(end, 200); });
  const end = () => { watch.disconnect(); done(); };
  watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
  timer = setTimeout(end, 200);
  setTimeout(end, 4000);
})"""
# Seconds for a step, of which the browser itself limits not all.
_LIMIT = 50
_NAMES = """(found, frame) => found.map(one => {
  const usable = one.checkVisibility() && !one.disabled && one.getAttribute('aria-disabled') !== 'true';
  const icons = [...one.querySelectorAll('.q-icon')].map(icon => icon.innerText).join('|') || '-';
  const text = one.innerText.replaceAll(/\\s+/g, ' ').replace(new RegExp(`^ ?(${icons})(?= |$)`), '').trim();
  const name = one.getAttribute('aria-label') || text;
  return usable && !one.closest(frame) ? name : null;
})"""


async def presses(context: BrowserContext, path: str, done: set[str]) -> AsyncGenerator[str]:
    """Press each button of the page that `done` does not hold, and then each in the form or menu that it opened; yields
    the name of what was pressed, when the page has come to rest. Buttons of one kind, as those of the rows of a list,
    are pressed once. Some are left to other tests."""
    done.update(_ELSEWHERE)
    names_on = partial(_names_on, context, path)
    for name in await _patiently(path, names_on, names_on):
        if _kind(name) in done:
            continue
        done.add(_kind(name))
        said = f"{path}: {name}"
        opening = partial(_opening, context, path, name)
        page, within = await _patiently(said, opening, opening)
        yield said
        for inner in within:
            # Leaving a form is the same everywhere.
            act = inner if inner in _LEAVING else f"{_kind(name)} > {_kind(inner)}"
            if act in done:
                continue
            done.add(act)
            said = f"{path}: {name} > {inner}"
            page = await _patiently(
                said, partial(_inside, page, opening, inner), partial(_inside, None, opening, inner)
            )
            yield said


def _kind(name: str) -> str:
    """What it does, without whose it is."""
    return name.split("：")[0]


async def _patiently(said: str, *tries: Callable[[], Awaitable[T]]) -> T:
    """The outcome of a try, or of the next where it stood still: now and then the browser itself never ends what it
    began, with nothing under way in the product. What stands still each time is named."""
    for once in tries:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LIMIT):
                return await once()
    raise AssertionError(f"stood still: {said}")


async def _fresh(context: BrowserContext, path: str) -> Page:
    """The page in a tab of its own, and no other tab: what an earlier press set off may still be leading its tab
    elsewhere, and now and then the browser never ends a second way to the same address."""
    before = context.pages
    page = await context.new_page()
    for other in before:
        # One that stands still does not close either.
        with suppress(TimeoutError):
            async with asyncio.timeout(_LIMIT / 4):
                await other.close()
    await opened(page, path)
    return page


async def _names_on(context: BrowserContext, path: str) -> list[str]:
    return await _names(await _fresh(context, path))


async def _opening(context: BrowserContext, path: str, name: str) -> tuple[Page, list[str]]:
    """The page on which it was pressed, and what the layer holds that opened."""
    page = await _fresh(context, path)
    await _press(page, name)
    return page, await _within(page)


async def _inside(
    page: Page | None, opening: Callable[[], Awaitable[tuple[Page, list[str]]]], inner: str
) -> Page:
    """Press what the layer holds that is open on the page, or that opens on another; answers the page."""
    if page is None or inner not in await _within(page):
        page, _ = await opening()
    await _press(page.locator(_LAYER).last, inner)
    return page


async def _within(page: Page) -> list[str]:
    """The names in the layer that is open."""
    try:
        layer = page.locator(_LAYER)
        return await _names(layer.last) if await layer.count() else []
    except Gone:
        # The press led to another page.
        return []


async def _names(place: Page | Locator) -> list[str]:
    found = await place.locator(_BUTTONS).evaluate_all(_NAMES, _FRAME)
    return list(dict.fromkeys(name for name in found if name))


async def _press(place: Page | Locator, name: str) -> None:
    page = place if isinstance(place, Page) else place.page
    # The press may lead to another page.
    with suppress(Gone):
        names = await place.locator(_BUTTONS).evaluate_all(_NAMES, _FRAME)
        if name not in names:
            # What others did meanwhile, or an earlier press, took it away.
            return
        with suppress(TookTooLong):
            await place.locator(_BUTTONS).nth(names.index(name)).click(timeout=5000)
        await page.evaluate(_QUIET)


async def leading(context: BrowserContext, path: str) -> set[str]:
    """Where the page leads within the product."""
    links = partial(_links, context, path)
    return set(await _patiently(path, links, links))


async def _links(context: BrowserContext, path: str) -> list[str]:
    page = await _fresh(context, path)
    return await page.locator("#content a[href^='/']").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
