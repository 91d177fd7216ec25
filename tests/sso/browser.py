"""A person's browser: keeps cookies, follows redirects, fills in the forms of sign-on pages."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.product import PATIENCE

_MOST_STEPS = 20


class _Form(HTMLParser):
    """The first form of a page, with what its fields hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.found = False
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form" and not self.found:
            self.found, self.action = True, values.get("action")
        name = values.get("name")
        if tag == "input" and self.found and name and values.get("type") != "checkbox":
            self.fields[name] = values.get("value") or ""


class Browser:
    """One person's. `site` is Zhuhang's address."""

    def __init__(self, site: str) -> None:
        self.site = site
        self._http = httpx.AsyncClient(timeout=PATIENCE, trust_env=False, follow_redirects=False)

    async def __aenter__(self) -> "Browser":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._http.cookies

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a page of Zhuhang, or of any address."""
        return await self._http.get(httpx.URL(self.site).join(path), headers=headers)

    async def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Send a form of Zhuhang's own page."""
        me = await self.get("/api/v1/auth/me")
        headers = {"Origin": self.site, "X-CSRF-Token": me.json()["csrf_token"]}
        return await self._http.post(self.site + path, json=body, headers=headers)

    async def begin(self, way: str, return_to: str = "/") -> str:
        """The provider's address that the browser is sent to."""
        answer = await self.get(f"/api/v1/auth/{way}/start?return_to={return_to}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def identify(self, url: str, **typed: str) -> str:
        """Go through the provider's pages, typing what they ask for, until it sends the browser back to Zhuhang;
        answers the address with which it does."""
        answer = await self._http.get(url)
        for _ in range(_MOST_STEPS):
            if answer.is_redirect:
                url = str(answer.url.join(answer.headers["location"]))
                if url.startswith(self.site):
                    return url
                answer = await self._http.get(url)
                continue
            form = _Form(answer.text)
            assert form.found, answer.text
            filled = form.fields | {name: typed[name] for name in form.fields.keys() & typed.keys()}
            answer = await self._http.post(answer.url.join(form.action or ""), data=filled)
        raise AssertionError(f"the provider leads nowhere: {answer.url}")

    async def who(self) -> str | None:
        """As whom Zhuhang takes this browser."""
        answer = await self.get("/api/v1/auth/me")
        return answer.json()["actor_id"] if answer.status_code == 200 else None


def query_of(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]
