"""The servers that tests run against, fetched once into the user's cache."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from cli.clean_exit import run_and_leave
from cli.terminal import Terminal
from services.file_lock import exclusive
from services.settings import SetupError
from services.temporal_server import MoveOnError, cache_folder, find_server, run_watched

TEST_SERVER_VERSION = "1.38.0"
SDK_SECONDS = 20.0
MAVEN_SECONDS = 600.0
_NAME = f"temporal-test-server-{TEST_SERVER_VERSION}"

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>zhuhang</groupId><artifactId>test-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId>
    <version>{TEST_SERVER_VERSION}</version>
  </dependency></dependencies>
</project>
"""

_WRAPPER = """#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"
"""


def time_skipping_server() -> Path:
    """The executable for `start_time_skipping(test_server_existing_path=…)`.

    From the cache, else downloaded by the SDK, else fetched by Maven and run by Java.
    Raises `SetupError` `test_server_unobtainable`.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / _NAME
    with exclusive(cache / f"{_NAME}.lock", on_wait=lambda holder: None):
        reasons: list[str] = []
        if not target.exists():
            for make in (_by_sdk, _by_maven):
                try:
                    _install(target, make)
                    break
                except MoveOnError as reason:
                    reasons.append(str(reason))
            else:
                raise SetupError(
                    "test_server_unobtainable",
                    f"无法获得时间跳跃测试服务({';'.join(reasons)}):请接通网络,或安装 Java 与 Maven。",
                    f"No way to the time-skipping test server ({'; '.join(reasons)}): "
                    "connect to the network, or install Java and Maven.",
                )
    return target / "temporal-test-server"


def _install(target: Path, make: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="installing-") as folder:
        fresh = Path(folder) / "fresh"
        fresh.mkdir()
        make(fresh)
        fresh.rename(target)


def _by_sdk(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.servers", str(folder)]
    run_watched(command, lambda seconds: None, limit=SDK_SECONDS)
    next(folder.iterdir()).rename(folder / "temporal-test-server")


def _by_maven(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None or shutil.which("java") is None:
        raise MoveOnError("no `mvn` or no `java` on PATH")
    pom = folder / "pom.xml"
    pom.write_text(_POM)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'lib'}"]
    run_watched([maven, "-B", "-q", "-f", pom, *goal], lambda seconds: None, limit=MAVEN_SECONDS)
    wrapper = folder / "temporal-test-server"
    wrapper.write_text(_WRAPPER)
    wrapper.chmod(0o755)


async def _download(folder: str) -> None:
    async with await WorkflowEnvironment.start_time_skipping(download_dest_dir=folder):
        pass


def _fetch() -> int:
    """Both servers into the cache, with progress, before any test's time limit runs."""
    terminal = Terminal()
    try:
        find_server(terminal)
    except SetupError as error:
        terminal.fail(error)
        return 1
    try:
        time_skipping_server()
    except SetupError as error:
        # The tests that need it are skipped and say so; all the others run.
        terminal.fail(error)
    return 0


def _main() -> int:
    if len(sys.argv) == 1:
        return _fetch()
    try:
        asyncio.run(_download(sys.argv[1]))
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    run_and_leave(_main)
