"""Running products for the benchmarks."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, get_args

import aiohttp
import httpx
from temporalio.client import Client

from bench.plain import ACTOR_HEADER
from bench.section import Ground
from cli.with_parent import command_with_parent
from samples.graduates import vocabulary
from services.cores import core_of
from services.database import create_engine_from
from services.rate_limits import Kind
from services.settings import Settings
from services.sign_on.local import LocalSessions
from services.temporal import connect
from services.vault import Vault

_STAFF: tuple[dict[str, Any], ...] = (
    {"id": "counselor", "name": "辅导员", "role": "counselor", "department_id": "cs"},
    {"id": "college", "name": "学院负责人", "role": "department_supervisor", "department_id": "cs"},
    {"id": "mentor", "name": "导师", "role": "mentor", "department_id": "cs"},
)
# One mentor stands for many.
_STANDARDS = """extends: national
id: bench
version: 1
title: 测量用服务标准
provinces: ["*"]
pairing: {hard_cap: 10000}
"""
_READY_SECONDS = 120
_END_SECONDS = 20
_ANSWER_SECONDS = 60
COLLEGE = vocabulary().colleges[0].name
ROSTER = (
    "student_no",
    "name",
    "sex",
    "id_number",
    "phone",
    "department",
    "major",
    "graduates_on",
    "hardship",
)
"""Columns of the rosters that are imported to measure."""
ZHUHANG = str(Path(sys.executable).with_name("zhuhang"))


class Side:
    """One way to ask a product over HTTP. What is measured is asked by `calls`, whose client takes a sixth of the
    processor time of the other one, which is for all the rest: the client is no part of what is measured, and runs on
    the same cores."""

    http: httpx.AsyncClient
    calls: aiohttp.ClientSession
    # Answers that promised what the ledger did not show yet.
    unwritten: int = 0

    def bearer(self, actor: str) -> dict[str, str]:
        """The header that says who asks."""
        raise NotImplementedError

    async def post(self, path: str, actor: str, body: Any) -> dict[str, Any]:
        """Post JSON as an actor; anything but success ends the benchmark."""
        async with self.calls.post(f"/api/v1{path}", headers=self.bearer(actor), json=body) as answer:
            content = await answer.read()
        self.unwritten += answer.status == HTTPStatus.ACCEPTED
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.status} {content.decode()}")
        return json.loads(content)

    async def furnish(self) -> None:
        """A college and the people who act in it."""
        await self.post("/departments", "admin", {"id": "cs", "name": COLLEGE})
        for person in _STAFF:
            await self.post("/staff", "admin", person)


@dataclass
class Plain(Side):
    """The product without its protection (see `bench.plain`)."""

    http: httpx.AsyncClient
    calls: aiohttp.ClientSession

    def bearer(self, actor: str) -> dict[str, str]:
        """The header that is believed."""
        return {ACTOR_HEADER: actor}


@dataclass
class Protected(Side):
    """The product as it is, asked with sessions that its own database knows."""

    http: httpx.AsyncClient
    calls: aiohttp.ClientSession
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
class Product(Protected):
    """The product on the ground of a section, with a client of Temporal that can read its cases."""

    client: Client
    environment: dict[str, str]


@asynccontextmanager
async def clients(base_url: str) -> AsyncGenerator[tuple[httpx.AsyncClient, aiohttp.ClientSession]]:
    """Both clients of a product, until the end of the block."""
    patience = aiohttp.ClientTimeout(_ANSWER_SECONDS)
    async with (
        httpx.AsyncClient(base_url=base_url, timeout=_ANSWER_SECONDS) as http,
        aiohttp.ClientSession(base_url, timeout=patience) as calls,
    ):
        yield http, calls


def own_environment(folder: Path, first_port: int) -> dict[str, str]:
    """The environment of a product with data and ports of its own, which lets one person do the work of many."""
    environment = os.environ | {
        "ZHUHANG_DATA_DIR": str(folder),
        "ZHUHANG_HTTP_PORT": str(first_port),
        "ZHUHANG_TEMPORAL_PORT": str(first_port + 1),
        "ZHUHANG_LOG_FORMAT": "json",
        "DEMO": "0",
        **{f"ZHUHANG_RATE_{kind.upper()}": "1000000/minute" for kind in get_args(Kind)},
    }
    environment.pop("TEMPORAL_ADDRESS", None)
    return environment


def environment_on(ground: Ground, name: str, port: int) -> dict[str, str]:
    """The environment of a product on the ground's servers: new databases, and a school that no other run has used,
    because the Temporal server may outlive the run."""
    folder = ground.folder / name
    folder.mkdir(parents=True)
    (folder / "standards.yaml").write_text(_STANDARDS, encoding="utf-8")
    return own_environment(folder, port) | {
        "ZHUHANG_DATABASE_URL": ground.database(f"{name}_{port}"),
        "ZHUHANG_KEY_DATABASE_URL": ground.database(f"{name}_keys_{port}"),
        "ZHUHANG_SCHOOL_CODE": str(10000 + secrets.randbelow(80000)),
        "ZHUHANG_TASK_QUEUE": f"{name}-{port}",
        "ZHUHANG_POLICY": str(folder / "standards.yaml"),
        "TEMPORAL_ADDRESS": ground.temporal,
    }


def settings_of(environment: dict[str, str]) -> Settings:
    """The settings that a product has in this environment, as far as benchmarks set them."""
    return Settings(
        data_dir=Path(environment["ZHUHANG_DATA_DIR"]),
        http_port=int(environment["ZHUHANG_HTTP_PORT"]),
        database_url=environment["ZHUHANG_DATABASE_URL"],
        key_database_url=environment["ZHUHANG_KEY_DATABASE_URL"],
        school_code=environment["ZHUHANG_SCHOOL_CODE"],
        task_queue=environment["ZHUHANG_TASK_QUEUE"],
        temporal_address=environment["TEMPORAL_ADDRESS"],
    )


@asynccontextmanager
async def product(
    ground: Ground, name: str = "product", *, port: int = 0, more: dict[str, str] | None = None
) -> AsyncGenerator[Product]:
    """`zhuhang up` on the ground's servers with an empty ledger, until the end of the block. `port` counts from the
    ground's first one; `more` is added to the environment."""
    environment = environment_on(ground, name, ground.first_port + port) | (more or {})
    settings = settings_of(environment)
    with running([ZHUHANG, "up"], environment, ground.folder / name / "up.log") as process:
        async with clients(settings.base_url) as (http, calls):
            await ready(http, process)
            client = await connect(settings, Vault.of(settings))
            found = Product(http, calls, settings, client=client, environment=environment)
            await found.furnish()
            yield found


