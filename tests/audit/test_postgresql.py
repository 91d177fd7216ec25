"""The audit and the key store on PostgreSQL, which refuses changes by itself and shows them where it could not."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from services.audit import Audit
from services.data_key import KeyDestroyed
from services.database import create_engine_from, migrate
from services.errors import Unavailable
from services.settings import Settings
from services.vault import Vault
from tests.audit.trail import CASE, MENTOR
from tests.views.databases import postgresql

ZHUHANG = Path(sys.executable).parent / "zhuhang"


@pytest.fixture(scope="module")
def server() -> Generator[str]:
    with postgresql() as url:
        yield url


@dataclass
class Place:
    """An installation whose ledger and keys are in two databases of the server."""

    settings: Settings
    engine: Engine
    audit: Audit

    def write(self, amount: int) -> None:
        for _ in range(amount):
            self.audit.record_now(MENTOR, "case.read", case_id=CASE)
        self.audit.settle()

    def verified(self) -> tuple[int, Any]:
        """What `zhuhang audit verify` says."""
        named = {
            "ZHUHANG_DATA_DIR": str(self.settings.data_dir),
            "ZHUHANG_DATABASE_URL": self.settings.database_url,
            "ZHUHANG_KEY_DATABASE_URL": self.settings.key_database_url,
        }
        done = subprocess.run(  # noqa: S603 - our own command
            [ZHUHANG, "audit", "verify", "--json"],
            env=os.environ | named | {"DEMO": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)

    def codes(self) -> set[tuple[str, int | None]]:
        status, report = self.verified()
        assert status == 1
        return {(item["code"], item["seq"]) for item in report["findings"]}


@pytest.fixture
def place(server: str, tmp_path: Path) -> Generator[Place]:
    urls: list[str] = []
    owner = create_engine(server, isolation_level="AUTOCOMMIT")
    for kind in ("ledger", "keys"):
        name = f"{kind}_{tmp_path.name}".replace("-", "_").lower()[-60:]
        with owner.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        urls.append(make_url(server).set(database=name).render_as_string(hide_password=False))
    owner.dispose()
    settings = Settings(data_dir=tmp_path, database_url=urls[0], key_database_url=urls[1], demo=False)
    migrate(settings)
    engine = create_engine_from(settings)
    vault = Vault.of(settings)
    audit = Audit(engine, vault, tmp_path)
    try:
        yield Place(settings, engine, audit)
    finally:
        audit.stop()
        engine.dispose()
        vault.store.close()


def test_entries_have_their_place_and_are_proved(place: Place) -> None:
    place.write(10)
    status, report = place.verified()
    assert (status, report["entries"], report["findings"]) == (0, 10, [])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor_id = 'x'",
        "DELETE FROM audit_entry WHERE seq = 4",
        "TRUNCATE audit_entry",
        "INSERT INTO audit_entry SELECT * FROM audit_entry WHERE seq = 1 "
        "ON CONFLICT (seq) DO UPDATE SET actor_id = 'x'",
        "WITH gone AS (DELETE FROM audit_entry RETURNING seq) SELECT * FROM gone",
    ],
)
def test_the_database_refuses_changes(place: Place, statement: str) -> None:
    place.write(5)
    with pytest.raises(DBAPIError, match="append-only"), place.engine.begin() as connection:
        connection.execute(text(statement))
    assert place.verified()[0] == 0


def without_guard(place: Place, *statements: str) -> None:
    """What the owner of the database can do."""
    with place.engine.begin() as connection:
        for statement in ("ALTER TABLE audit_entry DISABLE TRIGGER ALL", *statements):
            connection.execute(text(statement))


def test_a_guard_that_is_switched_off_is_reported(place: Place) -> None:
    place.write(3)
    without_guard(place)
    assert place.codes() == {("guard_missing", None)}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_entry SET actor_id = 'x' WHERE seq = 4", ("entry_changed", 4)),
        ("UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE seq = 4", ("entry_changed", 4)),
        ("DELETE FROM audit_entry WHERE seq = 4", ("entry_removed", 4)),
        ("TRUNCATE audit_entry", ("tail_missing", 9)),
        ("UPDATE audit_entry SET seq = 10 WHERE seq = 4", ("entry_moved", 10)),
    ],
)
def test_what_was_done_behind_the_guard_is_found(
    place: Place, statement: str, found: tuple[str, int]
) -> None:
    place.write(9)
    without_guard(place, statement, "ALTER TABLE audit_entry ENABLE TRIGGER ALL")
    codes = place.codes()
    assert found in codes
    assert ("guard_missing", None) not in codes


def test_several_processes_write_one_chain(place: Place) -> None:
    vault = Vault.of(place.settings)
    audits = [Audit(place.engine, vault, place.settings.data_dir) for _ in range(4)]

    def write(audit: Audit) -> None:
        for _ in range(20):
            audit.record_now(MENTOR, "case.read", case_id=CASE)
            audit.settle()

    try:
        with ThreadPoolExecutor(len(audits)) as threads:
            list(threads.map(write, audits))
    finally:
        for audit in audits:
            audit.stop()
        vault.store.close()
    place.audit.settle()
    status, report = place.verified()
    assert (status, report["entries"], report["findings"]) == (0, 80, [])


def keys_of(place: Place) -> Engine:
    return create_engine(place.settings.key_database_url)


def raw_keys(engine: Engine) -> bytes:
    """The whole table as it lies on the disk, rows that were superseded among them."""
    pages = (
        "SELECT get_raw_page('data_key', page::int) "
        "FROM generate_series(0, pg_relation_size('data_key') / 8192 - 1) page"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pageinspect"))
        return b"".join(bytes(row[0]) for row in connection.execute(text(pages)))


def test_many_begin_at_once_and_have_one_key(place: Place) -> None:
    """The table is made, and each subject's key, once."""

    def begin(_: int) -> str:
        vault = Vault.of(place.settings)
        with closing(vault.store):
            vault.ensure(["case-1"])
            return vault.key("case-1").key_id

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(begin, range(8)))) == 1


