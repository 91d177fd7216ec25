"""The servers that the whole test run shares: a real Temporal server, and installations on it."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from services.settings import Settings, SetupError
from services.temporal_health import check_temporal
from services.temporal_server import find_server, server_command
from tests.product import Product, free_port, running_product, settings_for

ROOMY = """
extends: national
id: roomy
version: 1
title: 试验
pairing: {soft_load: 500, hard_cap: 1000, max_proposals: 3}
"""

pytest_plugins = ["tests.clean_exit"]


def pytest_configure() -> None:
    """A run in a script's background ignores Ctrl-C, and so would all that it starts, even what is ended by it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # What a replay could not repeat fails here, before it ships.
    os.environ.setdefault("ZHUHANG_WORKFLOW_SANDBOX", "true")


class Quiet:
    """Progress of getting a server, shown by pytest only when that fails."""

    def say(self, zh: str, en: str) -> None:
        print(zh, en)  # noqa: T201  (pytest shows it when the server cannot be had)

    def busy(self, zh: str, en: str, seconds: float) -> None:
        pass


@pytest.fixture(scope="session")
def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The address of a Temporal development server with a database of its own."""
    folder: Path = tmp_path_factory.mktemp("temporal")
    settings = Settings(data_dir=folder, temporal_port=free_port(), temporal_ui_port=free_port())
    binary = find_server(Quiet()).binary
    with (folder / "temporal.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  (the product's own server)
            server_command(binary, settings), stdout=log, stderr=log, start_new_session=True
        )
    try:
        asyncio.run(_answering(settings, process))
        yield settings.temporal_target
    finally:
        process.terminate()
        process.wait(20)


async def _answering(settings: Settings, process: "subprocess.Popen[bytes]") -> None:
    async with asyncio.timeout(60):
        while process.poll() is None:
            try:
                await check_temporal(settings)
            except SetupError:
                await asyncio.sleep(0.1)
            else:
                return
    raise AssertionError(f"the Temporal server ended with {process.returncode}")


@pytest.fixture(scope="session")
async def product(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Product]:
    """An installation with the general service standards: nothing falls due while a test runs, and its mentors
    have room for all the tests."""
    folder = tmp_path_factory.mktemp("product")
    settings = settings_for(folder, temporal_address, school="90001")
    settings.policy = folder / "roomy.yaml"
    settings.policy.write_text(ROOMY, encoding="utf-8")
    async with running_product(settings) as running:
        yield running


@pytest.fixture(scope="session")
async def quick(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Product]:
    """An installation with service standards in seconds: every timer is seen firing."""
    folder = tmp_path_factory.mktemp("quick")
    settings = settings_for(folder, temporal_address, school="90002", policy="seconds")
    async with running_product(settings) as running:
        yield running
