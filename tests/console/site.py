"""The product in a browser: its processes, some graduates, and people in front of the pages."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

from playwright._impl._api_structures import SetCookieParam
from playwright.async_api import Browser, Page

from tests.running import Running

CHROMIUM = Path("/usr/bin/chromium")
DESKTOP, PHONE = 1440, 390
# A page is kept as it looked, for whoever reads the run.
SCREENSHOTS = Path(os.environ.get("ZHUHANG_SCREENSHOTS", ".artifacts/screenshots"))
_numbers = count(1)

STAFF: tuple[dict[str, Any], ...] = (
    {"id": "mentor", "name": "李导师", "role": "mentor", "department_id": "cs", "capacity": 100},
    {"id": "colleague", "name": "王导师", "role": "mentor", "department_id": "cs", "capacity": 3},
    {"id": "counselor", "name": "赵辅导员", "role": "counselor", "department_id": "cs"},
    {"id": "college", "name": "钱书记", "role": "department_supervisor", "department_id": "cs"},
    {"id": "employer", "name": "示例企业", "role": "partner"},
)
CONFIRM = {
    "type": "confirm_eligibility",
    "decision": "open",
    "hardship_types": [{"type": "LIFTED_POVERTY", "proof": "乡村振兴部门证明"}],
}


@dataclass
class Site:
    """A running product and a browser; `troubles` are what pages said in the browser's console."""

    running: Running
    browser: Browser
    troubles: list[str] = field(default_factory=list[str])

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.running.environment['ZHUHANG_HTTP_PORT']}"

    async def furnish(self) -> None:
        """A college and its people."""
        await self.post("/departments", "admin", {"id": "cs", "name": "计算机学院"})
        for person in STAFF:
            await self.post("/staff", "admin", person)

    async def post(self, path: str, actor: str, body: Any) -> dict[str, Any]:
        """Post as somebody; it must succeed."""
        answer = await self.running.post(path, actor, body, f"site-{next(_numbers)}")
        assert answer.is_success, answer.text
        return answer.json()

    async def get(self, path: str, actor: str) -> dict[str, Any]:
        """Read as somebody; it must succeed."""
        answer = await self.running.http.get(f"/api/v1{path}", headers=self.running.bearer(actor))
        assert answer.is_success, answer.text
        return answer.json()

    async def graduate(
        self, name: str = "张小三", *commands: tuple[str, dict[str, Any]], paired: bool = True
    ) -> str:
        """A file of somebody impossible, in the care of `mentor` if paired, after the commands of the actors; its
        id."""
        number = next(_numbers)
        draft = {
            "student_no": f"B{number:07d}",
            "name": name,
            "department_id": "cs",
            "phone": f"100{number:08d}",
            "hardship_types": ["LIFTED_POVERTY"],
        }
        case_id: str = (await self.post("/cases", "counselor", draft))["case_id"]
        assigned = {"type": "assign_mentor", "mentor_id": "mentor", "reason": "专业对口"}
        pairing = [("college", assigned)] if paired else []
        for actor, command in (("college", CONFIRM), *pairing, *commands):
            await self.post(f"/cases/{case_id}/commands", actor, command)
        return case_id

    def cookie(self, actor: str) -> SetCookieParam:
        """The session of somebody, as a browser has it."""
        secret = self.running.bearer(actor)["Authorization"].removeprefix("Bearer ")
        return {"name": "zhuhang_session", "value": secret, "domain": "127.0.0.1", "path": "/"}

    @asynccontextmanager
    async def person(
        self,
        actor: str | None,
        *,
        width: int = DESKTOP,
        language: Literal["zh", "en"] = "zh",
        dark: bool = False,
    ) -> AsyncGenerator[Page]:
        """A page in a browser of somebody's own, signed on unless None."""
        phone = width < 600
        context = await self.browser.new_context(
            base_url=self.base,
            viewport={"width": width, "height": 844 if phone else 900},
            is_mobile=phone,
            has_touch=phone,
            locale="zh-CN",
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(20_000)
        await context.add_cookies(
            [{"name": "zhuhang_language", "value": language, "domain": "127.0.0.1", "path": "/console"}]
        )
        if actor is not None:
            await context.add_cookies([self.cookie(actor)])
        context.on(
            "weberror",
            lambda said: self.troubles.append(f"{said.page and said.page.url}: {said.error}"),
        )
        context.on(
            "console",
            lambda said: (
                self.troubles.append(f"{said.page and said.page.url}: {said.text}")
                if said.type == "error"
                else None
            ),
        )
        page = await context.new_page()
        try:
            yield page
        finally:
            await context.close()


async def keep(page: Page, name: str) -> None:
    """Keep how the page looks."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
