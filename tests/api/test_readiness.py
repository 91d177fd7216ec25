"""`/readyz` names each part that is taken away."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.database import migrate, writing
from tests.product import Product, running_api, running_product, settings_for


@pytest.fixture(scope="module")
async def product(temporal_address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Product]:
    settings = settings_for(tmp_path_factory.mktemp("ready"), temporal_address, school="90062")
    async with running_product(settings) as running:
        yield running


async def missing(product: Product) -> list[str]:
    answer = await product.http.get("/readyz")
    said: dict[str, Any] = answer.json()
    assert answer.status_code == (503 if said["missing"] else 200)
    assert [name for name, state in said.items() if state == "missing"] == said["missing"]
    return said["missing"]


async def test_all_is_there(product: Product) -> None:
    async def ready() -> bool:
        return await missing(product) == []

    await product.until(ready, what="every part is seen")


async def test_a_schema_of_an_earlier_version(product: Product) -> None:
    def now_at(revision: str) -> None:
        with writing(product.services.engine).begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})

    with product.services.engine.connect() as connection:
        head = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    try:
        now_at("0001")
        assert await missing(product) == ["migrations"]
        # Of a later version that is just being brought in.
        now_at("9999")
        assert await missing(product) == []
    finally:
        now_at(head)


async def test_the_key_store(product: Product) -> None:
    folder = product.settings.data_dir / "keys"
    product.services.vault.store.close()
    folder.rename(folder.with_name("away"))
    try:
        assert await missing(product) == ["keys"]
    finally:
        folder.with_name("away").rename(folder)
    assert await missing(product) == []


async def test_the_data_folder(product: Product) -> None:
    folder = product.settings.data_dir
    kept = folder.with_name("elsewhere")
    folder.rename(kept)
    try:
        assert "disk" in await missing(product)
    finally:
        kept.rename(folder)


async def test_the_namespace(temporal_address: str, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, temporal_address, school="90063")
    settings.temporal_namespace = "nobody-made-it"
    migrate(settings)
    async with running_api(settings) as product:
        assert await missing(product) == ["namespace", "worker"]
