"""Real child processes: restarted when they crash, ended in order, never left behind."""

import asyncio
import errno
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli.supervisor import Part, Supervisor


async def until(true: Callable[[], bool]) -> None:
    """Wait for what another process does, 20 seconds at most."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 there is no event between processes
            await asyncio.sleep(0.02)


class Parts:
    """A supervisor whose parts append to a file."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.story = folder / "story"
        self.story.touch()
        self.supervisor = Supervisor(folder / "logs", lambda zh, en: self.said.append(en))

    def part(self, name: str, body: str, stop_seconds: float = 5) -> Part:
        script = (
            "import os, signal, sys, time\n"
            f"def tell(what): os.write(story, f'{name} {{what}}\\n'.encode())\n"
            f"story = os.open({str(self.story)!r}, os.O_APPEND | os.O_WRONLY)\n{body}\n"
        )
        return Part(name, [sys.executable, "-c", script], stop_seconds)

    async def told(self, count: int) -> list[str]:
        """The lines of the story once there are `count`."""
        await until(lambda: len(self.story.read_text().splitlines()) >= count)
        return self.story.read_text().splitlines()


ENDS_WELL = (
    "def end(*_): tell('ended'); sys.exit(0)\nsignal.signal(signal.SIGTERM, end)\n"
    "tell(os.getpid())\ntime.sleep(60)"
)


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    made = Parts(tmp_path)
    yield made
    await made.supervisor.stop()


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_a_start_that_cannot_be_noted_is_noted_later(tmp_path: Path) -> None:
    noted: list[int] = []
    full = [True]

    def note(_part: Part, pid: int) -> None:
        if full:
            full.clear()
            raise OSError(errno.ENOSPC, "no space left")
        noted.append(pid)

    supervisor = Supervisor(tmp_path / "logs", lambda zh, en: None, note)
    supervisor.settled = True
    supervisor.start(Part("worker", [sys.executable, "-c", "import time; time.sleep(60)"], 5))
    try:
        await until(lambda: len(noted) == 1)
        os.kill(noted[0], signal.SIGKILL)
        await until(lambda: len(noted) == 2)
    finally:
        await supervisor.stop()


async def test_a_part_keeps_to_its_core(parts: Parts) -> None:
    core = max(os.sched_getaffinity(0))
    part = parts.part("worker", "tell(sorted(os.sched_getaffinity(0)))\ntime.sleep(60)")
    parts.supervisor.start(replace(part, core=core))
    assert await parts.told(1) == [f"worker [{core}]"]


async def test_a_killed_part_is_started_again(parts: Parts) -> None:
    parts.supervisor.settled = True
    parts.supervisor.start(parts.part("worker", ENDS_WELL))
    first = int((await parts.told(1))[0].split()[1])
    os.kill(first, signal.SIGKILL)
    second = int((await parts.told(2))[1].split()[1])
    assert first != second
    assert any("worker ended unexpectedly (status -9)" in line for line in parts.said)


async def test_parts_end_in_the_reverse_order_of_their_start(parts: Parts) -> None:
    for number, name in enumerate(("temporal", "worker", "api"), 1):
        parts.supervisor.start(parts.part(name, ENDS_WELL))
        await parts.told(number)
    await parts.supervisor.stop()
    ends = [line for line in parts.story.read_text().splitlines() if line.endswith("ended")]
    assert ends == ["api ended", "worker ended", "temporal ended"]


async def test_a_part_that_will_not_end_is_killed_in_its_time(parts: Parts) -> None:
    stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntell(os.getpid())\ntime.sleep(60)"
    parts.supervisor.start(parts.part("worker", stubborn, stop_seconds=0.2))
    pid = int((await parts.told(1))[0].split()[1])
    began = time.monotonic()
    await parts.supervisor.stop()
    assert time.monotonic() - began < 5
    assert not is_alive(pid)


async def test_a_part_that_cannot_start_is_given_up_with_its_last_words(parts: Parts) -> None:
    parts.supervisor.start(parts.part("api", "sys.exit('the table is missing')"))
    error = await asyncio.wait_for(parts.supervisor.gave_up, 20)
    assert error.code == "part_crashed"
    assert "the table is missing" in error.en
    assert "api" in error.zh


async def test_a_child_dies_with_a_killed_supervisor(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    child = f"import os, time; open({str(pid_file)!r}, 'w').write(f'{{os.getpid()}} '); time.sleep(60)"
    parent = (
        "import os, subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-m', 'cli.with_parent', str(os.getpid()), '', '', sys.executable, '-c', "
        f"{child!r}])\ntime.sleep(60)"
    )
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", parent)
    await until(lambda: pid_file.exists() and pid_file.read_text().endswith(" "))
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: not is_alive(int(pid_file.read_text())))


# The tests themselves may run under make, which says so to those below.
NOT_UNDER_MAKE = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
MAKEFILE = "run:\n\t@exec {python} -c 'from tests.setup.under_make import main; main()'\n"


def test_ctrl_c_at_the_terminal_lets_make_end_with_status_0(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE.format(python=sys.executable))
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("make", ["make", "-f", str(tmp_path / "Makefile"), "run"])  # noqa: S606, S607
    shown = b""
    deadline = time.monotonic() + 20
    while b"up" not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    os.close(terminal)


def test_an_interrupt_to_make_alone_ends_the_recipe_too(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE.format(python=sys.executable))
    make = subprocess.Popen(  # noqa: S603
        ["make", "-f", str(tmp_path / "Makefile"), "run"],  # noqa: S607
        stdout=subprocess.PIPE,
        start_new_session=True,
        env=NOT_UNDER_MAKE,
    )
    with make:
        assert make.stdout is not None
        assert make.stdout.readline() == b"up\n"
        make.send_signal(signal.SIGINT)
        assert make.stdout.readline() == b"ended\n"
        assert make.wait(10) == -signal.SIGINT  # GNU make ends by the signal, whatever its recipe did


def test_a_make_that_a_script_put_into_the_background_was_not_interrupted(tmp_path: Path) -> None:
    asked = "from cli.under_make import make_was_interrupted; print(make_was_interrupted())"
    (tmp_path / "Makefile").write_text(f'run:\n\t@exec {sys.executable} -c "{asked}"\n')
    # A shell without job control lets what it starts in the background ignore Ctrl-C.
    script = f"make -f {tmp_path}/Makefile run & wait $!"
    done = subprocess.run(  # noqa: S603
        ["sh", "-c", script],  # noqa: S607
        env=NOT_UNDER_MAKE,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert done.stdout == "False\n"
