"""The digest on a real server: one message per person and period, delivered by a real mail server."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.digest_start import start_digest
from tests.messages.mail import mail_server
from tests.product import Product, free_port, running_product, settings_for

# Apprise looks for a module that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

ADDRESS = "mentor@school.test"


@dataclass
class Posted:
    """An installation whose digests go to a mail server on `port`."""

    product: Product
    port: int

    async def deliveries(self, staff: str = "mentor-mail", **wanted: str) -> list[dict[str, Any]]:
        query = {"staff": staff, "limit": "200"} | wanted
        answer = await self.product.get("/deliveries", "career-centre", params=query)
        assert answer.status == 200, answer.body
        return answer.body["items"]

    async def mails(self, **wanted: str) -> list[dict[str, Any]]:
        return [item for item in await self.deliveries(**wanted) if item["channel"] == "mailto-1"]


@pytest.fixture(scope="module")
async def posted(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Posted]:
    """Standards in seconds, two tries of each message."""
    port = free_port()
    settings = settings_for(
        tmp_path_factory.mktemp("posted"),
        temporal_address,
        school="90011",
        policy="seconds",
        notify_urls=[f"mailto://127.0.0.1:{port}?from=zhuhang@school.test&to={{email}}"],
        delivery_attempts=2,
        delivery_retry_seconds=1,
    )
    async with running_product(settings) as product:
        draft = {"id": "mentor-mail", "name": "测试导师", "role": "mentor", "department_id": "cs"}
        answer = await product.request("POST", "/staff", json=draft | {"capacity": 50, "email": ADDRESS})
        assert answer.status == 201, answer.body
        await start_digest(product.services.client, settings)
        await start_digest(product.services.client, settings)
        yield Posted(product, port)
        await product.services.client.get_workflow_handle("digest-90011").terminate()


async def test_messages_are_tried_again_delivered_or_given_up(posted: Posted) -> None:
    case_id = await posted.product.paired("mentor-mail", name="张三丰", phone="10012345678")

    async def given_up() -> list[dict[str, Any]]:
        return await posted.mails(status="given_up")

    first = (await posted.product.until(given_up, what="a message is given up"))[-1]
    assert first["attempts"] == 2
    assert first["error"]
    assert "school.test" not in first["error"]

    async def failed() -> list[dict[str, Any]]:
        return await posted.mails(status="failed")

    waiting = (await posted.product.until(failed, what="a message waits for its second try"))[0]
    with mail_server(posted.port) as box:

        async def sent() -> list[dict[str, Any]]:
            return await posted.mails(status="sent")

        await posted.product.until(sent, what="a message is sent")
        after = {item["id"]: item for item in await posted.mails()}

        async def settled() -> bool:
            found = {item["id"]: item for item in await posted.mails()}
            after.update(found)
            return found[waiting["id"]]["status"] in ("sent", "given_up")

        await posted.product.until(settled, what="the waiting message has come to an end")
        assert after[waiting["id"]]["attempts"] == 2
        mails = box.of(ADDRESS)
        mail = mails[0]
        plain = mail.get_body(("plain",))
        assert plain is not None
        text = str(plain.get_content())
        assert case_id in text
        assert posted.product.settings.public_url in text
        assert "您有" in text
        assert "You have" in text
        assert "待办" in str(mail["Subject"])
        for secret in ("张三丰", "10012345678", "LIFTED", "脱贫", "困难"):
            assert secret not in text
            assert secret not in str(mail["Subject"])
        handed = Counter(str(item["X-Zhuhang-Delivery"]) for item in mails)
        assert set(handed.values()) == {1}


async def test_nobody_gets_two_messages_for_one_period_or_one_for_nothing(posted: Posted) -> None:
    async def three_periods() -> bool:
        return len({item["period"] for item in await posted.deliveries()}) >= 3

    await posted.product.until(three_periods, what="three digests went out")
    found = await posted.deliveries()
    assert len({(item["period"], item["channel"]) for item in found}) == len(found)
    assert await posted.deliveries(staff="teacher") == []


async def test_a_repeated_collection_writes_nothing_twice(posted: Posted) -> None:
    from services.channels import Channels
    from services.digest import DigestWriter

    settings = posted.product.settings
    writer = DigestWriter(posted.product.services.engine, Channels.of_settings(settings), "http://zhuhang")
    now = datetime.now(UTC)
    first, second = await asyncio.gather(
        *(asyncio.to_thread(writer.collect, "90011", "once", now) for _ in range(2))
    )
    assert first == second != []
    records = [item for item in await posted.deliveries() if item["period"] == "once"]
    assert sorted(item["channel"] for item in records) == ["inbox", "mailto-1"]


async def test_many_things_are_listed_by_urgency_and_counted(tmp_path: Path) -> None:
    from services.digest import Heap, Item, message

    moments = [datetime(2026, 11, 1, 0, index % 60, index // 60, tzinfo=UTC) for index in range(500)]
    heap = Heap()
    heap.due["contact"], heap.overdue["contact"] = 500, 500
    heap.urgent = [Item(f"case-{index:03}", "contact", "overdue", at) for index, at in enumerate(moments)]
    _, body = message(heap, "http://zhuhang", datetime(2026, 11, 2, tzinfo=UTC))
    assert body.count("- case-") == 40
    assert "另有 480 项" in body
    assert body.startswith("您有 500 项待办，其中 500 项已逾期")


async def test_deliveries_are_for_the_career_centre(posted: Posted) -> None:
    assert (await posted.product.get("/deliveries", "admin")).status == 200
    for actor in ("mentor-mail", "college", "counselor"):
        assert (await posted.product.get("/deliveries", actor)).status == 403
