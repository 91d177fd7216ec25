"""What a person's own channel may be: people write these addresses, and the server would follow them anywhere."""

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from services.errors import Unprocessable

if TYPE_CHECKING:
    from apprise import NotifyBase

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Their host is the provider's own and cannot be given.
_KNOWN = frozenset({"wecombot", "dingtalk", "feishu", "lark"})
# With these Apprise reads files of the server, or asks further hosts.
_REACHING = ("pgp", "wkd", "attach")


class OwnChannels:
    """The kinds of channels and the hosts that an installation lets people name."""

    def __init__(self, schemes: Sequence[str], hosts: Sequence[str]) -> None:
        """`hosts`: names, `*.example.edu.cn`, or addresses and networks; see `ZHUHANG_NOTIFY_HOSTS`."""
        self._schemes = frozenset(schemes)
        self._networks = [network for host in hosts if (network := _network(host)) is not None]
        self._names = [host for host in hosts if _network(host) is None]

    def service(self, url: str) -> "NotifyBase":
        """The channel of an address, ready to send and following no redirect.

        Raises Unprocessable (`notify_scheme_not_allowed`, `notify_url_invalid`, `notify_host_not_allowed`,
        `notify_host_unknown`, `notify_address_not_allowed`). Asks the name service.
        """
        # Apprise loads a hundred kinds of channels; only who needs them.
        import apprise

        scheme = url.partition("://")[0].lower()
        if scheme not in self._schemes:
            allowed = ", ".join(sorted(self._schemes))
            raise Unprocessable(
                "notify_scheme_not_allowed",
                f"通知渠道只能是以下类型：{allowed}。",
                f"A person's own channel must be one of: {allowed}.",
            )
        if any(name.startswith(_REACHING) for name in _parameters(url)):
            raise _invalid()
        service = apprise.Apprise.instantiate(url)
        if not isinstance(service, apprise.NotifyBase):
            raise _invalid()
        service.redirects = False
        if scheme not in _KNOWN:
            self._check_host(_asked_host(service))
        return service

    def _check_host(self, host: str) -> None:
        if _network(host) is None and not any(fnmatchcase(host, name) for name in self._names):
            raise Unprocessable(
                "notify_host_not_allowed",
                f"不允许向主机 {host} 发送通知；请管理员写入 ZHUHANG_NOTIFY_HOSTS。",
                f"Messages to the host {host} are not allowed; the administrator may name it in "
                "ZHUHANG_NOTIFY_HOSTS.",
            )
        named = _network(host) is None
        for address in _resolved(host):
            listed = any(address in network for network in self._networks)
            # A listed name may be anywhere on the public net; an address counts only if it is listed itself.
            if not listed and not (named and address.is_global and not address.is_multicast):
                raise Unprocessable(
                    "notify_address_not_allowed",
                    f"主机 {host} 的网络地址不允许访问；内网地址须由管理员写入 ZHUHANG_NOTIFY_HOSTS。",
                    f"The network address of {host} is not allowed; the administrator has to name addresses "
                    "inside one's own network in ZHUHANG_NOTIFY_HOSTS.",
                )


def _parameters(url: str) -> list[str]:
    try:
        return [
            name.lower().lstrip("+-:") for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)
        ]
    except ValueError:
        raise _invalid() from None


def _asked_host(service: "NotifyBase") -> str:
    """The host that will be connected to: for mail it need not be the address's own."""
    host: str = getattr(service, "smtp_host", "") or service.host or ""
    host = host.lower().strip("[]").rstrip(".")
    if not host:
        raise _invalid()
    return host


def _resolved(host: str) -> Iterator[_Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unprocessable(
            "notify_host_unknown",
            f"无法解析主机名 {host}。",
            f"The host name {host} cannot be resolved.",
        ) from None
    for *_, place in found:
        address = ipaddress.ip_address(str(place[0]).partition("%")[0])
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        yield mapped or address


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _invalid() -> Unprocessable:
    return Unprocessable(
        "notify_url_invalid",
        "通知渠道地址无效。",
        "The address of the channel is not valid.",
    )
