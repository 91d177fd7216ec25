"""Every button of every page of every role is pressed, and every link followed: nothing breaks, whoever presses."""

from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Browser, Response

from console.frame import DOORS
from models.access import access_policy
from models.case.kernel import Role
from tests.console.pressing import leading, presses
from tests.console.site import Site
from tests.console.test_case_page import DELIVERING
from tests.console.test_screens import ACTORS
from tests.running import running_processes

REFERRED = {"type": "send_referral", "kind": "employer", "to": "employer", "purpose": "推荐面试"}


# What is pressed may end sessions and close accounts: nobody else's tests share the product.
@pytest.fixture(scope="module")
async def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Site]:
    """A product of its own."""
    async with running_processes(tmp_path_factory.mktemp("pressed")) as running:
        site = Site(running, browser)
        await site.furnish()
        yield site


# A page is opened anew before most presses, of which there are hundreds.
pytestmark = pytest.mark.timeout(900)

HAVING_FILES = {Role.MENTOR, Role.COUNSELOR, Role.DEPARTMENT_SUPERVISOR, Role.SCHOOL_SUPERVISOR}


@pytest.mark.parametrize("role", ACTORS)
async def test_every_button_is_pressed(site: Site, role: Role) -> None:
    own = [
        door.path
        for door in DOORS
        if door.permission in access_policy().permissions_of(role) and door.path != "/my-file"
    ]
    site.running.tokens.clear()
    delivering = await site.graduate("蒋小九", *DELIVERING, ("mentor", REFERRED))
    fresh = await site.graduate("沈小十", paired=False)
    files = [f"/cases/{delivering}", f"/cases/{fresh}"] if role in HAVING_FILES else []
    await _press_all(site, ACTORS[role], [*own, "/account", *files])


async def test_a_graduate_presses_every_button(site: Site) -> None:
    site.running.tokens.clear()
    case_id = await site.graduate("韩小一", *DELIVERING)
    await _press_all(site, f"graduate:{case_id}", ["/my-file", "/account"])


async def _press_all(site: Site, actor: str, paths: list[str]) -> None:
    site.troubles.clear()
    broken: list[str] = []
    done: set[str] = set()
    leads: set[str] = set()

    def heard(answer: Response) -> None:
        if answer.status >= 500:
            broken.append(f"{answer.status} {answer.url}")

    async with site.person(actor) as first:
        context = first.context
        context.set_default_navigation_timeout(60_000)
        context.on("response", heard)
        for path in paths:
            async for pressed in presses(context, path, done):
                assert not broken + site.troubles + _errors(site), pressed
            leads |= await leading(context, path)
        for href in leads:
            answer = await context.request.get(href)
            assert answer.status < 400, (href, answer.status)
    assert len(done) > len(paths)


def _errors(site: Site) -> list[str]:
    """What the pages themselves did not expect, whatever they told their reader."""
    log = site.running.settings().data_dir / "logs" / "api.log"
    return [line for line in log.read_text().splitlines() if "unexpected error" in line]
