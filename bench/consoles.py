"""`python -m bench.consoles`: one API process with many open consoles; writes `bench/results/consoles.json` and
prints a table.

Every console is what a browser keeps: the page and its socket, which takes what the server sends and acknowledges it.
Half of them show My work, half a case. One real browser opens and closes a form meanwhile, and a case changes each
second.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any, TypedDict, cast
from urllib.parse import urlencode

import httpx
import socketio
from playwright.async_api import Page, async_playwright
from rich.console import Console
from rich.table import Table

from bench.installation import Protected, clients, own_environment, ready, start
from bench.life import ASSIGN, CONFIRM
from cli.clean_exit import run_and_leave
from services.settings import Settings

RESULTS = Path(__file__).parent / "results" / "consoles.json"
FIRST_PORT = 18800
LEVELS = (1, 50, 200)
CHROMIUM = "/usr/bin/chromium"
_CASES = 20
_ACK_SECONDS = 3.0
_PAUSE_SECONDS = 0.3
_QUERY = re.compile(
    r"""query: \{.*?client_id["']: ["'](?P<client>[^"']+)["'].*?next_message_id["']: (?P<next>\d+)"""
)
_TICKS = os.sysconf("SC_CLK_TCK")

# In the page itself, so that nothing of the driver is measured: from the click to the form on the screen.
_CLICK = """async () => {
  const painted = () => new Promise((done) => requestAnimationFrame(done));
  const button = [...document.querySelectorAll('button')].find((found) => found.innerText.trim() === '添加备注');
  const began = performance.now();
  button.click();
  while (!document.querySelector('.sheet-title')) await painted();
  const taken = performance.now() - began;
  while (!document.querySelector('.sheet-end button')) await painted();
  document.querySelector('.sheet-end button').click();
  while (document.querySelector('.sheet-title')) await painted();
  return taken / 1000;
}"""


class Level(TypedDict):
    """With so many consoles open: seconds from a click to the open form, memory of the API process (MiB), and its
    processor time as a share of one core, while a case changes each second."""

    consoles: int
    click_p50: float
    click_p99: float
    resident_mib: float
    processor: float


