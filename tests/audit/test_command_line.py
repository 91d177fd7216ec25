"""`zhuhang audit` as an operator runs it."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.settings import Settings
from services.sign_on.local import LocalSessions
from tests.audit.trail import Trail, sql
from tests.product import PATIENCE, Product, free_port, running_product, settings_for
from tests.workflows.test_shell import database_away

ZHUHANG = Path(sys.executable).parent / "zhuhang"
NOTE = {"type": "annotate", "text": "备注"}


def zhuhang(data_dir: Path, *words: str, **more: str) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603
        [ZHUHANG, "audit", *words],
        env=os.environ | {"ZHUHANG_DATA_DIR": str(data_dir), "DEMO": "0"} | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def verified(data_dir: Path, *words: str) -> tuple[int, Any]:
    status, output = zhuhang(data_dir, "verify", "--json", *words)
    return status, json.loads(output)


def test_the_command_line_proves_the_audit_and_finds_tampering(trail: Trail) -> None:
    trail.write(5)
    status, report = verified(trail.settings.data_dir)
    assert (status, report["entries"], report["findings"]) == (0, 5, [])
    assert zhuhang(trail.settings.data_dir, "verify")[0] == 0
    with trail.intruder() as connection:
        connection.execute("UPDATE audit_entry SET actor_id = 'mentor-2' WHERE seq = 3")
    status, report = verified(trail.settings.data_dir)
    assert status == 1
    assert [item["code"] for item in report["findings"]] == ["entry_changed", "guard_missing"]
    status, said = zhuhang(trail.settings.data_dir, "verify")
    assert status == 1
    assert "entry_changed" in said


def test_an_export_is_proved_without_the_database(trail: Trail, tmp_path: Path) -> None:
    trail.write(6)
    file = tmp_path / "audit.jsonl"
    assert zhuhang(trail.settings.data_dir, "export", "--out", str(file))[0] == 0
    # The export itself is the seventh.
    lines = file.read_text().splitlines(keepends=True)
    assert len(lines) == 8
    assert json.loads(lines[6])["act"] == "audit.export"
    trail.engine.dispose()
    trail.database.unlink()
    assert verified(trail.settings.data_dir, "--file", str(file))[0] == 0
    changed = {
        "entry_changed": [*lines[:2], lines[2].replace("mentor-1", "mentor-2"), *lines[3:]],
        "entry_removed": [*lines[:2], *lines[3:]],
        "entry_repeated": [*lines[:2], lines[3], lines[2], *lines[4:]],
        "file_changed": [*lines[:5], lines[7]],
    }
    for code, tampered in changed.items():
        file.write_text("".join(tampered))
        status, report = verified(trail.settings.data_dir, "--file", str(file))
        assert status == 1
        assert code in {item["code"] for item in report["findings"]}, code
    for cut in (lines[:7], [*lines, "{}\n"], ["nothing\n"], []):
        file.write_text("".join(cut))
        assert verified(trail.settings.data_dir, "--file", str(file))[0] == 1


def test_an_export_of_a_time_holds_that_time(trail: Trail, tmp_path: Path) -> None:
    trail.write(4)
    with sql(trail.database) as connection:
        third = connection.execute("SELECT at FROM audit_entry WHERE seq = 3").fetchone()[0]
    file = tmp_path / "part.jsonl"
    status, said = zhuhang(
        trail.settings.data_dir, "export", "--out", str(file), "--from", third[:19], "--to", "2199-01-01",
        TZ="UTC",
    )  # fmt: skip
    assert status == 0, said
    assert verified(trail.settings.data_dir, "--file", str(file))[0] == 0
    kept = zhuhang(trail.settings.data_dir, "export", "--out", str(file))
    assert kept[0] == 1
    assert "file_not_writable" in kept[1]
    none = tmp_path / "none.jsonl"
    assert zhuhang(trail.settings.data_dir, "export", "--out", str(none), "--to", "2001-01-01")[0] == 0
    assert verified(trail.settings.data_dir, "--file", str(none))[1]["entries"] == 0


async def test_commands_go_on_while_the_database_is_away(temporal_address: str, tmp_path: Path) -> None:
    async with running_product(settings_for(tmp_path, temporal_address, school="90061")) as product:
        case_id = await product.open_case()
        await product.accepted(case_id, "counselor", NOTE)
        with database_away(product):
            answer = await product.do(case_id, "counselor", NOTE)
            assert answer.status == 202, answer.body
        product.services.audit.settle()
        product.services.audit.settle()
        status, report = verified(tmp_path)
        assert (status, report["findings"]) == (0, [])
        assert commands_of(product.settings, case_id) == 2


def commands_of(settings: Settings, case_id: str) -> int:
    path = settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        query = "SELECT count(*) FROM audit_entry WHERE case_id = ? AND act = 'case.command' AND outcome = 'begun'"
        return connection.execute(query, (case_id,)).fetchone()[0]


@pytest.mark.timeout(120)
async def test_a_server_killed_over_a_command_leaves_the_entry(temporal_address: str, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, temporal_address, school="90062")
    async with running_product(settings) as product:
        case_id = await product.open_case()
    # No worker runs any more: the command stays without an answer.
    port = free_port()
    environment = os.environ | {
        "ZHUHANG_DATA_DIR": str(tmp_path),
        "ZHUHANG_HTTP_PORT": str(port),
        "ZHUHANG_SCHOOL_CODE": "90062",
        "ZHUHANG_TASK_QUEUE": settings.task_queue,
        "TEMPORAL_ADDRESS": temporal_address,
        "ZHUHANG_TEMPORAL_ADDRESS": temporal_address,
        "DEMO": "0",
    }
    log = (tmp_path / "api.log").open("wb")
    server = subprocess.Popen([ZHUHANG, "api"], env=environment, stdout=log, stderr=log)  # noqa: S603, ASYNC220
    try:
        await command_cut_off(product, server, port, case_id)
    finally:
        server.kill()
        server.wait(20)
        log.close()
    status, report = verified(tmp_path)
    assert (status, report["findings"]) == (0, [])
    assert commands_of(settings, case_id) == 1


async def command_cut_off(
    product: Product, server: "subprocess.Popen[bytes]", port: int, case_id: str
) -> None:
    """Send a command and kill the server between its entry and its answer."""
    token = LocalSessions(product.services.engine, product.settings).token("counselor")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as http:

        async def up() -> bool:
            try:
                return (await http.get("/healthz")).status_code == 200
            except httpx.TransportError:
                return False

        await product.until(up, what="the server answers")

        async def killed_after_the_entry() -> None:
            async def written() -> bool:
                folder = product.settings.data_dir / "audit" / "journal"
                waiting = any(case_id in path.read_text() for path in folder.glob("*.jsonl"))
                return waiting or commands_of(product.settings, case_id) == 1

            await product.until(written, what="the command is written down")
            os.kill(server.pid, signal.SIGKILL)

        answer, _ = await asyncio.gather(
            http.post(
                f"/api/v1/cases/{case_id}/commands", json=NOTE, headers={"Authorization": f"Bearer {token}"}
            ),
            killed_after_the_entry(),
            return_exceptions=True,
        )
        assert isinstance(answer, httpx.TransportError)
