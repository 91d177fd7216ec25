"""What a command says that finds no database, or one that does not work."""

import json
import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from deploy.local.postgresql import postgresql
from services.database import migrate
from services.first_staff import ensure_school
from services.settings import Settings
from tests.product import free_port
from tests.running import ZHUHANG


def asked(
    environment: dict[str, str], before: Callable[[], None] | None = None
) -> tuple[int, dict[str, Any]]:
    """Exit status and document of a command that needs a session; `before` runs in its process first."""
    done = subprocess.run(  # noqa: S603
        [ZHUHANG, "token", "create", "--as", "admin", "--json"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=before,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def no_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_a_full_disk_is_not_told_as_the_lack_of_a_database(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    migrate(settings)
    engine = create_engine(settings.database_url)
    ensure_school(engine, settings.school_code, settings.school_name, settings.province)
    engine.dispose()
    environment = {"ZHUHANG_DATA_DIR": str(tmp_path)}
    assert asked(environment)[0] == 0
    status, problem = asked(environment, no_room)
    assert (status, problem["code"]) == (3, "database_unusable")


def test_a_database_without_tables_was_never_made(tmp_path: Path) -> None:
    (tmp_path / "zhuhang.db").touch()
    status, problem = asked({"ZHUHANG_DATA_DIR": str(tmp_path)})
    assert (status, problem["code"]) == (3, "not_signed_on")


@pytest.mark.parametrize("database", ["postgres", "absent"])
def test_a_server_without_the_database_or_its_tables(database: str, tmp_path: Path) -> None:
    with postgresql() as url:
        own = make_url(url).set(database=database).render_as_string(hide_password=False)
        status, problem = asked({"ZHUHANG_DATA_DIR": str(tmp_path), "ZHUHANG_DATABASE_URL": own})
    assert (status, problem["code"]) == (3, "not_signed_on")


def test_a_server_that_is_away_is_named(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://zhuhang@127.0.0.1:{free_port()}/zhuhang"
    status, problem = asked({"ZHUHANG_DATA_DIR": str(tmp_path), "ZHUHANG_DATABASE_URL": url})
    assert (status, problem["code"]) == (3, "database_unusable")
    assert "Connection refused" in problem["en"]
