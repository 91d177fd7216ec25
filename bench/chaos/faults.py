"""Carrying the plan of faults out, on the real processes and the real disk."""

import asyncio
import errno
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from bench.chaos.mail import MailServer
from bench.chaos.plan import PlannedFault
from bench.chaos.record import Fault, Record
from bench.chaos.target import Target

_LOOK_SECONDS = 0.05
# How long (seconds) a part may take to be started again before it is struck.
_RETURN_SECONDS = 90.0
_BLOCK = 1 << 20


class Faults:
    """Strikes one installation. `kills` counts by part."""

    def __init__(self, target: Target, record: Record, mail: MailServer, disk: Path | None) -> None:
        self._target = target
        self._record = record
        self._mail = mail
        self._disk = disk
        self.kills: Counter[str] = Counter()

    async def carry_out(self, plan: Sequence[PlannedFault]) -> None:
        """Everything in the plan, from now on; returns when the last fault has ended."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as running:
            for fault in plan:
                await asyncio.sleep(max(0.0, fault.at - (time.monotonic() - began)))
                running.create_task(self._strike(fault))

    async def _strike(self, fault: PlannedFault) -> None:
        for part in fault.parts:
            self._note(fault, part, "begin")
        try:
            match fault.kind:
                case "kill":
                    await asyncio.gather(*(self._kill(part) for part in fault.parts))
                case "pause":
                    await self._pause(fault)
                case "away":
                    await self._keep_away(fault)
                case "slow_mail":
                    await self._slow_mail(fault.seconds)
                case "full_disk":
                    await self._fill_disk(fault.seconds)
        finally:
            for part in fault.parts:
                self._note(fault, part, "end")

    def _note(self, fault: PlannedFault, part: str, phase: str) -> None:
        self._record.note(
            Fault.model_validate({"at": time.time(), "fault": fault.kind, "part": part, "phase": phase})
        )

    async def _pid(self, part: str, other_than: int | None = None) -> int:
        """The part's process, once it is there."""
        async with asyncio.timeout(_RETURN_SECONDS):
            while True:
                pid = self._target.pid(part)
                if pid is not None and pid != other_than and Path(f"/proc/{pid}").exists():
                    return pid
                await asyncio.sleep(_LOOK_SECONDS)

    async def _kill(self, part: str, other_than: int | None = None) -> int:
        pid = await self._pid(part, other_than)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.kills[part] += 1
        return pid

    async def _pause(self, fault: PlannedFault) -> None:
        """Stop a part and all its children, as a machine that hangs; then let it go on."""
        async with AsyncExitStack() as stack:
            for part in fault.parts:
                for pid in _family(await self._pid(part)):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGSTOP)
                        stack.callback(_go_on, pid)
            await asyncio.sleep(fault.seconds)

    async def _keep_away(self, fault: PlannedFault) -> None:
        """Kill a part again and again as soon as it comes back."""

        async def one(part: str) -> None:
            pid: int | None = None
            while True:
                pid = await self._kill(part, pid)

        with suppress(TimeoutError):
            async with asyncio.timeout(fault.seconds):
                await asyncio.gather(*(one(part) for part in fault.parts))

    async def _slow_mail(self, seconds: float) -> None:
        self._mail.slow = True
        try:
            await asyncio.sleep(seconds)
        finally:
            self._mail.slow = False

    async def _fill_disk(self, seconds: float) -> None:
        """Leave not one byte on the disk of the data folder, also of what others free meanwhile."""
        assert self._disk is not None  # noqa: S101  (planned only where there is a disk to fill)
        ballast = self._disk / "ballast"
        until = time.monotonic() + seconds
        try:
            with ballast.open("wb", buffering=0) as file:
                while time.monotonic() < until:
                    await asyncio.to_thread(_fill, file.fileno())
                    await asyncio.sleep(_LOOK_SECONDS)
        finally:
            ballast.unlink(missing_ok=True)


def _fill(file: int) -> None:
    block = bytes(_BLOCK)
    while block:
        try:
            os.write(file, block)
        except OSError as full:
            if full.errno != errno.ENOSPC:
                raise
            block = block[: len(block) // 2]


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(descendant for child in children for descendant in _family(int(child)))]


def _go_on(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
