"""What a person's own channel may be: people write these addresses, and the server would follow them anywhere."""

import ipaddress
import socket
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

from services.connect_guard import Address, Watch, connections_watched, plain_address
from services.errors import Unprocessable

if TYPE_CHECKING:
    from apprise import NotifyBase

# Their host is the provider's own and cannot be given.
_KNOWN = frozenset({"wecombot", "dingtalk", "feishu", "lark"})
# With others Apprise reads files of the server, asks further hosts, checks no certificates, or sends in the clear.
_PARAMETERS = frozenset({"to", "from", "name", "smtp", "user", "pass", "mode", "secret", "token", "key"})
_SAFE_MODES = frozenset({"ssl", "starttls"})


class OwnChannels:
    """The kinds of channels and the hosts that an installation lets people name."""

    def __init__(self, schemes: Sequence[str], hosts: Sequence[str]) -> None:
        """`hosts`: names, `*.example.edu.cn`, or addresses and networks; see `ZHUHANG_NOTIFY_HOSTS`."""
        self._schemes = frozenset(schemes)
        self._networks = [network for host in hosts if (network := _network(host)) is not None]
        self._names = [host for host in hosts if _network(host) is None]

    def service(self, url: str) -> "NotifyBase":
        """The channel of an address, ready to send and following no redirect.

        Raises Unprocessable (`notify_scheme_not_allowed`, `notify_url_invalid`, `notify_parameter_not_allowed`,
        `notify_host_not_allowed`, `notify_host_unknown`, `notify_address_not_allowed`). Asks the name service.
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
        _check_parameters(url)
        service = apprise.Apprise.instantiate(url)
        if not isinstance(service, apprise.NotifyBase):
            raise _invalid()
        service.redirects, service.verify_certificate = False, True
        if scheme not in _KNOWN:
            self._check_host(_host_of(service))
        return service

    @contextmanager
    def connecting(self, service: "NotifyBase") -> Generator[Watch]:
        """Within, a channel of `service` reaches allowed addresses only, wherever its name leads by now."""
        named = _network(_host_of(service)) is None
        with connections_watched(lambda address: self._allows(address, named=named)) as watch:
            yield watch

    def _allows(self, address: Address, *, named: bool) -> bool:
        # A listed name may be anywhere on the public net; an address counts only if it is listed itself.
        public = address.is_global and not address.is_multicast
        return (named and public) or any(address in network for network in self._networks)

    def _check_host(self, host: str) -> None:
        if not host:
            raise _invalid()
        if _network(host) is None and not any(fnmatchcase(host, name) for name in self._names):
            raise Unprocessable(
                "notify_host_not_allowed",
                f"不允许向主机 {host} 发送通知；请管理员写入 ZHUHANG_NOTIFY_HOSTS。",
                f"Messages to the host {host} are not allowed; the administrator may name it in "
                "ZHUHANG_NOTIFY_HOSTS.",
            )
        named = _network(host) is None
        for address in _resolved(host):
            if not self._allows(address, named=named):
                raise Unprocessable(
                    "notify_address_not_allowed",
                    f"主机 {host} 的网络地址不允许访问；内网地址须由管理员写入 ZHUHANG_NOTIFY_HOSTS。",
                    f"The network address of {host} is not allowed; the administrator has to name addresses "
                    "inside one's own network in ZHUHANG_NOTIFY_HOSTS.",
                )


def _check_parameters(url: str) -> None:
    # As Apprise itself takes them apart, which is not as others do: `;` and `#&` begin a parameter as well.
    from apprise.utils.parse import parse_url  # pyright: ignore[reportUnknownVariableType]

    parts = cast("dict[str, dict[str, str]] | None", parse_url(url, verify_host=False))
    if parts is None:
        raise _invalid()
    for name, value in parts["qsd"].items():
        if name not in _PARAMETERS or (name == "mode" and value not in _SAFE_MODES):
            raise Unprocessable(
                "notify_parameter_not_allowed",
                f"通知渠道地址中不允许参数 {name[:40]}。",
                f"The address of the channel may not have this parameter, or not with this value: {name[:40]}.",
            )


def _host_of(service: "NotifyBase") -> str:
    """The host that will be connected to: for mail it need not be the address's own."""
    host: str = getattr(service, "smtp_host", "") or service.host or ""
    return host.lower().strip("[]").rstrip(".")


def _resolved(host: str) -> Iterator[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unprocessable(
            "notify_host_unknown",
            f"无法解析主机名 {host}。",
            f"The host name {host} cannot be resolved.",
        ) from None
    for *_, place in found:
        yield plain_address(str(place[0]))


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
