"""`python -m bench`: measures section by section; writes `bench/results/latest.json`, `latest.md` and plots.

Ratios compare figures of the same run on the same servers; single figures depend on the machine.
"""

import argparse
import asyncio
import json
import os
import platform
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import psycopg
from rich.console import Console
from rich.markdown import Markdown
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client

from bench import report
from bench.inside import section
from bench.section import GROUND, Ground, plain_url
from bench.sections import SECTIONS
from bench.servers import servers
from bench.watch import TookTooLongError, adopt_orphans, kill_all_but, run_watched
from cli.clean_exit import run_and_leave

FIRST_PORT = 18700
PORTS_EACH = 40
_WORDS_KEPT = 3000


def machine(postgresql: str, temporal: str) -> dict[str, Any]:
    """What the figures are measured on."""
    with psycopg.connect(plain_url(postgresql)) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()  # pyright: ignore[reportArgumentType, reportCallIssue]
            for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes")
        }

    async def temporal_version() -> str:
        client = await Client.connect(temporal)
        return (await client.workflow_service.get_system_info(GetSystemInfoRequest())).server_version

    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
        "postgresql": {name: value[0] for name, value in shown.items() if value},
        "temporal_server": asyncio.run(temporal_version()),
        "commit": commit.stdout.strip(),
    }


def measured(name: str, ground: Ground) -> report.Outcome:
    """Run a section, whatever becomes of it."""
    found = section(name)
    given, findings, words = (ground.folder / f for f in ("ground.json", "findings.json", "log"))
    given.write_bytes(GROUND.dump_json(ground))
    outcome = report.Outcome(
        status="done",
        about=found.ABOUT,
        seconds=0,
        measured_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        load_average=(os.getloadavg()[0], 0),
        repetitions=ground.repetitions,
    )
    began = time.monotonic()
    with words.open("wb") as log:
        try:
            command = [sys.executable, "-m", "bench.inside", name, str(given), str(findings)]
            if run_watched(command, found.LIMIT_SECONDS, log) == 0:
                outcome["findings"] = json.loads(findings.read_text(encoding="utf-8"))
            else:
                outcome["status"] = "failed"
        except TookTooLongError:
            outcome["status"] = "took_too_long"
    if outcome["status"] != "done":
        outcome["reason"] = words.read_text(encoding="utf-8", errors="replace")[-_WORDS_KEPT:]
    outcome["seconds"] = round(time.monotonic() - began, 1)
    outcome["load_average"] = (outcome["load_average"][0], os.getloadavg()[0])
    return outcome


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", default="", help=f"sections, by commas, of {', '.join(SECTIONS)}")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that a section works")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="for a section")
    parser.add_argument("--first-port", type=int, default=FIRST_PORT)
    parser.add_argument("--postgresql", default="", help="SQLAlchemy URL of a server to use")
    parser.add_argument("--temporal", default="", help="host:port of a server to use")
    parser.add_argument("--keep", type=Path, help="an empty folder for data and logs, which then stay")
    given = parser.parse_args()
    given.only = given.only.split(",") if given.only else list(SECTIONS)
    if unknown := [name for name in given.only if name not in SECTIONS]:
        parser.error(f"no such section: {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return given


def _end(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(143)


def main() -> int:
    """Measure, write, print; 1 when a section has failed."""
    given = arguments()
    console = Console()
    signal.signal(signal.SIGTERM, _end)
    adopt_orphans()
    outcomes: dict[str, report.Outcome] = {}
    try:
        with ExitStack() as stack:
            scratch = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            own = range(given.first_port, given.first_port + PORTS_EACH)
            postgresql, temporal = stack.enter_context(
                servers(scratch, own, given.postgresql, given.temporal)
            )
            # Asked first: a section may leave the servers unable to answer.
            measured_on = machine(postgresql, temporal)
            for number, name in enumerate(given.only, 1):
                console.print(f"{name}: {section(name).ABOUT}")
                (scratch / name).mkdir(parents=True)
                ground = Ground(
                    postgresql=postgresql,
                    temporal=temporal,
                    folder=scratch / name,
                    first_port=own.start + number * PORTS_EACH,
                    repetitions=given.repetitions,
                    run=secrets.token_hex(4),
                    quick=given.quick,
                    options=dict(option.split("=", 1) for option in given.option),
                )
                outcomes[name] = measured(name, ground)
                report.write(report.merged(outcomes, measured_on))
                console.print(f"  {outcomes[name]['status']} in {outcomes[name]['seconds']:.0f} s")
        console.print(Markdown((report.RESULTS / "latest.md").read_text(encoding="utf-8")))
    finally:
        kill_all_but(set())
    return int(any(outcome["status"] != "done" for outcome in outcomes.values()))


if __name__ == "__main__":
    run_and_leave(main)
