"""`python -m deploy.local.restore_drill`: back a cluster up under load, destroy it, restore it, and tell what is left.

Exit status 1 unless everything acknowledged before the backup began is there, every ledger is that of its workflow
after one `verify --repair`, and the audit is whole. Writes a report as JSON.
"""

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cli.clean_exit import run_and_leave
from deploy.local.backup import back_up, restore
from deploy.local.place import ClusterPlace

_READY_SECONDS = 600
_DEPARTMENT, _COUNSELOR, _ADMINISTRATOR = "drill", "counselor-drill", "admin"
_ATTACHED_TO_EVERY = 5


@dataclass
class Acknowledged:
    """What the installation said it had taken, and when (monotonic seconds)."""

    notes: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])
    files: dict[str, tuple[str, str, float]] = field(default_factory=dict[str, tuple[str, str, float]])


class Installation:
    """A running cluster and its people."""

    def __init__(self, place: ClusterPlace, http: httpx.AsyncClient) -> None:
        self.place = place
        self._http = http
        self._tokens: dict[str, str] = {}

    async def zhuhang(self, *words: str) -> dict[str, Any]:
        """The document that a command prints."""
        command = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("zhuhang"),
            *words,
            "--json",
            env=os.environ | self.place.environment(),
            stdout=asyncio.subprocess.PIPE,
        )
        return json.loads((await command.communicate())[0])

    async def sign_on(self, *actors: str) -> None:
        """Have sessions of these people at hand."""
        for actor in actors:
            self._tokens[actor] = (await self.zhuhang("token", "create", "--as", actor, "--hours", "2"))[
                "token"
            ]

    async def ask(self, method: str, path: str, actor: str = _COUNSELOR, **content: Any) -> httpx.Response:
        """A request, repeated under its key until somebody answers for good."""
        headers = {"Authorization": f"Bearer {self._tokens[actor]}", "Idempotency-Key": str(uuid.uuid4())}
        while True:
            with suppress(httpx.TransportError):
                answer = await self._http.request(method, f"/api/v1{path}", headers=headers, **content)
                if answer.status_code not in (429, 502, 503):
                    return answer.raise_for_status()
            await asyncio.sleep(0.1)


