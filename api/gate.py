"""Who may knock at all: under a name that is ours, and not too often."""

import re
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from services.errors import HostNotAllowed, ServiceError
from services.rate_limits import RateLimits, network_of
from services.settings import Settings

# What looks after the process asks by whatever address it has, and as often as it likes.
_OPEN = frozenset({"/healthz", "/readyz"})
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Set in the scope of a request that a page of this same process makes for its person; no client can.
WITHIN = "zhuhang.within"
# The console's own scripts and styles: the same for everybody, and many at once.
_ASSETS = "/console/_nicegui/"
# RFC 6455, 7.4.1.
_POLICY_VIOLATION = 1008
_HOST = re.compile(r"\[([0-9a-f:.]+)\](?::\d+)?|([^:\[\]]+)(?::\d+)?")


class Gate:
    """Refuses requests for host names of others, which only a page of theirs makes a browser send, and those of
    an address that asks too often."""

    def __init__(self, app: ASGIApp, settings: Settings, limits: RateLimits) -> None:
        self._app = app
        self._limits = limits
        public = urlsplit(settings.public_url).hostname or ""
        self._hosts = frozenset({*_LOOPBACK, public, settings.http_host, *settings.allowed_hosts}) - {""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and scope["path"] not in _OPEN and WITHIN not in scope:
            try:
                self._check_host(scope)
                if not scope["path"].startswith(_ASSETS):
                    await self._limits.hit(
                        "address", network_of(scope["client"][0] if scope["client"] else "")
                    )
            except ServiceError as error:
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
                else:
                    await problems.of(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check_host(self, scope: Scope) -> None:
        sent = [value for name, value in scope["headers"] if name == b"host"]
        found = _HOST.fullmatch(sent[0].decode("latin-1").lower()) if len(sent) == 1 else None
        if found is None or (found[1] or found[2]) not in self._hosts:
            raise HostNotAllowed
