"""Runs the parts as child processes, restarts the one that crashes, and ends them all in order."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cli.with_parent import command_with_parent
from services.settings import SetupError

FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
STEADY_SECONDS = 60.0  # a part that ran this long starts again with the first delay
CRASHES_AT_START = 3
LOG_LIMIT = 20 << 20  # bytes; a longer log is set aside when its part starts


@dataclass(frozen=True, eq=False)
class Part:
    """A child process. `stop_seconds`: how long it may take to end when asked to by `stop_signal`. `user`: whom it
    runs as where that is not us; `environment`: variables beside our own; `core`: the one that it keeps to."""

    name: str
    command: Sequence[str]
    stop_seconds: float
    stop_signal: signal.Signals = signal.SIGTERM
    user: str = ""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    core: int | None = None


class Supervisor:
    """Keeps parts running from `start` to `stop`.

    `gave_up` becomes the error of a part that crashed again and again before `settled` was set;
    after that a part is restarted without end, with a growing delay. `started` is told the process id of a part
    at each of its starts.
    """

    def __init__(
        self,
        logs: Path,
        say: Callable[[str, str], None],
        started: Callable[[Part, int], None] = lambda part, pid: None,
    ) -> None:
        self.settled = False
        self.gave_up: asyncio.Future[SetupError] = asyncio.get_running_loop().create_future()
        self._logs = logs
        self._say = say
        self._started = started
        self._stopping = asyncio.Event()
        self._keepers: dict[Part, asyncio.Task[None]] = {}
        self._processes: dict[Part, asyncio.subprocess.Process] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, part: Part) -> None:
        """Start a part and keep it running."""
        self._keepers[part] = asyncio.create_task(self._keep(part))

    async def stop(self) -> None:
        """End all parts, the last started first; one that does not end in its time is killed."""
        self._stopping.set()
        for part, keeper in reversed(self._keepers.items()):
            self._signal(part, part.stop_signal)
            if not (await asyncio.wait({keeper}, timeout=part.stop_seconds))[0]:
                self._signal(part, signal.SIGKILL)
                await keeper

    def log_of(self, part: Part) -> Path:
        """The file that takes what the part prints."""
        return self._logs / f"{part.name}.log"

    async def _keep(self, part: Part) -> None:
        delay, crashes = FIRST_DELAY, 0
        while not self._stopping.is_set():
            began = time.monotonic()
            status = await self._run(part)
            if self._stopping.is_set():
                return
            crashes += 1
            if not self.settled and crashes >= CRASHES_AT_START:
                if not self.gave_up.done():
                    self.gave_up.set_result(self._crashed(part, status))
                return
            if time.monotonic() - began > STEADY_SECONDS:
                delay = FIRST_DELAY
            self._say(
                f"{part.name} 意外退出(状态 {status}),{delay:.0f} 秒后重启",
                f"{part.name} ended unexpectedly (status {status}); restarting in {delay:.0f} s",
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)
            delay = min(delay * 2, LONGEST_DELAY)

    async def _run(self, part: Part) -> int:
        path = self.log_of(part)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            # A group of its own: Ctrl-C reaches the supervisor only, which ends the parts in order.
            process = await asyncio.create_subprocess_exec(
                *command_with_parent(part.command, part.user, part.core),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                env=os.environ | part.environment,
            )
        self._processes[part] = process
        telling = asyncio.create_task(self._tell(part, process.pid))
        if self._stopping.is_set():
            process.send_signal(part.stop_signal)
        try:
            return await process.wait()
        finally:
            telling.cancel()

    async def _tell(self, part: Part, pid: int) -> None:
        """Tell of a start, again and again while a disk is full: the part is kept running all the same."""
        while True:
            with suppress(OSError):
                self._started(part, pid)
                return
            await asyncio.sleep(FIRST_DELAY)

    def _signal(self, part: Part, which: signal.Signals) -> None:
        process = self._processes.get(part)
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, which)

    def _crashed(self, part: Part, status: int) -> SetupError:
        log = self.log_of(part)
        last = [line for line in log.read_text(errors="replace").splitlines() if line.strip()][-1:]
        words = last[0][-200:] if last else ""
        return SetupError(
            "part_crashed",
            f"{part.name} 反复启动失败(状态 {status}),详见 {log}:{words}",
            f"{part.name} keeps failing at its start (status {status}), see {log}: {words}",
        )
