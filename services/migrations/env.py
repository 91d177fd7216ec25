"""How Alembic reaches the database and the tables."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate import renderers
from alembic.operations.ops import CreateTableOp, DowngradeOps, MigrateOperation, MigrationScript, UpgradeOps
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


class _Guard(MigrateOperation):
    """Guards an append-only table, or takes the guard away, which Alembic does not know by itself."""

    def __init__(self, act: Literal["guard", "unguard"], table: str) -> None:
        self.act = act
        self.table = table


@renderers.dispatch_for(_Guard)
def _render_guard(autogen_context: Any, operation: _Guard) -> str:
    autogen_context.imports.add(f"from services.migrations.append_only import {operation.act}")
    return f'{operation.act}("{operation.table}")'


def _guard_append_only(_context: Any, _revision: Any, directives: list[MigrationScript]) -> None:
    for script in directives:
        upgrade, downgrade = script.upgrade_ops, script.downgrade_ops
        assert isinstance(upgrade, UpgradeOps)  # noqa: S101  (one database has one of each)
        assert isinstance(downgrade, DowngradeOps)  # noqa: S101
        made = [item for item in upgrade.ops if isinstance(item, CreateTableOp)]
        for table in [item.table_name for item in made if item.info.get("append_only")]:
            upgrade.ops.append(_Guard("guard", table))
            downgrade.ops.insert(0, _Guard("unguard", table))


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    assert url is not None  # noqa: S101  (set by services.database)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=_METADATA,
            render_as_batch=True,
            render_item=_plain_type,
            process_revision_directives=_guard_append_only,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
