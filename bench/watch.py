"""Running a section so that it cannot hang and leaves no process behind."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_PR_SET_CHILD_SUBREAPER = 36
_GRACE_SECONDS = 20


class TookTooLongError(Exception):
    """The time limit was reached."""


def adopt_orphans() -> None:
    """From now on a descendant whose parent has ended becomes a child of this process, so that it can be found."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(pid: int) -> set[int]:
    """The children of a process, whichever of its threads made them."""
    found: set[int] = set()
    # A process may end while it is looked at.
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found.update(map(int, (thread / "children").read_text().split()))
    return found


def family(pids: Iterable[int]) -> list[int]:
    """The processes and all their descendants."""
    return [member for pid in pids for member in (pid, *family(children(pid)))]


def kill_all_but(kept: set[int]) -> None:
    """Kill the children of this process that are not `kept`, with all their descendants."""
    while others := children(os.getpid()) - kept:
        condemned = family(others)
        for pid in condemned:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # Parents come first: once they are gone, their children are ours to wait for.
        for pid in condemned:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def run_watched(
    command: Sequence[str], limit: float, log: IO[Any], environment: Mapping[str, str] | None = None
) -> int:
    """Run a command and give its exit status; whatever it started and did not end is killed.

    Raises TookTooLongError after `limit` seconds, when it has been asked to end and then made to.
    """
    before = children(os.getpid())
    process = subprocess.Popen(  # noqa: S603
        command, stdout=log, stderr=log, env=environment, start_new_session=True
    )
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        raise TookTooLongError from None
    finally:
        kill_all_but(before)
