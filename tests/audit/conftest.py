"""What the tests of the audit share."""

from collections.abc import Generator
from pathlib import Path

import pytest

from services.database import migrate
from services.settings import Settings
from tests.audit.trail import Trail, open_trail


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the schema of today."""
    folder = tmp_path_factory.mktemp("migrated")
    migrate(Settings(data_dir=folder))
    return folder / "zhuhang.db"


@pytest.fixture
def trail(tmp_path: Path, migrated: Path) -> Generator[Trail]:
    """An audit without entries."""
    with open_trail(tmp_path, migrated) as opened:
        yield opened