@asynccontextmanager
async def running(
    place: ClusterPlace, log: Path
) -> AsyncGenerator[tuple[Installation, "subprocess.Popen[bytes]"]]:
    """The cluster, with an empty ledger at first and without limits on how often one person may ask."""
    command = [sys.executable, "-m", "deploy.local", "up"]
    where = ["--dir", str(place.folder), "--port", str(place.port)]
    unhurried = {f"ZHUHANG_RATE_{kind}": "1000000/minute" for kind in ("ADDRESS", "ACCOUNT", "UPLOAD")}
    with log.open("ab") as written:
        process = subprocess.Popen(  # noqa: S603, ASYNC220
            [*command, *where], env=os.environ | unhurried | {"DEMO": "0"}, stdout=written, stderr=written
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{place.port}", timeout=60) as http:
            async with asyncio.timeout(_READY_SECONDS):
                while not await _ready(http):
                    if process.poll() is not None:
                        raise RuntimeError(f"the cluster ended; see {log}")
                    await asyncio.sleep(0.2)
            yield Installation(place, http), process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


async def _ready(http: httpx.AsyncClient) -> bool:
    with suppress(httpx.TransportError):
        return (await http.get("/readyz")).is_success
    return False


async def furnish(installation: Installation, cases: int) -> list[str]:
    """A college, a counselor, and the files of graduates who cannot exist."""
    await installation.sign_on(_ADMINISTRATOR)
    department = {"id": _DEPARTMENT, "name": "演练学院"}
    counselor = {"id": _COUNSELOR, "name": "演练辅导员", "role": "counselor", "department_id": _DEPARTMENT}
    await installation.ask("POST", "/departments", _ADMINISTRATOR, json=department)
    await installation.ask("POST", "/staff", _ADMINISTRATOR, json=counselor)
    await installation.sign_on(_COUNSELOR)

    async def opened(number: int) -> str:
        draft = {
            "student_no": f"D{number:07d}",
            "name": "张小三",
            "department_id": _DEPARTMENT,
            "phone": f"100{number:08d}",
            "hardship_types": ["LIFTED_POVERTY"],
        }
        return (await installation.ask("POST", "/cases", json=draft)).json()["case_id"]

    return [await opened(number) for number in range(cases)]


async def work(
    installation: Installation, cases: list[str], taken: Acknowledged, stop: asyncio.Event
) -> None:
    """Notes, and now and then a file, in one case after the other."""
    number = 0
    while not stop.is_set():
        number += 1
        case_id = cases[number % len(cases)]
        text = f"#{uuid.uuid4()}#"
        command = {"type": "annotate", "text": text}
        await installation.ask("POST", f"/cases/{case_id}/commands", json=command)
        taken.notes[text] = (case_id, time.monotonic())
        if number % _ATTACHED_TO_EVERY == 0:
            content = b"%PDF-1.7\n" + os.urandom(20_000)
            given: dict[str, Any] = {
                "files": {"file": ("a.pdf", content)},
                "data": {"kind": "labor_contract"},
            }
            answer = await installation.ask("POST", f"/cases/{case_id}/attachments", **given)
            digest = hashlib.sha256(content).hexdigest()
            taken.files[answer.json()["id"]] = (case_id, digest, time.monotonic())


async def notes_of(installation: Installation, case_id: str) -> set[str]:
    """The notes in a case's timeline."""
    found: set[str] = set()
    cursor = ""
    while True:
        query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = (await installation.ask("GET", f"/cases/{case_id}/timeline", params=query)).json()
        found |= {entry["data"]["text"] for entry in page["items"] if entry["type"] == "annotated"}
        if not (cursor := page["next_cursor"]):
            return found


async def is_whole(installation: Installation, file_id: str, case_id: str, digest: str) -> bool:
    """Whether a file is there and holds what was sent."""
    with suppress(httpx.HTTPStatusError):
        answer = await installation.ask("GET", f"/cases/{case_id}/attachments/{file_id}")
        return hashlib.sha256(answer.content).hexdigest() == digest
    return False


async def judged(
    installation: Installation, taken: Acknowledged, began: float, ended: float
) -> dict[str, Any]:
    """What became of everything that was acknowledged, by when that was."""
    await installation.sign_on(_COUNSELOR)
    there: set[str] = set()
    for case_id in {case_id for case_id, _ in taken.notes.values()}:
        there |= await notes_of(installation, case_id)
    names = ("before", "lost", "during", "during_kept", "after", "after_kept")
    counts: dict[str, int] = dict.fromkeys(names, 0)
    for text, (_, at) in taken.notes.items():
        when = "before" if at < began else "during" if at < ended else "after"
        counts[when] += 1
        counts["lost"] += when == "before" and text not in there
        if when != "before":
            counts[f"{when}_kept"] += text in there
    early = [(id_, case, digest) for id_, (case, digest, at) in taken.files.items() if at < began]
    lost = [id_ for id_, case, digest in early if not await is_whole(installation, id_, case, digest)]
    # A command that was under way may have reached the ledger and not its workflow; its sender was told nothing.
    first = await installation.zhuhang("verify", "--repair")
    verified = await installation.zhuhang("verify")
    audit = await installation.zhuhang("audit", "verify")
    return {
        **{f"acknowledged_{name}" if name != "lost" else name: count for name, count in counts.items()},
        "files_before": len(early),
        "files_lost": len(lost),
        "cases": verified["cases"],
        "differing_at_first": first["differing"],
        "differing": verified["differing"],
        "audit_entries": audit["entries"],
        "audit_problems": audit["problems"],
    }


async def drill(folder: Path, port: int, *, cases: int, seconds: float, clients: int) -> dict[str, Any]:
    """The whole of it, in a folder that is empty; the report."""
    old, new = ClusterPlace(folder / "old", port), ClusterPlace(folder / "new", port)
    backup, keys = folder / "backup", folder / "master-keys"
    taken, stop = Acknowledged(), asyncio.Event()
    async with running(old, folder / "old.log") as (installation, process):
        files = await furnish(installation, cases)
        async with asyncio.TaskGroup() as load:
            for client in range(clients):
                load.create_task(work(installation, files[client::clients], taken, stop))
            await asyncio.sleep(seconds)
            shutil.copy(old.master_keys, keys)
            began = time.monotonic()
            await asyncio.to_thread(back_up, old, backup)
            ended = time.monotonic()
            await asyncio.sleep(seconds / 4)
            stop.set()
        process.kill()  # and with it every part
        process.wait()
    shutil.rmtree(old.folder)
    restoring = time.monotonic()
    await asyncio.to_thread(restore, backup, keys, new)
    restored = time.monotonic()
    async with running(new, folder / "new.log") as (installation, _):
        ready = time.monotonic()
        found = await judged(installation, taken, began, ended)
    return {
        **found,
        "backup_seconds": round(ended - began, 1),
        "backup_mb": round(sum(path.stat().st_size for path in backup.rglob("*") if path.is_file()) / 1e6, 1),
        "restore_seconds": round(restored - restoring, 1),
        "ready_seconds": round(ready - restoring, 1),
        "load_average": [round(value, 1) for value in os.getloadavg()],
    }


def is_good(report: dict[str, Any]) -> bool:
    """Whether nothing is lost and nothing differs."""
    return not any(report[name] for name in ("lost", "files_lost", "differing", "audit_problems"))


def main() -> int:
    """The command line; the exit status."""
    reading = argparse.ArgumentParser(prog="python -m deploy.local.restore_drill", description=__doc__)
    reading.add_argument("--cases", type=int, default=200)
    reading.add_argument("--seconds", type=float, default=60.0, help="load before the backup")
    reading.add_argument("--clients", type=int, default=4)
    reading.add_argument("--port", type=int, default=18000, help="first of 22")
    reading.add_argument("--report", type=Path, default=Path("bench/results/restore-drill.json"))
    given = reading.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="zhuhang-drill-"))
    folder.chmod(0o711)
    size = {"cases": given.cases, "seconds": given.seconds, "clients": given.clients}
    report = asyncio.run(drill(folder, given.port, **size))
    given.report.parent.mkdir(parents=True, exist_ok=True)
    given.report.write_text(json.dumps(report, indent=2) + "\n")
    sys.stdout.write("".join(f"{name:>20}  {value}\n" for name, value in report.items()))
    if not is_good(report):
        sys.stdout.write(f"not everything is there; see {folder}\n")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    run_and_leave(main)
