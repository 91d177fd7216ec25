"""Pressing all there is on a page."""

from collections.abc import AsyncGenerator
from contextlib import suppress

from playwright.async_api import Error as Gone
from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as TookTooLong

from tests.console.hands import opened

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
_NAMES = """(found, frame) => found.map(one => {
  const usable = one.checkVisibility() && !one.disabled && one.getAttribute('aria-disabled') !== 'true';
  const icons = [...one.querySelectorAll('.q-icon')].map(icon => icon.innerText).join('|') || '-';
  const text = one.innerText.replaceAll(/\\s+/g, ' ').replace(new RegExp(`^ ?(${icons})(?= |$)`), '').trim();
  const name = one.getAttribute('aria-label') || text;
  return usable && !one.closest(frame) ? name : null;
})"""


async def presses(page: Page, path: str, done: set[str]) -> AsyncGenerator[str]:
    """Press each button of the page whose name is not in `done`, and then each in the form or menu that it opened,
    every time on a page opened anew; yields the name of what was pressed, when the page has come to rest. Some are
    left to other tests."""
    done.update(_ELSEWHERE)
    await opened(page, path)
    for name in await _names(page):
        if name in done:
            continue
        done.add(name)
        within = await _pressed(page, path, name)
        yield f"{path}: {name}"
        fresh = True
        for inner in within:
            # Leaving a form is the same everywhere.
            act = inner if inner in _LEAVING else f"{name} > {inner}"
            if act in done:
                continue
            done.add(act)
            if not fresh:
                await _pressed(page, path, name)
            fresh = False
            await _press(page.locator(_LAYER).last, inner)
            yield f"{path}: {name} > {inner}"


async def _pressed(page: Page, path: str, name: str) -> list[str]:
    """Press it on the page opened anew; the names in the layer that this opened."""
    await opened(page, path)
    await _press(page, name)
    layer = page.locator(_LAYER)
    return await _names(layer.last) if await layer.count() else []


async def _names(place: Page | Locator) -> list[str]:
    found = await place.locator(_BUTTONS).evaluate_all(_NAMES, _FRAME)
    return list(dict.fromkeys(name for name in found if name))


async def _press(place: Page | Locator, name: str) -> None:
    page = place if isinstance(place, Page) else place.page
    names = await place.locator(_BUTTONS).evaluate_all(_NAMES, _FRAME)
    if name not in names:
        # What others did meanwhile, or an earlier press, took it away.
        return
    with suppress(TookTooLong):
        await place.locator(_BUTTONS).nth(names.index(name)).click(timeout=5000)
    try:
        await page.evaluate(_QUIET)
    except Gone:
        # The press led to another page.
        await page.wait_for_load_state()


async def links(page: Page) -> set[str]:
    """Where the page leads within the product."""
    found = await page.locator("#content a[href^='/']").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    return set(found)
