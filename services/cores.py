"""Which processor cores threads run on.

Python runs one thread of a process at a time. Where they are spread over several cores, each hand-over wakes another
core, and a command takes a fifth more processor time (docs/decisions/0021-a-core-for-each-process.md).
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

from services.settings import Settings

_FIRST_PROCESS = 1


def core_of(settings: Settings, number: int) -> int | None:
    """The core for a process of this installation, counted from 0; None where it may use all of them.

    Several installations on one machine begin at different ones, by their ports.
    """
    if not settings.one_core or sys.platform != "linux":
        return None
    cores = sorted(os.sched_getaffinity(0))
    return cores[(settings.http_port + number) % len(cores)] if len(cores) > 1 else None


@contextmanager
def on_any_core() -> Generator[None]:
    """Within, this thread may leave the core of its process for any that the supervisor has: for long work in which
    Python waits. What was not started by a supervisor stays where it is."""
    if sys.platform != "linux" or os.getppid() <= _FIRST_PROCESS:
        yield
        return
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, os.sched_getaffinity(os.getppid()))
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)