def test_a_destroyed_key_is_gone_and_never_comes_back(place: Place) -> None:
    vault = Vault.of(place.settings)
    vault.ensure(["case-1", "case-2"])
    sealed = vault.seal("case-1", "text", "place")
    engine = keys_of(place)
    with engine.connect() as connection:
        query = text("SELECT wrapped FROM data_key WHERE subject = 'case-1'")
        wrapped = bytes(connection.execute(query).scalar_one())
    assert vault.store.destroy("case-1", "unused") is True
    assert vault.store.destroy("case-1", "unused") is False
    vault.store.close()
    fresh = Vault.of(place.settings)
    with closing(fresh.store):
        with pytest.raises(KeyDestroyed):
            fresh.open("case-1", sealed, "place")
        assert fresh.ensure(["case-1", "case-2"]) == {"case-1"}
    raw = raw_keys(engine)
    engine.dispose()
    assert b"case-2" in raw
    assert wrapped not in raw


def test_a_failed_cleaning_is_told_and_made_up_for(place: Place) -> None:
    engine = keys_of(place)
    with engine.begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE \"{name}\" SET lock_timeout = '200ms'"))
    vault = Vault.of(place.settings)
    with closing(vault.store):
        vault.ensure(["case-1", "case-2"])
        wrapped = vault.store.find(["case-1"])["case-1"].wrapped
        assert wrapped is not None
        with engine.begin() as other:
            # Rows may change meanwhile, but nothing cleans up after them.
            other.execute(text("LOCK TABLE data_key IN SHARE UPDATE EXCLUSIVE MODE"))
            with pytest.raises(Unavailable, match="keys_unavailable"):
                vault.destroy("case-1")
        assert wrapped in raw_keys(engine)
        assert vault.destroy("case-1") is False
    raw = raw_keys(engine)
    engine.dispose()
    assert b"case-2" in raw
    assert wrapped not in raw


def test_a_store_that_does_not_answer_is_told(server: str, tmp_path: Path) -> None:
    nowhere = make_url(server).set(database="no_such_database").render_as_string(hide_password=False)
    settings = Settings(data_dir=tmp_path, key_database_url=nowhere, demo=False)
    with pytest.raises(Unavailable, match="keys_unavailable"):
        Vault.of(settings).ensure(["case-1"])
