"""A person's own channel leads nowhere but where the installation lets it."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest

from models.case.kernel import Role
from models.tables import Staff
from services.channels import OWN, Channels, SendError
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
        ("mailto://u:p@localhost?pgp=encrypt&pgppub=/etc/passwd", "notify_url_invalid"),
        ("mailto://u:p@localhost?wkd=yes", "notify_url_invalid"),
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


async def test_it_is_checked_when_it_is_sent_and_no_redirect_is_followed(
    heard: tuple[int, list[bytes]],
) -> None:
    port, said = heard
    person = Staff(
        id="own-channel",
        school_id="90001",
        name="渠道",
        role=Role.MENTOR,
        notify_url=f"json://127.0.0.1:{port}/x",
        created_at=datetime.now(UTC),
    )
    unlisted = Channels([], OwnChannels(SCHEMES, ()))
    with pytest.raises(SendError, match="notify_address_not_allowed"):
        await asyncio.to_thread(unlisted.send, person, OWN, "d-1", "标题", "内容")
    assert said == []
    listed = Channels([], OwnChannels(SCHEMES, ("127.0.0.1",)))
    with pytest.raises(SendError):
        await asyncio.to_thread(listed.send, person, OWN, "d-1", "标题", "内容")
    assert [head.split(b" ")[1] for head in said] == [b"/x"]
