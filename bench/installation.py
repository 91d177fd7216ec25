"""A running product for the benchmarks, with a bare worker beside it on the same Temporal server."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import httpx
from temporalio.client import Client

from bench.plain import ACTOR_HEADER
from samples.graduates import vocabulary
from services.database import create_engine_from
from services.rate_limits import Kind
from services.settings import Settings
from services.sign_on.local import LocalSessions
from services.temporal import connect
from services.vault import Vault

_STAFF: tuple[dict[str, Any], ...] = (
    {"id": "counselor", "name": "辅导员", "role": "counselor", "department_id": "cs"},
    {"id": "college", "name": "学院负责人", "role": "department_supervisor", "department_id": "cs"},
    {"id": "mentor", "name": "导师", "role": "mentor", "department_id": "cs", "capacity": 1000},
)
_READY_SECONDS = 600
COLLEGE = vocabulary().colleges[0].name


class Side:
    """One way to ask an installation over HTTP."""

    http: httpx.AsyncClient

    def bearer(self, actor: str) -> dict[str, str]:
        """The header that says who asks."""
        raise NotImplementedError

    async def post(self, path: str, actor: str, body: Any) -> dict[str, Any]:
        """Post JSON as an actor; anything but success ends the benchmark."""
        answer = await self.http.post(f"/api/v1{path}", headers=self.bearer(actor), json=body)
        if answer.status_code not in (200, 201):
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return json.loads(answer.content)

    async def furnish(self) -> None:
        """A college and the people who act in it."""
        await self.post("/departments", "admin", {"id": "cs", "name": COLLEGE})
        for person in _STAFF:
            await self.post("/staff", "admin", person)


@dataclass
class Plain(Side):
    """The product without its protection (see `bench.plain`)."""

    http: httpx.AsyncClient

    def bearer(self, actor: str) -> dict[str, str]:
        """The header that is believed."""
        return {ACTOR_HEADER: actor}


@dataclass
class Protected(Side):
    """The product as it is, asked with sessions that its own database knows."""

    http: httpx.AsyncClient
    settings: Settings
    tokens: dict[str, str] = field(default_factory=dict[str, str])

    def bearer(self, actor: str) -> dict[str, str]:
        """The header of a session as this actor, begun once."""
        if actor not in self.tokens:
            engine = create_engine_from(self.settings)
            self.tokens[actor] = LocalSessions(engine, self.settings).token(actor, timedelta(hours=24))
            engine.dispose()
        return {"Authorization": f"Bearer {self.tokens[actor]}"}


@dataclass(kw_only=True)
class Installation(Protected):
    """The product over HTTP, the same without its protection, and clients of its Temporal server with and without
    its encryption."""

    plain: Plain
    client: Client
    bare: Client


def own_environment(folder: Path, first_port: int) -> dict[str, str]:
    """The environment of a product with data and ports of its own, which lets one person do the work of many."""
    environment = os.environ | {
        "ZHUHANG_DATA_DIR": str(folder),
        "ZHUHANG_HTTP_PORT": str(first_port),
        "ZHUHANG_TEMPORAL_PORT": str(first_port + 1),
        "DEMO": "0",
        **{f"ZHUHANG_RATE_{kind.upper()}": "1000000/minute" for kind in get_args(Kind)},
    }
    environment.pop("TEMPORAL_ADDRESS", None)
    return environment


@asynccontextmanager
async def installation(folder: Path, first_port: int) -> AsyncGenerator[Installation]:
    """`zhuhang up` on ports of its own with an empty ledger, until the end of the block."""
    environment = own_environment(folder, first_port)
    settings = Settings(data_dir=folder, http_port=first_port, temporal_port=first_port + 1)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.log").open("wb") as log:
        parts = [start([str(Path(sys.executable).parent / "zhuhang"), "up"], environment, log)]
        try:
            async with (
                httpx.AsyncClient(base_url=settings.base_url, timeout=60) as http,
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{first_port + 2}", timeout=60) as plain_http,
            ):
                await ready(http, parts[0])
                without = environment | {
                    "ZHUHANG_DATA_DIR": str(folder / "plain"),
                    "ZHUHANG_HTTP_PORT": str(first_port + 2),
                    "ZHUHANG_SCHOOL_CODE": "99998",
                    "ZHUHANG_TASK_QUEUE": "plain",
                    "TEMPORAL_ADDRESS": settings.temporal_target,
                }
                (folder / "plain").mkdir()
                plain_part = [sys.executable, "-m", "bench.plain"]
                subprocess.run([*plain_part, "migrate"], env=without, stdout=log, stderr=log, check=True)  # noqa: S603, ASYNC221
                parts += [start([*plain_part, part], without, log) for part in ("worker", "api")]
                await ready(plain_http, parts[-1])
                bare = [sys.executable, "-m", "bench.bare", settings.temporal_target]
                parts.append(start(bare, environment, log))
                client = await connect(settings, Vault.of(settings))
                without_converter = await Client.connect(settings.temporal_target)
                running = Installation(
                    http, settings, plain=Plain(plain_http), client=client, bare=without_converter
                )
                await running.furnish()
                await running.plain.furnish()
                yield running
        finally:
            for part in reversed(parts):
                part.terminate()
            for part in parts:
                part.wait(20)


def start(command: list[str], environment: dict[str, str], log: Any) -> "subprocess.Popen[bytes]":
    """A part of the product in a process group of its own."""
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)  # noqa: S603


async def ready(http: httpx.AsyncClient, product: "subprocess.Popen[bytes]") -> None:
    """Wait until every part answers. Raises RuntimeError when the product has ended."""
    async with asyncio.timeout(_READY_SECONDS):
        while product.poll() is None:
            try:
                if (await http.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)
    raise RuntimeError("the product did not start; see up.log")
