"""A person's own channel leads nowhere but where the installation lets it."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest

from models.case.kernel import Role
from models.tables import Staff
from services.channels import OWN, Channels, SendError
from services.connect_guard import AddressRefusedError, connections_watched
from services.errors import Unprocessable
from services.own_channels import OwnChannels
from tests.product import Product

SCHEMES = ("mailto", "mailtos", "json", "jsons", "wecombot", "dingtalk", "feishu")
LOCAL = ("localhost", "*.local.test")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("gopher://93.184.216.34/", "notify_scheme_not_allowed"),
        ("http://169.254.169.254/latest/meta-data", "notify_scheme_not_allowed"),
        ("", "notify_scheme_not_allowed"),
        ("jsons://", "notify_url_invalid"),
        ("jsons://[half/", "notify_url_invalid"),
        ("mailto://u:p@localhost?pgp=encrypt&pgppub=/etc/passwd", "notify_parameter_not_allowed"),
        ("mailto://u:p@localhost?wkd=yes", "notify_parameter_not_allowed"),
        ("jsons://localhost/?verify=no", "notify_parameter_not_allowed"),
        ("jsons://localhost/?VERIFY=no", "notify_parameter_not_allowed"),
        ("jsons://localhost/?redirect=yes", "notify_parameter_not_allowed"),
        ("jsons://localhost/?method=DELETE", "notify_parameter_not_allowed"),
        ("jsons://localhost/?+Host=inside.local.test", "notify_parameter_not_allowed"),
        ("mailtos://u:p@localhost?mode=insecure", "notify_parameter_not_allowed"),
        # What others take for a part of a value or for a fragment begins a parameter for Apprise.
        ("jsons://localhost/?to=x;verify=no", "notify_parameter_not_allowed"),
        ("jsons://localhost/?to=x#&verify=no", "notify_parameter_not_allowed"),
        ("mailto://u:p@localhost?to=x@y.test#&pgppub=/etc/passwd", "notify_parameter_not_allowed"),
        ("jsons://elsewhere.invalid/", "notify_host_not_allowed"),
        ("jsons://localhost@elsewhere.invalid/", "notify_host_not_allowed"),
        ("mailto://u:p@localhost?smtp=elsewhere.invalid", "notify_host_not_allowed"),
        ("jsons://nobody.local.test/", "notify_host_unknown"),
        ("jsons://localhost/", "notify_address_not_allowed"),
        ("jsons://127.0.0.1/", "notify_address_not_allowed"),
        ("jsons://169.254.169.254/latest/meta-data", "notify_address_not_allowed"),
        ("jsons://10.0.0.1/", "notify_address_not_allowed"),
        ("mailto://u:p@localhost?smtp=192.168.0.1", "notify_address_not_allowed"),
        # Another spelling of 127.0.0.1 is no listed name.
        ("jsons://2130706433/", "notify_host_not_allowed"),
    ],
)
def test_an_address_that_is_not_allowed_is_refused(url: str, code: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        OwnChannels(SCHEMES, LOCAL).service(url)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("jsons://localhost/", ("localhost", "127.0.0.0/8", "::1")),
        ("jsons://127.0.0.1/", ("127.0.0.1",)),
        ("mailto://u:p@localhost?smtp=10.1.2.3", ("10.0.0.0/8",)),
        ("dingtalk://abcdefghijk", ()),
        ("feishu://abcdefghijk", ()),
    ],
)
def test_what_is_listed_is_allowed(url: str, hosts: tuple[str, ...]) -> None:
    service = OwnChannels(SCHEMES, hosts).service(url)
    assert service.redirects is False
    assert service.verify_certificate is True


async def test_it_is_checked_when_it_is_saved(product: Product) -> None:
    draft = {"name": "渠道", "role": "mentor", "department_id": "cs"}
    metadata = "jsons://169.254.169.254/latest"
    refused = await product.request("POST", "/staff", json=draft | {"notify_url": metadata})
    assert (refused.status, refused.code) == (422, "notify_address_not_allowed")
    assert refused.body["zh"] != refused.body["en"]
    made = await product.request("POST", "/staff", json=draft | {"notify_url": "dingtalk://abcdefghijk"})
    assert made.status == 201, made.body
    path = f"/staff/{made.body['id']}"
    changed = await product.request("PATCH", path, json={"notify_url": "file:///etc/passwd"})
    assert (changed.status, changed.code) == (422, "notify_scheme_not_allowed")


def person(url: str) -> Staff:
    return Staff(
        id="own-channel",
        school_id="90001",
        name="渠道",
        role=Role.MENTOR,
        notify_url=url,
        created_at=datetime.now(UTC),
    )


@pytest.fixture
async def heard() -> AsyncGenerator[tuple[int, list[bytes]]]:
    """A port of this machine, and what was said there; its answer sends the caller back to the same place."""
    said: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.append(await reader.read(65_536))
        writer.write(
            b"HTTP/1.1 307 Moved\r\nlocation: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], said


def moving(monkeypatch: pytest.MonkeyPatch, port: int) -> list[str]:
    """A name service that leads a listed name to a public address once, and to this machine ever after; what it
    was asked."""
    asked: list[str] = []
    true = socket.getaddrinfo

    def answer(host: Any, service: Any, *rest: Any, **more: Any) -> Any:
        if host != "hook.local.test":
            return true(host, service, *rest, **more)
        asked.append(host)
        place = ("93.184.216.34" if len(asked) == 1 else "127.0.0.1", int(service or port))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize(
    "url", ["json://hook.local.test:{}/x", "mailto://u:p@hook.local.test:{}?to=a@b.test"]
)
async def test_a_name_that_moves_after_it_was_looked_at_leads_nowhere(
    heard: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    port, said = heard
    asked = moving(monkeypatch, port)
    channels = Channels([], OwnChannels(SCHEMES, LOCAL))
    with pytest.raises(SendError, match="notify_address_not_allowed"):
        await asyncio.to_thread(channels.send, person(url.format(port)), OWN, "d-1", "标题", "内容")
    assert len(asked) > 1
    assert said == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
async def test_only_what_is_connected_to_within_a_watch_is_looked_at(
    heard: tuple[int, list[bytes]], address: str
) -> None:
    port, said = heard
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def connect() -> None:
        with socket.socket(family) as connection:
            connection.connect((address, port))
            connection.sendall(b"hello")

    with connections_watched(lambda found: found.is_global) as watch, pytest.raises(AddressRefusedError):
        connect()
    assert (watch.refused, said) == (True, [])
    with connections_watched(lambda found: str(found) == "127.0.0.1") as watch:
        connect()
    assert watch.refused is False
    connect()


async def test_it_is_checked_when_it_is_sent_and_no_redirect_is_followed(
    heard: tuple[int, list[bytes]],
) -> None:
    port, said = heard
    who = person(f"json://127.0.0.1:{port}/x")
    unlisted = Channels([], OwnChannels(SCHEMES, ()))
    with pytest.raises(SendError, match="notify_address_not_allowed"):
        await asyncio.to_thread(unlisted.send, who, OWN, "d-1", "标题", "内容")
    assert said == []
    listed = Channels([], OwnChannels(SCHEMES, ("127.0.0.1",)))
    with pytest.raises(SendError):
        await asyncio.to_thread(listed.send, who, OWN, "d-1", "标题", "内容")
    assert [head.split(b" ")[1] for head in said] == [b"/x"]
