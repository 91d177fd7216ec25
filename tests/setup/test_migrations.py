"""The migrations make the tables of the models, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, NullPool, create_engine

from models.tables import CaseRow
from services.database import migrate
from services.key_schema import KEYS, VERSION_TABLE
from services.key_store import KeyStore, StoredKey
from services.settings import Settings
from tests.views.databases import postgresql


def _differences(url: str, folder: Path) -> list[object]:
    migrate(Settings(data_dir=folder, database_url=url))
    engine: Engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), CaseRow.metadata))


def _key_differences(url: str) -> list[object]:
    store = KeyStore(url)
    assert store.find(["nobody"]) == {}
    store.close()
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert context.get_current_revision() is not None
        return list(compare_metadata(context, KEYS.metadata))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_nothing_is_left_to_migrate(dialect: str, tmp_path: Path) -> None:
    if dialect == "sqlite":
        assert _differences(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path) == []
        assert _key_differences(f"sqlite:///{tmp_path / 'keys.db'}") == []
        return
    with postgresql() as url:
        assert _key_differences(url) == []
    with postgresql() as url:
        assert _differences(url, tmp_path) == []


def test_a_key_store_of_before_it_knew_its_version_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'keys.db'}"
    engine = create_engine(url, poolclass=NullPool)
    KEYS.metadata.create_all(engine)
    key = StoredKey.of("case-1", "k1").wrapped_by("m1", b"wrapped")
    with engine.begin() as connection:
        connection.execute(KEYS.insert(), vars(key))
    assert KeyStore(url).find(["case-1"])["case-1"].wrapped == b"wrapped"
    assert _key_differences(url) == []
