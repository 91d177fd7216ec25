"""The production form on one machine, as `make cluster` starts it, for a test."""

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

import httpx

from services.rate_limits import Kind
from tests.product import PATIENCE
from tests.running import Running

PARTS = frozenset(
    {
        "postgres",
        *(f"temporal-{service}" for service in ("frontend", "history", "matching", "worker")),
        *(f"{part}-{number}" for part in ("worker", "api") for number in (1, 2)),
        "proxy",
    }
)


class RunningCluster(Running):
    """A cluster behind its proxy."""

    @property
    def folder(self) -> Path:
        """Where it keeps everything."""
        return Path(self.environment["ZHUHANG_DATA_DIR"]).parent

    @property
    def parts(self) -> dict[str, int]:
        """The process of each part."""
        return json.loads((self.folder / "parts.json").read_bytes())

    async def kill_part(self, part: str) -> None:
        """SIGKILL to one part; returns once it runs anew."""
        before = self.parts[part]
        os.kill(before, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while self.parts[part] == before:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


@asynccontextmanager
async def running_cluster(folder: Path, port: int) -> AsyncGenerator[RunningCluster]:
    """A cluster in the folder, with an empty ledger; ended as by Ctrl-C."""
    environment = os.environ | {
        "DEMO": "0",
        **{f"ZHUHANG_RATE_{kind.upper()}": "1000000/minute" for kind in get_args(Kind)},
    }
    command = [sys.executable, "-m", "deploy.local", "up", "--dir", str(folder), "--port", str(port)]
    with (folder.parent / "cluster.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603, ASYNC220
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as http:
            cluster = RunningCluster(process, environment, http)
            await cluster.ready(240)
            cluster.environment |= dict(
                word.split("=", 1) for word in shlex.split((folder / "cluster.env").read_text())
            )
            yield cluster
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
