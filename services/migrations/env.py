"""How Alembic reaches the database and the tables."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel.sql.sqltypes import AutoString

from models.tables import CaseRow
from models.tables.types import Instant

# Naming one table imports, and so registers, all of them.
_METADATA = CaseRow.metadata


def _plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Migrations name plain SQL types, so that they outlive the classes of today."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    assert url is not None  # noqa: S101  (set by services.database)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=_METADATA, render_as_batch=True, render_item=_plain_type
        )
        with context.begin_transaction():
            context.run_migrations()


run()
