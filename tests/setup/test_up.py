"""`zhuhang up` as a person starts it: what stands in its way is one sentence, and Ctrl-C ends it well."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.file_lock import exclusive
from tests.product import free_port

ZHUHANG = [sys.executable, "-m", "cli.main"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Ports and a data folder of its own, and an empty ledger."""
    names = ("ZHUHANG_HTTP_PORT", "ZHUHANG_TEMPORAL_PORT", "ZHUHANG_TEMPORAL_UI_PORT")
    given = {key: value for key, value in os.environ.items() if not key.startswith(("ZHUHANG_", "TEMPORAL_"))}
    return {
        **given,
        **{name: str(free_port()) for name in names},
        "ZHUHANG_DATA_DIR": str(tmp_path / "data"),
        "DEMO": "0",
    }


def refused(environment: dict[str, str]) -> str:
    """What `zhuhang up` says when it refuses to start."""
    done = subprocess.run(  # noqa: S603
        [*ZHUHANG, "up"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    "variable", ["ZHUHANG_HTTP_PORT", "ZHUHANG_TEMPORAL_PORT", "ZHUHANG_TEMPORAL_UI_PORT"]
)
def test_a_port_in_use_names_the_variable_that_moves_it(variable: str, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment[variable]))):
        said = refused(environment)
    assert "[port_in_use]" in said
    assert environment[variable] in said
    assert variable in said


def test_a_second_one_on_the_same_data_folder_names_the_first(environment: dict[str, str]) -> None:
    data = Path(environment["ZHUHANG_DATA_DIR"])
    data.mkdir()
    with exclusive(data / "up.lock"):
        said = refused(environment)
    assert "[already_running]" in said
    assert f"process {os.getpid()}" in said


def test_a_data_folder_that_cannot_be_made(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    said = refused(environment)
    assert "[data_dir_not_writable]" in said
    assert "ZHUHANG_DATA_DIR" in said


def test_a_given_temporal_that_does_not_answer(environment: dict[str, str]) -> None:
    address = f"127.0.0.1:{free_port()}"
    said = refused({**environment, "TEMPORAL_ADDRESS": address})
    assert "[temporal_unreachable]" in said
    assert address in said


def test_a_wrong_setting_is_json_too_where_asked_for(environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603
        [*ZHUHANG, "doctor", "--json"],
        env={**environment, "ZHUHANG_HTTP_PORT": "eighty"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, json.loads(done.stdout)["code"]) == (1, "setting_invalid")


def children_of(pid: int) -> dict[str, int]:
    """The part names of a supervisor's children with their process ids."""
    listed = subprocess.run(  # noqa: S603
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    found: dict[str, int] = {}
    for line in listed.splitlines():
        if part := re.search(r"zhuhang (worker|api)$|(temporal) server", line):
            found[part[1] or part[2]] = int(line.split()[0])
    return found


class Running:
    """A started `zhuhang up`, and what it says."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(  # noqa: S603
            [*ZHUHANG, "up"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said: list[str] = []
        self.guard = threading.Timer(120, self.process.kill)
        self.guard.start()

    def until(self, words: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return
        pytest.fail("".join(self.said))


@pytest.fixture
def running(environment: dict[str, str]) -> Iterator[Running]:
    started = Running(environment)
    yield started
    started.guard.cancel()
    started.process.kill()
    started.process.communicate()


def test_a_life_of_up(running: Running, environment: dict[str, str]) -> None:
    base = f"http://127.0.0.1:{environment['ZHUHANG_HTTP_PORT']}"
    running.until("Zhuhang is ready")
    parts = children_of(running.process.pid)
    assert set(parts) == {"temporal", "worker", "api"}, "".join(running.said)
    with httpx.Client(base_url=base, trust_env=False) as http:
        assert http.get("/readyz").status_code == httpx.codes.OK.value

    seen = subprocess.run(  # noqa: S603
        [*ZHUHANG, "doctor", "--json"], env=environment, capture_output=True, text=True, check=False
    )
    checks = {check["check"]: check for check in json.loads(seen.stdout)["checks"]}
    assert checks["worker"]["ok"], seen.stdout
    assert checks["database"]["ok"], seen.stdout

    os.kill(parts["worker"], signal.SIGKILL)
    running.until("worker ended unexpectedly (status -9)")

    running.process.send_signal(signal.SIGINT)
    running.until("ended; the cases are kept")
    assert running.process.wait(10) == 0
    for pid in parts.values():
        assert not Path(f"/proc/{pid}").exists()
