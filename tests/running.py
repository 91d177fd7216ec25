"""The whole product as processes, as `make run` starts it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

import httpx

from services.database import create_engine_from
from services.rate_limits import Kind
from services.settings import Settings, load_settings
from services.sign_on.local import LocalSessions
from services.vault import Vault
from tests.product import PATIENCE, free_port

ZHUHANG = Path(sys.executable).parent / "zhuhang"


@dataclass
class Running:
    """The whole product as `make run` starts it."""

    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]
    http: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict[str, str])

    def bearer(self, actor: str) -> dict[str, str]:
        """The header of a session as this actor, begun once for the whole test."""
        if actor not in self.tokens:
            settings = self.settings()
            engine, vault = create_engine_from(settings), Vault.of(settings)
            self.tokens[actor] = LocalSessions(engine, settings, vault).token(actor, timedelta(hours=24))
            engine.dispose()
            vault.store.close()
        return {"Authorization": f"Bearer {self.tokens[actor]}"}

    def settings(self) -> Settings:
        """The settings that its parts have."""
        with patch.dict(os.environ, self.environment, clear=True):
            return load_settings()

    async def ready(self, seconds: float = 90) -> None:
        """Wait until every part answers."""
        async with asyncio.timeout(seconds):
            while self.process.poll() is None:
                try:
                    if (await self.http.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError(f"the product ended with {self.process.returncode}")

    async def post(self, path: str, actor: str, body: Any, key: str) -> httpx.Response:
        """Post until somebody answers for good: a part that is away is asked again with the same key."""
        headers = self.bearer(actor) | {"Idempotency-Key": key}
        async with asyncio.timeout(90):
            while True:
                try:
                    answer = await self.http.post(f"/api/v1{path}", headers=headers, json=body)
                    if answer.status_code not in (502, 503):
                        return answer
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)

    async def kill(self, part: str) -> None:
        """SIGKILL to one part, once it is there: it may be on its way back from the last time."""
        async with asyncio.timeout(60):
            while (child := self._child(part)) is None:  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.05)
        os.kill(child, signal.SIGKILL)

    def _child(self, part: str) -> int | None:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            try:
                command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if part.encode() in command[1:3] or (part == "temporal" and command[0].endswith(b"temporal")):
                return int(child)
        return None

    async def zhuhang(self, *words: str) -> tuple[int, str, str]:
        """The command line against this product: exit status, output, error output."""
        command = await asyncio.create_subprocess_exec(
            ZHUHANG,
            *words,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(command.communicate(), 90)
        assert command.returncode is not None
        return command.returncode, output.decode(), errors.decode()

    async def zhuhang_json(self, *words: str) -> tuple[int, Any]:
        """The same with `--json`: exit status and document."""
        status, output, errors = await self.zhuhang(*words, "--json")
        assert output, errors
        return status, json.loads(output)


@asynccontextmanager
async def running_processes(folder: Path, **settings: str) -> AsyncGenerator[Running]:
    """The product on ports of its own, with an empty ledger; `settings` are variables of the environment."""
    with _started(folder, settings) as (environment, process):
        address = f"http://127.0.0.1:{environment['ZHUHANG_HTTP_PORT']}"
        async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as http:
            product = Running(process, environment, http)
            await product.ready()
            yield product


@contextmanager
def _started(
    folder: Path, settings: dict[str, str]
) -> Generator[tuple[dict[str, str], "subprocess.Popen[bytes]"]]:
    environment = os.environ | {
        "ZHUHANG_DATA_DIR": str(folder / "data"),
        "ZHUHANG_HTTP_PORT": str(free_port()),
        "ZHUHANG_TEMPORAL_PORT": str(free_port()),
        "ZHUHANG_TEMPORAL_UI_PORT": str(free_port()),
        "DEMO": "0",
        # One person does the work of many.
        **{f"ZHUHANG_RATE_{kind.upper()}": "1000000/minute" for kind in get_args(Kind)},
        **settings,
    }
    environment.pop("TEMPORAL_ADDRESS", None)
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen([ZHUHANG, "up"], env=environment, stdout=log, stderr=log)  # noqa: S603
    try:
        yield environment, process
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
