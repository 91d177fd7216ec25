"""A part is away: the answer says which, when to come back, and nothing acknowledged is lost."""

import asyncio
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from services.database import migrate
from services.settings import Settings, SetupError
from services.temporal_health import check_temporal
from services.temporal_server import find_server, server_command
from tests.conftest import Quiet
from tests.product import Answer, Product, free_port, running_api, running_product, settings_for
from tests.workflows.test_shell import database_away

CONTACT = {"type": "record_contact", "method": "phone", "content": "联系"}
DRAFT = {"student_no": "AWAY1", "name": "测试", "department_id": "cs"}
# The longest that anybody waits for an answer, in seconds.
LONGEST = 20.0


def away(answer: Answer, code: str) -> None:
    assert (answer.status, answer.code) == (503, code), answer.body
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"


@contextmanager
def database_spoiled(product: Product) -> Generator[None]:
    """The database's file holds something else meanwhile."""
    product.services.engine.dispose()
    path = Path(product.settings.database_url.removeprefix("sqlite:///"))
    kept = path.with_suffix(".kept")
    path.rename(kept)
    path.write_bytes(b"no database " * 1000)
    try:
        yield
    finally:
        product.services.engine.dispose()
        kept.rename(path)


async def test_a_case_is_opened_while_nobody_can_write_to_the_ledger(
    temporal_address: str, tmp_path: Path
) -> None:
    async with running_product(settings_for(tmp_path, temporal_address, school="90021")) as product:
        headers = {"Idempotency-Key": "away-1"}

        async def open_it(**more: Any) -> Answer:
            return await product.request("POST", "/cases", "counselor", json=DRAFT, **more)

        await product.get("/cases", "counselor")
        with database_away(product):
            opened, written = await asyncio.gather(
                open_it(headers=headers),
                product.request("POST", "/departments", json={"name": "新院"}),
            )
            away(written, "database_unavailable")
            assert opened.status == 202, opened.body
            case_id = opened.body["case_id"]
            assert opened.body["stage"] == "intake"
            again = await open_it(headers=headers)
            assert (again.status, again.body["case_id"]) == (201, case_id)
            other = await open_it()
            assert (other.status, other.code) == (409, "case_exists")

        async def shown() -> bool:
            return (await product.get(f"/cases/{case_id}", "counselor")).status == 200

        await product.until(shown, what="the case is in the ledger")
        assert len(await product.timeline(case_id)) == 1


async def test_reading_waits_for_the_database_and_says_so(temporal_address: str, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, temporal_address, school="90022")
    migrate(settings)
    async with running_api(settings) as product:
        paths = ["/cases", "/cases/any", "/cases/any/timeline", "/cases/any/commands", "/cases/any/workflow"]
        paths += ["/staff", "/departments", "/inbox", "/supervision/overview", "/referrals", "/imports"]
        assert (await product.get("/cases", "career-centre")).status == 200
        with database_spoiled(product):
            for path in paths:
                away(await product.get(path, "career-centre"), "database_unavailable")
            unknown = {"Authorization": "Bearer zhs_never-seen"}
            away(await product.get("/cases", "career-centre", headers=unknown), "database_unavailable")
            ready = await product.http.get("/readyz")
            assert ready.status_code == 503
            assert "database" in ready.json()["missing"]
            assert (await product.http.get("/healthz")).status_code == 200
        assert (await product.get("/cases", "career-centre")).status == 200


@contextmanager
def temporal_server(settings: Settings) -> Generator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(  # noqa: S603  (the product's own server)
        server_command(find_server(Quiet()).binary, settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)


async def answering(settings: Settings) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await check_temporal(settings)
            except SetupError:
                await asyncio.sleep(0.1)
            else:
                return


@pytest.mark.timeout(120)
async def test_temporal_goes_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    settings = settings_for(tmp_path, f"127.0.0.1:{port}", school="90023")
    settings.temporal_port, settings.temporal_ui_port = port, free_port()
    key = {"Idempotency-Key": "over-the-outage"}
    with temporal_server(settings) as first:
        await answering(settings)
        async with running_product(settings) as product:
            case_id = await product.paired()
            first.kill()
            first.wait(20)
            began = monotonic()
            command, opening, status, ready = await asyncio.gather(
                product.do(case_id, "mentor-1", CONTACT, headers=dict(key)),
                product.request("POST", "/cases", "counselor", json=DRAFT, headers=dict(key)),
                product.get(f"/cases/{case_id}/workflow", "college"),
                product.http.get("/readyz"),
            )
            assert monotonic() - began < LONGEST
            for answer in (command, opening, status):
                away(answer, "temporal_unavailable")
            assert ready.status_code == 503
            assert "temporal" in ready.json()["missing"]
            assert (await product.get(f"/cases/{case_id}", "college")).status == 200
            with temporal_server(settings):
                await answering(settings)

                async def accepted() -> Answer | None:
                    answer = await product.do(case_id, "mentor-1", CONTACT, headers=dict(key))
                    return answer if answer.status == 200 else None

                done = await product.until(accepted, what="the command is accepted", patience=60)
                assert (await accepted() or done).body["version"] == done.body["version"]
                opened = await product.request("POST", "/cases", "counselor", json=DRAFT, headers=dict(key))
                assert opened.status == 201
                kinds = [event["type"] for event in await product.timeline(case_id)]
                assert kinds.count("contact_recorded") == 1
