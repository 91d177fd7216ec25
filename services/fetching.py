"""Fetching and building what is no Python package, once per user, in sight of whoever waits."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from services.file_lock import exclusive

BUILD_SECONDS = 1800.0


class Progress(Protocol):
    """How the steps are told to whoever waits."""

    def say(self, zh: str, en: str) -> None:
        """A step begins, or ended in a way worth knowing."""
        ...

    def busy(self, zh: str, en: str, seconds: float) -> None:
        """The step is still at work; called about once a second."""
        ...


class MoveOnError(Exception):
    """This source cannot give what is asked for; the next one is tried."""


def cache_folder() -> Path:
    """The folder of everything fetched or built once per user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zhuhang"


def into_cache(
    cache: Path,
    name: str,
    progress: Progress,
    *,
    usable: Callable[[Path], bool],
    make: Callable[[Path], None],
) -> Path:
    """The folder `name` of the cache. Where it is not `usable`, `make` fills a fresh folder, which then takes its
    place in one step.

    One process at a time: whoever waited takes what the other one installed.
    """
    target = cache / name
    cache.mkdir(parents=True, exist_ok=True)

    def waiting(holder: str) -> None:
        progress.say(
            f"  等待进程 {holder} 完成安装", f"  waiting for process {holder}, which is installing it"
        )

    with exclusive(cache / f"{name}.lock", on_wait=waiting):
        if not usable(target):
            with tempfile.TemporaryDirectory(dir=cache, prefix="installing-") as folder:
                fresh = Path(folder) / "fresh"
                fresh.mkdir()
                make(fresh)
                if target.exists():
                    target.rename(Path(folder) / "broken")
                fresh.rename(target)
    return target


def run_watched(
    command: Sequence[str | os.PathLike[str]],
    tick: Callable[[float], None],
    *,
    limit: float = BUILD_SECONDS,
    env: Mapping[str, str] | None = None,
    stalled: Callable[[], bool] = lambda: False,
) -> None:
    """Run a long command, calling `tick` with the seconds so far about once a second.

    Raises `MoveOnError` with its last words when it fails, takes longer than `limit` seconds, or `stalled`.
    """
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as words:
        process = subprocess.Popen(command, stdout=words, stderr=words, env=env, process_group=0)  # noqa: S603
        try:
            while True:
                try:
                    status = process.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    seconds = time.monotonic() - began
                    tick(seconds)
                    if seconds > limit or stalled():
                        raise MoveOnError(
                            f"nothing came for too long, given up after {seconds:.0f} s"
                        ) from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # with the compilers that it started
                process.wait()
        words.seek(0)
        lines = [line.strip() for line in words if line.strip()]
    if status != 0:
        raise MoveOnError(lines[-1][-300:] if lines else f"{command[0]} ended with status {status}")