@asynccontextmanager
async def api_alone(ground: Ground, name: str, *, port: int = 0) -> AsyncGenerator[Product]:
    """The API on the ground's servers with an empty ledger, whose workers are started apart."""
    environment = environment_on(ground, name, ground.first_port + port)
    settings = settings_of(environment)
    subprocess.run([ZHUHANG, "setup"], env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603, ASYNC221
    with running(part("api", settings, 1), environment, ground.folder / name / "api.log") as process:
        async with clients(settings.base_url) as (http, calls):
            await ready(http, process, "/healthz")
            client = await connect(settings, Vault.of(settings))
            found = Product(http, calls, settings, client=client, environment=environment)
            await found.furnish()
            yield found


@asynccontextmanager
async def plain_product(ground: Ground, *, port: int = 4) -> AsyncGenerator[Plain]:
    """The product without its protection, on the same servers."""
    environment = environment_on(ground, "plain", ground.first_port + port)
    folder, command = ground.folder / "plain", [sys.executable, "-m", "bench.plain"]
    subprocess.run([*command, "setup"], env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603, ASYNC221
    settings = settings_of(environment)
    with (
        running(part("worker", settings, 0, command), environment, folder / "worker.log"),
        running(part("api", settings, 1, command), environment, folder / "api.log") as api,
    ):
        async with clients(f"http://127.0.0.1:{ground.first_port + port}") as (http, calls):
            await ready(http, api)
            found = Plain(http, calls)
            await found.furnish()
            yield found


def part(name: str, settings: Settings, number: int, command: Sequence[str] = (ZHUHANG,)) -> list[str]:
    """The command line of a worker or API, which keeps to a core as with `zhuhang up`; `number` counts from 0."""
    return command_with_parent([*command, name], core=core_of(settings, number))


@contextmanager
def running(
    command: Sequence[str], environment: dict[str, str], log: Path
) -> Generator["subprocess.Popen[bytes]"]:
    """A part in a process group of its own, until the end of the block."""
    with log.open("wb") as words:
        process = start(command, environment, words)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start(command: Sequence[str], environment: dict[str, str], log: Any) -> "subprocess.Popen[bytes]":
    """Start a part in a process group of its own."""
    return subprocess.Popen(  # noqa: S603
        command, env=environment, stdout=log, stderr=log, start_new_session=True
    )


async def ready(http: httpx.AsyncClient, process: "subprocess.Popen[bytes]", path: str = "/readyz") -> None:
    """Wait until every part answers, or with `/healthz` the API alone. Raises RuntimeError when it has
    ended."""
    async with asyncio.timeout(_READY_SECONDS):
        while process.poll() is None:
            try:
                if (await http.get(path)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)
    raise RuntimeError("the product did not start; see its logs")
