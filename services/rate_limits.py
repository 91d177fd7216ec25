"""How often somebody may ask: sliding counts per account and per network address."""

import ipaddress
import time
from functools import lru_cache
from typing import Literal, get_args

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string

from services.errors import TooManyRequests
from services.settings import Settings, SetupError

log = structlog.get_logger(__name__)

Kind = Literal[
    "address",
    "account",
    "sign_on_address",
    "sign_on_account",
    "unmask",
    "break_glass",
    "export",
    "paper",
    "import",
    "upload",
]
_MEMORY = "async+memory://"


class RateLimits:
    """The counts of one installation. Each kind has its setting, `rate_<kind>`."""

    def __init__(self, settings: Settings) -> None:
        # Schools may share a store, and have accounts of one name.
        self._school = settings.school_code
        self._limiter = FixedWindowRateLimiter(_storage(settings.rate_limit_storage))
        self._rates: dict[str, RateLimitItem] = {
            kind: parse(getattr(settings, f"rate_{kind}")) for kind in get_args(Kind)
        }

    async def hit(self, kind: Kind, who: str) -> None:
        """Count one request of an account's id or an address. Raises TooManyRequests.

        While the store of the counts is away nobody is kept out: accounts are still locked by their failures.
        """
        rate = self._rates[kind]
        try:
            if await self._limiter.hit(rate, kind, self._school, who):
                return
            window = await self._limiter.get_window_stats(rate, kind, self._school, who)
        except StorageError as error:
            log.warning("requests cannot be counted", kind=type(error.__cause__ or error).__name__)
            return
        raise TooManyRequests(max(1, int(window.reset_time - time.time()) + 1))


@lru_cache(4096)
def network_of(address: str) -> str:
    """Whom an address is counted as: itself, or its /64 for IPv6, of which one person has all addresses."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False).network_address)


class _Memory(MemoryStorage):
    """The library's own looks through all counts at each request; once a second is enough."""

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__(wrap_exceptions=True)
        self._swept = time.time()

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        if now - self._swept > 1:
            self._swept = now
            for old in [name for name, until in self.expirations.items() if until <= now]:
                del self.expirations[old], self.storage[old]
        if self.expirations.get(key, 0) <= now:
            self.expirations[key] = now + expiry
            self.storage[key] = 0
        self.storage[key] += amount
        return self.storage[key]


def _storage(uri: str) -> Storage:
    if uri == _MEMORY:
        return _Memory()
    try:
        found = storage_from_string(uri, wrap_exceptions=True)
    except (ConfigurationError, ValueError) as error:
        raise _unusable(type(error).__name__) from None
    if not isinstance(found, Storage):
        raise _unusable("not one of async+…")
    return found


def _unusable(reason: str) -> SetupError:
    return SetupError(
        "rate_limit_storage_invalid",
        f"ZHUHANG_RATE_LIMIT_STORAGE 不可用（{reason}）：请检查地址，并安装所需的驱动。",
        f"ZHUHANG_RATE_LIMIT_STORAGE cannot be used ({reason}): check it, and install the driver that it needs.",
    )
