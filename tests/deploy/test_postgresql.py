"""A PostgreSQL server of one's own, from the programs of the machine and from those of the wheel."""

import secrets
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from tempfile import mkdtemp

import pytest
from sqlalchemy import create_engine, text

from cli.with_parent import command_with_parent
from deploy.local.postgresql import (
    PostgreSQL,
    answers,
    find_postgresql,
    major_of,
    postgresql,
    url_of,
)
from services.settings import SetupError
from tests.product import free_port
from tests.setup.test_supervisor import until

PASSWORD = secrets.token_urlsafe() + "/:@ %+'"


def test_a_fresh_server_keeps_what_is_committed() -> None:
    with postgresql() as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            shown = {
                name: connection.execute(text(f"SHOW {name}")).scalar_one()
                for name in ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
            }
        engine.dispose()
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "127.0.0.1",
    }
    assert not answers(url)


@pytest.fixture
def folder() -> Generator[Path]:
    # Not pytest's, which the user that PostgreSQL runs as may not enter.
    made = Path(mkdtemp(prefix="zhuhang-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize("version", [None, 18])
async def test_it_stays_what_it_was_over_a_restart_and_asks_for_the_password(
    version: int | None, folder: Path
) -> None:
    installed, data, port = find_postgresql(version), folder / "data", free_port()
    installed.initialise(data, password=PASSWORD)
    assert major_of(data) == installed.major
    url = url_of(port, password=PASSWORD)
    for question in (
        "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('学院')",
        "SELECT word FROM kept",
    ):
        server = await serving(installed, data, port, url)
        with pytest.raises(SetupError) as refused:
            answers(url_of(port, password=f"{PASSWORD}x"))
        assert refused.value.code == "database_password_refused"
        assert PASSWORD not in str(refused.value)
        engine = create_engine(url)
        with engine.begin() as connection:
            seen = connection.execute(text(question))
            words = [str(row[0]) for row in seen] if seen.returns_rows else []
        engine.dispose()
        server.terminate()
        server.wait(20)
    assert words == ["学院"]


async def serving(installed: PostgreSQL, data: Path, port: int, url: str) -> "subprocess.Popen[bytes]":
    command = command_with_parent(installed.server_command(data, port), installed.owner)
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL, process_group=0)  # noqa: S603, ASYNC220
    await until(lambda: answers(url))
    return server


def test_a_version_that_is_not_there_is_named() -> None:
    with pytest.raises(SetupError, match="PostgreSQL \\(99\\)") as caught:
        find_postgresql(99)
    assert caught.value.code == "postgresql_unobtainable"


def test_what_a_program_says_when_it_fails_is_passed_on(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "something").touch()
    with pytest.raises(SetupError, match="initdb") as caught:
        find_postgresql().run("initdb", "-D", folder / "data")
    assert caught.value.code == "postgresql_failed"
