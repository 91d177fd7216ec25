"""The headers by which a browser protects the people in front of it, on every answer."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Nothing that the API answers is a page.
_NO_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# A form tells its own site from where it was sent, and nobody else; without it, it could be anybody's.
_PAGES = {"Referrer-Policy": "same-origin"}
_HSTS = "max-age=31536000"
_CONTENT_POLICY = "Content-Security-Policy"


class SecurityHeaders:
    """Adds them to what has none of its own. `pages` are path prefixes with another Content-Security-Policy;
    `https`: the product is reached over TLS only."""

    def __init__(self, app: ASGIApp, *, https: bool, pages: Mapping[str, str] | None = None) -> None:
        self._app = app
        self._pages = dict(pages or {})
        always = _ALWAYS | ({"Strict-Transport-Security": _HSTS} if https else {})
        self._page = _encoded(always | _PAGES)
        self._api = _encoded(always | {_CONTENT_POLICY: _NO_PAGE, "Cache-Control": "no-store"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        page = next((prefix for prefix in self._pages if scope["path"].startswith(prefix)), None)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if page is not None:
                    headers.setdefault(_CONTENT_POLICY, self._pages[page])
                present = {name for name, _ in message["headers"]}
                chosen = self._api if page is None else self._page
                message["headers"] = [*headers.raw, *(pair for pair in chosen if pair[0] not in present)]
            await send(message)

        await self._app(scope, receive, guarded)


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
