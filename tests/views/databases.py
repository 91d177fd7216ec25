"""The databases that the product runs on, empty and with its tables."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.product import free_port

_BINARIES = ("/usr/lib/postgresql/*/bin", "/usr/local/bin")


def _found(name: str) -> str | None:
    places = [str(path) for pattern in _BINARIES for path in Path("/").glob(pattern.removeprefix("/"))]
    return shutil.which(name, path=os.pathsep.join([*os.get_exec_path(), *sorted(places, reverse=True)]))


@contextmanager
def postgresql() -> Generator[str]:
    """The URL of a PostgreSQL server of its own; skips the test where the machine has none."""
    initdb, control = _found("initdb"), _found("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("PostgreSQL is not installed")
    owner: str | None = None
    if os.geteuid() == 0:
        # The server refuses to run as root.
        with suppress(KeyError):
            owner = pwd.getpwnam("postgres").pw_name
        if owner is None:
            pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres")
    # Not pytest's folder, which other users may not enter.
    data, port = Path(mkdtemp(prefix="zhuhang-pg-")), free_port()

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=owner, cwd="/")  # noqa: S603  (the installed server)

    try:
        if owner is not None:
            shutil.chown(data, owner)
        run(initdb, "-D", str(data), "-U", "zhuhang", "-A", "trust", "-N")
        options = f"-p {port} -k {data} -h 127.0.0.1"
        run(control, "-D", str(data), "-o", options, "-l", str(data / "log"), "-w", "start")
        try:
            yield f"postgresql+psycopg://zhuhang@127.0.0.1:{port}/postgres"
        finally:
            run(control, "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(data)
