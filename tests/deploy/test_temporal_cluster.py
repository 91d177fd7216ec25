"""The full Temporal server on PostgreSQL."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url, text
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from deploy.local.postgresql import postgresql
from deploy.local.temporal_cluster import find_temporal_server, server_on
from services.namespace import register_namespace
from services.settings import Settings
from tests.conftest import Quiet
from tests.product import PATIENCE, free_port, running_product, settings_for


def ports(amount: int) -> int:
    """The first of so many ports in a row that nobody listens on."""
    while True:
        first = free_port()
        with ExitStack() as stack:
            try:
                for port in range(first, first + amount):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first


@pytest.fixture(scope="module")
def database() -> Generator[str]:
    with postgresql(free_port()) as url:
        yield url


async def test_a_case_lives_over_a_restart_of_the_server(database: str, tmp_path: Path) -> None:
    first = ports(10)
    with server_on(database, tmp_path / "one", first, progress=Quiet()) as address:
        settings = settings_for(tmp_path / "data", address, school="90003")
        async with running_product(settings) as product:
            case_id = await product.paired()
    with server_on(database, tmp_path / "four", first, one_process=False, progress=Quiet()) as address:
        async with running_product(settings) as product:
            answer = await product.accepted(
                case_id, "mentor-1", {"type": "record_assessment", "intention": "省内就业", "risk_level": "C"}
            )
            assert answer["case"]["stage"] == "planning"
            status = await product.get(f"/cases/{case_id}/workflow", "college")
            assert status.body["status"] == "running"


def test_the_postgresql_of_the_packages_takes_temporals_tables() -> None:
    """It has no additional modules, of which Temporal's schema wants one."""
    server = find_temporal_server(Quiet())
    with postgresql(major=18) as url:
        for _ in range(2):
            server.migrate(make_url(url))
        engine = create_engine(make_url(url).set(database="temporal_visibility"))
        with engine.connect() as connection:
            modules = set(connection.scalars(text("SELECT extname FROM pg_extension")))
            indexes = inspect(connection).get_indexes("executions_visibility")
        engine.dispose()
    # Where it has learnt to bring it, the way round is of no more use.
    assert "btree_gin" not in modules
    names = {index["name"] for index in indexes}
    assert {"by_build_ids", "by_keyword_list_01", "by_task_queue"} <= names


async def told(settings: Settings) -> bool:
    with suppress(RPCError):
        return not await register_namespace(settings)
    return False


async def test_the_namespace_keeps_what_has_ended_as_long_as_the_settings_say(temporal_address: str) -> None:
    settings = Settings(temporal_address=temporal_address, temporal_namespace="for-this-test")
    assert await register_namespace(settings)
    assert not await register_namespace(settings)
    settings.temporal_retention_days = 30
    async with asyncio.timeout(PATIENCE):
        # The server looks for new namespaces every few seconds only.
        while not await told(settings):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    client = await Client.connect(temporal_address)
    found = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace="for-this-test"), timeout=timedelta(seconds=PATIENCE)
    )
    assert found.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=30)
