"""Which addresses may be asked, and which a person may be sent to."""

import ipaddress
import re
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TypedDict
from urllib.parse import urlsplit

import httpx

# Seconds for connecting as for each part of an answer: a person waits at the browser.
_PATIENCE = 5.0
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}")


def is_secure(url: str) -> bool:
    """Whether this is an `https` address with a host, or an `http` one of this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host or "")))


def own_path(path: str) -> str:
    """The path if it leads to a page of Zhuhang itself, else `/`: no link may send a person who has just
    signed on to somebody else's page."""
    return path if _OWN_PATH.fullmatch(path) else "/"


class ForbiddenAddressError(httpx.RequestError):
    """An address outside those of the provider was about to be asked."""


class ClientOptions(TypedDict):
    """Arguments of an httpx client."""

    event_hooks: dict[str, list[Callable[[httpx.Request], Awaitable[None]]]]
    follow_redirects: bool
    timeout: float
    trust_env: bool
    verify: ssl.SSLContext


class Origins:
    """The servers that one provider has: its own, and those that its discovery names."""

    def __init__(self, *urls: str) -> None:
        self._known = {_origin(httpx.URL(url)) for url in urls}

    def add(self, *urls: str) -> None:
        """Raises ForbiddenAddressError where one is neither https nor on this machine."""
        for url in urls:
            if not is_secure(url):
                raise ForbiddenAddressError("the provider names an address without https")
        self._known |= {_origin(httpx.URL(url)) for url in urls}

    def options(self) -> ClientOptions:
        """For an httpx client that asks these servers only, follows no redirects and no proxy of the
        environment."""
        return ClientOptions(
            event_hooks={"request": [self._check]},
            follow_redirects=False,
            timeout=_PATIENCE,
            trust_env=False,
            verify=_trusted(),
        )

    async def _check(self, request: httpx.Request) -> None:
        if _origin(request.url) not in self._known:
            raise ForbiddenAddressError("not an address of the provider", request=request)


@cache
def _trusted() -> ssl.SSLContext:
    # The certificates of this machine, the university's own authority among them.
    return ssl.create_default_context()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