class Open:
    """One open console: a page that was loaded, and its socket."""

    def __init__(self, http: httpx.AsyncClient, secret: str, path: str) -> None:
        self._http, self._path = http, path
        self._cookie = {"Cookie": f"zhuhang_session={secret}"}
        self._socket = socketio.AsyncClient(reconnection=False)
        self._socket.on("*", self._take)
        self._next = 0
        self._client_id = ""
        self._acks: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Load the page and connect, as its script does. Raises RuntimeError when there is no such page."""
        answer = await self._http.get(f"/console{self._path}", headers=self._cookie)
        found = _QUERY.search(answer.text)
        if answer.status_code != HTTPStatus.OK or found is None:
            raise RuntimeError(f"{self._path}: {answer.status_code}")
        self._client_id, self._next = found["client"], int(found["next"])
        query = {
            "client_id": self._client_id,
            "next_message_id": self._next,
            "implicit_handshake": "true",
            "tab_id": str(uuid.uuid4()),
            "document_id": str(uuid.uuid4()),
        }
        await self._socket.connect(
            f"{self._http.base_url}?{urlencode(query)}",
            headers=self._cookie,
            transports=["websocket"],
            socketio_path="/console/_nicegui_ws/socket.io",
        )
        self._acks = asyncio.create_task(self._acknowledge())

    async def close(self) -> None:
        """Leave."""
        if self._acks is not None:
            self._acks.cancel()
        await self._socket.disconnect()

    def _take(self, _event: str, message: Any = None) -> None:
        if isinstance(message, dict):
            number = cast("dict[str, object]", message).get("_id")
            self._next = number + 1 if isinstance(number, int) else self._next

    async def _acknowledge(self) -> None:
        while True:
            await asyncio.sleep(_ACK_SECONDS)
            said = {"client_id": self._client_id, "next_message_id": self._next}
            await self._socket.emit("ack", said)


@asynccontextmanager
async def product(folder: Path) -> AsyncGenerator[tuple[Protected, int]]:
    """`zhuhang up` with an empty ledger, and the process that answers."""
    environment = own_environment(folder, FIRST_PORT)
    settings = Settings(data_dir=folder, http_port=FIRST_PORT, temporal_port=FIRST_PORT + 1)
    with (folder / "up.log").open("wb") as log:
        process = start([str(Path(sys.executable).parent / "zhuhang"), "up"], environment, log)
        try:
            async with clients(settings.base_url) as (http, calls):
                await ready(http, process)
                running = Protected(http, calls, settings)
                await running.furnish()
                yield running, _api_of(process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _api_of(supervisor: int) -> int:
    for child in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split():
        if b"api" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[1:3]:
            return int(child)
    raise RuntimeError("there is no process of the API")


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def cases(running: Protected) -> list[str]:
    """Some files in the care of one mentor."""
    found: list[str] = []
    for number in range(_CASES):
        draft = {
            "student_no": f"C{number:07d}",
            "name": f"测试{number}",
            "department_id": "cs",
            "phone": f"100{number:08d}",
            "hardship_types": ["LIFTED_POVERTY"],
        }
        case_id: str = (await running.post("/cases", "counselor", draft))["case_id"]
        for command in (CONFIRM, ASSIGN):
            await running.post(f"/cases/{case_id}/commands", "college", command)
        found.append(case_id)
    return found


async def _change(running: Protected, case_ids: Sequence[str]) -> None:
    note = {"type": "annotate", "text": "电话联系"}
    for number in count():
        await running.post(f"/cases/{case_ids[number % len(case_ids)]}/commands", "mentor", note)
        await asyncio.sleep(1)


async def measured(
    running: Protected, api: int, page: Page, case_ids: Sequence[str], clicks: int
) -> list[Level]:
    """Open more and more consoles, and look at each level."""
    secret = running.bearer("mentor")["Authorization"].removeprefix("Bearer ")
    found: list[Level] = []
    consoles: list[Open] = []
    try:
        for level in LEVELS:
            # The real browser is one of them.
            while len(consoles) < level - 1:
                number = len(consoles)
                path = "/work" if number % 2 else f"/cases/{case_ids[number % len(case_ids)]}"
                consoles.append(Open(running.http, secret, path))
                await consoles[-1].open()
            changing = asyncio.create_task(_change(running, case_ids))
            began, spent = time.perf_counter(), _processor_seconds(api)
            taken: list[float] = []
            for _number in range(clicks):
                taken.append(await page.evaluate(_CLICK))
                await asyncio.sleep(_PAUSE_SECONDS)
            taken.sort()
            seconds = time.perf_counter() - began
            changing.cancel()
            found.append(
                Level(
                    consoles=level,
                    click_p50=statistics.median(taken),
                    click_p99=taken[min(len(taken) - 1, int(len(taken) * 0.99))],
                    resident_mib=_resident_mib(api),
                    processor=(_processor_seconds(api) - spent) / seconds,
                )
            )
            Console(stderr=True).print(found[-1])
    finally:
        await asyncio.gather(*(console.close() for console in consoles), return_exceptions=True)
    return found


async def run(clicks: int) -> dict[str, Any]:
    """All of it."""
    with tempfile.TemporaryDirectory() as folder:
        async with product(Path(folder)) as (running, api), async_playwright() as playwright:
            case_ids = await cases(running)
            options = ["--no-sandbox", "--disable-gpu"]
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=options)
            context = await browser.new_context(base_url=str(running.http.base_url))
            secret = running.bearer("mentor")["Authorization"].removeprefix("Bearer ")
            await context.add_cookies(
                [{"name": "zhuhang_session", "value": secret, "domain": "127.0.0.1", "path": "/"}]
            )
            page = await context.new_page()
            await page.goto(f"/console/cases/{case_ids[0]}")
            await page.wait_for_function("window.did_handshake === true")
            # What is read once by the process or the browser is not a console's.
            for _number in range(5):
                await page.evaluate(_CLICK)
            levels = await measured(running, api, page, case_ids, clicks)
            await browser.close()
    first, last = levels[0], levels[-1]
    return {
        "levels": levels,
        "mib_per_console": (last["resident_mib"] - first["resident_mib"])
        / (last["consoles"] - first["consoles"]),
        "click_p50_ratio": last["click_p50"] / first["click_p50"],
        "load_average": os.getloadavg(),
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def main() -> int:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(prog="bench.consoles", description=__doc__)
    parser.add_argument("--clicks", type=int, default=40)
    results = asyncio.run(run(parser.parse_args().clicks))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1), encoding="utf-8")
    table = Table("consoles", "click p50 (ms)", "click p99 (ms)", "memory (MiB)", "processor (of one core)")
    for level in results["levels"]:
        table.add_row(
            str(level["consoles"]),
            f"{level['click_p50'] * 1000:.0f}",
            f"{level['click_p99'] * 1000:.0f}",
            f"{level['resident_mib']:.0f}",
            f"{level['processor']:.0%}",
        )
    Console().print(table)
    Console().print(
        f"{results['mib_per_console']:.2f} MiB a console; click p50 of {LEVELS[-1]} over 1: "
        f"{results['click_p50_ratio']:.2f}"
    )
    return 0


if __name__ == "__main__":
    run_and_leave(main)
