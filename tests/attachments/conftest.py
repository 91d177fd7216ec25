"""Installations whose files a test may look into and damage."""

from collections.abc import AsyncGenerator
from itertools import count
from pathlib import Path

import pytest

from tests.product import Product, running_product, settings_for

_schools = count(90701)


@pytest.fixture
async def place(temporal_address: str, tmp_path: Path) -> AsyncGenerator[Product]:
    """An installation of its own."""
    settings = settings_for(tmp_path / "data", temporal_address, school=str(next(_schools)))
    async with running_product(settings) as running:
        yield running
