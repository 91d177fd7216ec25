"""The installation that is struck, in a folder of its own: the cluster of `deploy/local`, or `zhuhang up`."""

import asyncio
import json
import os
import shlex
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import httpx

from bench.chaos.plan import Parts
from deploy.local.place import APIS, WORKERS
from deploy.local.temporal_config import SERVICES
from services.rate_limits import Kind

_READY_SECONDS = 600
_ENDS_SECONDS = 60
_POLICY = Path(__file__).with_name("policy.yaml")
_EMBEDDED = ("temporal", "worker", "api")
_CLUSTER = (
    "postgres",
    *(f"temporal-{service}" for service in SERVICES),
    *(f"worker-{number + 1}" for number in range(WORKERS)),
    *(f"api-{number + 1}" for number in range(APIS)),
    "proxy",
)


@dataclass
class Target:
    """A running installation."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]
    parts: Parts
    base_url: str
    pids: Callable[[], Mapping[str, int]]

    def pid(self, part: str) -> int | None:
        """The process that is this part now; None while there is none."""
        return self.pids().get(part)

    async def ready(self) -> None:
        """Wait until every part answers. Raises RuntimeError when the installation has ended."""
        async with (
            asyncio.timeout(_READY_SECONDS),
            httpx.AsyncClient(base_url=self.base_url, timeout=10) as http,
        ):
            while self.process.poll() is None:
                with suppress(httpx.TransportError):
                    if (await http.get("/readyz")).is_success:
                        return
                await asyncio.sleep(0.2)
        raise RuntimeError(f"the installation ended; see {self.folder}")

    async def zhuhang(self, *words: str) -> dict[str, Any]:
        """The document that a command of the command line prints. Raises RuntimeError when it prints none."""
        command = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("zhuhang"),
            *words,
            "--json",
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await command.communicate()
        if not output:
            raise RuntimeError(f"zhuhang {' '.join(words)}: {errors.decode()}")
        return json.loads(output)


def chaos_environment(mail_port: int, policy: Path = _POLICY) -> dict[str, str]:
    """Settings of an installation whose standards count seconds, whose mail goes to our server, and which lets a few
    people do the work of many."""
    environment = os.environ | {
        "DEMO": "0",
        "ZHUHANG_POLICY": str(policy),
        "ZHUHANG_NOTIFY_URLS": f"mailto://127.0.0.1:{mail_port}?from=zhuhang@chaos.example&to={{email}}",
        "ZHUHANG_DELIVERY_ATTEMPTS": "20",
        "ZHUHANG_DELIVERY_RETRY_SECONDS": "1",
        "ZHUHANG_LOG_FORMAT": "json",
        **{f"ZHUHANG_RATE_{kind.upper()}": "1000000/minute" for kind in get_args(Kind)},
    }
    environment.pop("TEMPORAL_ADDRESS", None)
    return environment


@asynccontextmanager
async def cluster(folder: Path, first_port: int, mail_port: int) -> AsyncGenerator[Target]:
    """The production form in a folder, on twenty-two ports."""
    environment = chaos_environment(mail_port)
    command = [sys.executable, "-m", "deploy.local", "up", "--dir", str(folder), "--port", str(first_port)]
    with _running(command, environment, folder.parent) as process:
        target = Target(
            folder=folder,
            process=process,
            environment=environment,
            parts=Parts(names=_CLUSTER),
            base_url=f"http://127.0.0.1:{first_port}",
            pids=lambda: json.loads((folder / "parts.json").read_bytes()),
        )
        await target.ready()
        lines = (folder / "cluster.env").read_text().splitlines()
        target.environment |= dict(word.split("=", 1) for line in lines for word in shlex.split(line))
        yield target


@asynccontextmanager
async def embedded(
    folder: Path, first_port: int, mail_port: int, policy: Path = _POLICY
) -> AsyncGenerator[Target]:
    """`zhuhang up` in a folder, on three ports, under standards that count seconds."""
    environment = chaos_environment(mail_port, policy) | {
        "ZHUHANG_DATA_DIR": str(folder),
        "ZHUHANG_HTTP_PORT": str(first_port),
        "ZHUHANG_TEMPORAL_PORT": str(first_port + 1),
        "ZHUHANG_TEMPORAL_UI_PORT": str(first_port + 2),
    }
    command = [str(Path(sys.executable).with_name("zhuhang")), "up"]
    with _running(command, environment, folder.parent) as process:
        target = Target(
            folder=folder,
            process=process,
            environment=environment,
            parts=Parts(names=_EMBEDDED),
            base_url=f"http://127.0.0.1:{first_port}",
            pids=lambda: _children_of(process.pid),
        )
        await target.ready()
        yield target


def _children_of(pid: int) -> Mapping[str, int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found: dict[str, int] = {}
    for child in children:
        with suppress(FileNotFoundError, ProcessLookupError):
            program, *words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            # One that has just ended, or begins only now, has no name yet.
            name = "temporal" if program.endswith(b"temporal") else b"".join(words[1:2]).decode()
            if name in _EMBEDDED:
                found[name] = int(child)
    return found


FORMS = {"cluster": cluster, "embedded": embedded}


class _running:  # noqa: N801  (a context manager)
    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "chaos-target.log").open("wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603

    def __enter__(self) -> "subprocess.Popen[bytes]":
        return self._process

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        self._process.wait(_ENDS_SECONDS)
