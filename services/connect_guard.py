"""Looking at the address that is really connected to, whichever library does it.

A name that was looked up and allowed may lead elsewhere when it is looked up again a moment later (DNS rebinding), so
looking at names alone protects nothing. Python tells audit hooks of each connection before it is made (PEP 578).
"""

import ipaddress
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import cast

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Allows = Callable[[Address], bool]


class AddressRefusedError(ConnectionRefusedError):
    """The connection was not made, because its address is not allowed."""


class Watch:
    """What became of the connections in one `connections_watched`."""

    def __init__(self, allows: Allows) -> None:
        self.refused = False
        self._allows = allows

    def look(self, host: str) -> None:
        """Raises AddressRefusedError."""
        if not self._allows(plain_address(host)):
            self.refused = True
            raise AddressRefusedError("the address is not allowed")


_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def connections_watched(allows: Allows) -> Generator[Watch]:
    """Within, this thread connects only to addresses that `allows` takes; another is an OSError to whoever tries."""
    _install()
    watch = Watch(allows)
    token = _WATCH.set(watch)
    try:
        yield watch
    finally:
        _WATCH.reset(token)


def plain_address(host: str) -> Address:
    """The address without its zone; an IPv4 one that is written as IPv6 is taken for what it is. Raises
    ValueError."""
    found = ipaddress.ip_address(host.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


@cache
def _install() -> None:
    # It cannot be taken away again, so it comes with the first need and does nothing outside a watch.
    sys.addaudithook(_hear)


def _hear(event: str, args: tuple[object, ...]) -> None:
    if event != "socket.connect" or (watch := _WATCH.get()) is None:
        return
    place = cast("tuple[object, ...]", args[1]) if isinstance(args[1], tuple) else ()
    # Those of this machine's own sockets are paths.
    if place and isinstance(place[0], str):
        watch.look(place[0])
