"""At the door: headers that protect, hosts that are ours, addresses that are believed, and how often one may ask."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from api.app import create_app
from services.settings import Settings
from tests.product import Product

DRAFT = {"student_no": "GATE1", "name": "测试", "department_id": "cs"}


def application(product: Product, **changed: Any) -> FastAPI:
    """The product's application under other settings."""
    given = product.settings.model_dump(exclude={"temporal_address", "temporal_namespace", "demo"})
    settings = Settings.model_validate(
        given | {"TEMPORAL_ADDRESS": product.settings.temporal_address, "DEMO": False} | changed
    )
    app = create_app(settings)
    app.state.services = product.services
    return app


def client(app: ASGIApp, address: str = "127.0.0.1", host: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 40000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/departments", 200),
        ("GET", "/healthz", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/api/v1/nowhere", 404),
        ("DELETE", "/api/v1/cases", 405),
        ("GET", "/api/v1/staff?limit=0", 422),
    ],
)
async def test_every_answer_carries_the_headers(
    product: Product, method: str, path: str, status: int
) -> None:
    answer = await product.http.request(method, path, headers=product.bearer("counselor"))
    assert answer.status_code == status
    held_to(answer)
    assert "strict-transport-security" not in answer.headers


def held_to(answer: httpx.Response) -> None:
    """The headers of an answer that is no page."""
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_an_unexpected_error_carries_them_too(product: Product) -> None:
    app = application(product)

    async def broken() -> None:
        raise LookupError("什么都没有")

    app.add_api_route("/api/v1/broken", broken)
    async with client(app) as http:
        answer = await http.get("/api/v1/broken")
    assert (answer.status_code, answer.json()["code"]) == (503, "unexpected_error")
    held_to(answer)


async def test_over_tls_browsers_are_told_to_stay_there(product: Product) -> None:
    async with client(application(product, public_url="https://help.example.edu")) as http:
        answer = await http.get("/healthz", headers={"Host": "help.example.edu"})
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1:8000", "[::1]:8000", "HELP.example.edu", "help.example.edu:8443", "lan.example"],
)
async def test_our_own_names_are_served(product: Product, host: str) -> None:
    app = application(product, public_url="https://help.example.edu", allowed_hosts="lan.example")
    async with client(app) as http:
        assert (await http.get("/openapi.json", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "pages.example",
        "127.0.0.1.pages.example",
        "a_b.example:8000",
        "",
        "[::1",
        "localhost:x",
        "x@localhost",
    ],
)
async def test_names_of_others_are_refused(product: Product, host: str) -> None:
    async with client(application(product)) as http:
        answer = await http.get("/openapi.json", headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "host_not_allowed")
        held_to(answer)
        assert (await http.get("/healthz", headers={"Host": host})).status_code == 200


async def statuses(http: httpx.AsyncClient, times: int, **headers: str) -> list[int]:
    return [(await http.get("/openapi.json", headers=headers)).status_code for _ in range(times)]


async def test_an_address_that_asks_too_often_is_told_when_to_come_back(product: Product) -> None:
    app = application(product, rate_address="2/hour")
    async with client(app) as http:
        assert await statuses(http, 3) == [200, 200, 429]
        answer = await http.get("/openapi.json")
        assert answer.json()["code"] == "too_many_requests"
        assert 3000 < int(answer.headers["retry-after"]) <= 3601
        assert (await http.get("/healthz")).status_code == 200
    async with client(app, "192.0.2.7") as other:
        assert await statuses(other, 2) == [200, 200]


async def test_one_network_of_ipv6_is_one_asker(product: Product) -> None:
    app = application(product, rate_address="1/hour")
    async with client(app, "2001:db8:1:2::1") as first, client(app, "2001:db8:1:2:ffff::9") as second:
        assert await statuses(first, 1) + await statuses(second, 1) == [200, 429]
    async with client(app, "::ffff:192.0.2.1") as mapped, client(app, "192.0.2.1") as plain:
        assert await statuses(mapped, 1) + await statuses(plain, 1) == [200, 429]


async def test_only_a_known_proxy_tells_for_whom_it_asks(product: Product) -> None:
    app = application(product, rate_address="1/hour", trusted_proxies="10.0.0.0/8 192.0.2.80")
    async with client(app, "10.1.2.3") as proxy:
        for asker in ("203.0.113.1", "203.0.113.2"):
            assert await statuses(proxy, 2, **{"X-Forwarded-For": asker}) == [200, 429]
        # What a person in front of the proxy claims stands to the left of what the proxy saw.
        forged = {"X-Forwarded-For": "203.0.113.9, 203.0.113.1"}
        assert await statuses(proxy, 1, **forged) == [429]
    async with client(app, "203.0.113.50") as stranger:
        assert await statuses(stranger, 1, **{"X-Forwarded-For": "203.0.113.60"}) == [200]
        assert await statuses(stranger, 1, **{"X-Forwarded-For": "203.0.113.61"}) == [429]


async def test_an_account_has_its_own_count(product: Product) -> None:
    app = application(product, rate_account="2/hour")
    async with client(app) as http:
        mine = [
            (await http.get("/api/v1/inbox", headers=product.bearer("college"))).status_code for _ in range(3)
        ]
        assert mine == [200, 200, 429]
        assert (await http.get("/api/v1/inbox", headers=product.bearer("counselor"))).status_code == 200


async def test_exports_and_imports_are_rare(product: Product) -> None:
    app = application(product, rate_export="1/day", rate_import="1/day")
    headers = product.bearer("college")
    async with client(app) as http:
        exports = [
            (await http.get("/api/v1/exports/ledger.xlsx?purpose=inspection", headers=headers)).status_code
            for _ in range(2)
        ]
        assert exports == [200, 429]
        imports = [(await http.post("/api/v1/imports", headers=headers)).status_code for _ in range(2)]
        assert imports == [422, 429]
        assert (await http.get("/api/v1/cases", headers=headers)).status_code == 200
