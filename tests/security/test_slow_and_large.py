"""Requests that are meant to hold the API up: slow, endless, deep, in a thousand parts."""

import json

import httpx
import pytest
from fastapi import Request

from api import http_protocol
from tests.product import Product
from tests.security.serving import said_to, served
from tests.security.test_gate import application

HEAD = b"POST /api/v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: %s\r\nConnection: close\r\n"


def head(product: Product, path: bytes, actor: str) -> bytes:
    """The beginning of a request of somebody."""
    return HEAD % (path, product.bearer(actor)["Authorization"].encode())


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    ("path", "actor", "content_type"),
    [
        (b"departments", "admin", b"application/json"),
        (b"imports", "college", b"multipart/form-data; boundary=b"),
    ],
)
async def test_a_body_that_stops_arriving_is_given_up(
    product: Product, path: bytes, actor: str, content_type: bytes
) -> None:
    async with served(application(product, receive_seconds=0.2)) as address:
        start = (
            head(product, path, actor)
            + b"Content-Length: 1000\r\nContent-Type: "
            + content_type
            + b"\r\n\r\n"
        )
        answer = await said_to(address, start, b"--b")
    assert status_of(answer) == 408
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "request_too_slow"


async def test_a_head_without_end_is_not_kept(product: Product) -> None:
    async with served(application(product)) as address:
        for beginning in (b"X-Long: ", b""):
            line = b"x" * 1000 if beginning else b"X-More: " + b"y" * 990 + b"\r\n"
            # Just over the limit: what is left unread when a connection is closed resets it.
            answer = await said_to(address, head(product, b"cases", "admin") + beginning, *([line] * 66))
            assert status_of(answer) == 431


async def test_a_head_that_never_comes_is_not_waited_for(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "_HEAD_SECONDS", 0.2)
    async with served(application(product)) as address:
        assert status_of(await said_to(address)) == 408
        assert status_of(await said_to(address, b"GET /healthz HT")) == 408
        whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert status_of(await said_to(address, whole)) == 200


async def test_a_form_of_many_parts_is_refused(product: Product) -> None:
    part = '--b\r\nContent-Disposition: form-data; name="x{}"\r\n\r\n1\r\n'
    bodies = (
        "".join(part.format(number) for number in range(5000)),
        "--b\r\n" * 20000,
        "--b\r\n" + "A: b\r\n" * 9000,
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    for body in bodies:
        answer = await product.request(
            "POST", "/imports", "college", content=body.encode(), headers=dict(headers)
        )
        assert (answer.status, answer.code) == (422, "invalid_request")


@pytest.mark.parametrize(("megabytes", "status"), [(2, 200), (4, 413)])
async def test_a_page_takes_no_larger_file_than_is_kept(
    product: Product, megabytes: int, status: int
) -> None:
    """Whoever sends to the address of a page's upload is not bound by what the page itself checks."""
    app = application(product, max_upload_mb=2, max_attachment_mb=1)

    @app.post("/console/_nicegui/client/page/upload/1")
    async def upload(request: Request) -> int:  # pyright: ignore[reportUnusedFunction]
        return len(await request.body())

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        answer = await http.post(
            "/console/_nicegui/client/page/upload/1", content=bytes(megabytes * 1024 * 1024)
        )
    assert answer.status_code == status


async def test_deep_and_wide_json_is_refused(product: Product) -> None:
    deep = "[" * 20_000 + "]" * 20_000
    wide = json.dumps({f"k{number}": number for number in range(15_000)})
    nested = '{"type":"annotate","text":' + '{"a":' * 900 + "1" + "}" * 901
    headers = {"Content-Type": "application/json"}
    for body in (deep, wide, nested):
        answer = await product.request(
            "POST", "/cases/case-any/commands", "college", content=body.encode(), headers=dict(headers)
        )
        assert (answer.status, answer.code) == (422, "invalid_request"), body[:40]
        assert len(json.dumps(answer.body)) < 500_000
