"""The migrations make the tables of the models, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, NullPool, create_engine

from models.tables import CaseRow
from services.database import migrate
from services.settings import Settings
from tests.views.databases import postgresql


def _differences(url: str, folder: Path) -> list[object]:
    migrate(Settings(data_dir=folder, database_url=url))
    engine: Engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), CaseRow.metadata))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_nothing_is_left_to_migrate(dialect: str, tmp_path: Path) -> None:
    if dialect == "sqlite":
        assert _differences(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path) == []
        return
    with postgresql() as url:
        assert _differences(url, tmp_path) == []
