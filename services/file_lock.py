"""A lock between processes on one machine, given back by the system even after a kill."""

import fcntl
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path


class LockHeldError(Exception):
    """Another process holds the lock; `holder` is its process id where it is known."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"held by process {holder or 'unknown'}")
        self.holder = holder


@contextmanager
def exclusive(path: Path, on_wait: Callable[[str], None] | None = None) -> Generator[None]:
    """Hold the lock file `path` for the block.

    With `on_wait` it waits for another holder, after telling `on_wait` that one's process id;
    without, it raises `LockHeldError` at once.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            if on_wait is None:
                raise LockHeldError(holder) from None
            on_wait(holder)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
