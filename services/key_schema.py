"""The table of the key store, and bringing a store up to date."""

from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, LargeBinary, MetaData, String, Table, inspect, text

from models.tables.types import Instant

# Beside the ledger's own, where both are in one database.
VERSION_TABLE = "data_key_version"
# What stores had before they knew their version.
_FIRST = "0001"
# PostgreSQL lets two processes change one table at the same time only one after the other.
_MIGRATION_LOCK = 7_239_004

# `wrapped` is empty once a key was destroyed: what is left keeps it from ever being made again.
KEYS = Table(
    "data_key",
    MetaData(),
    Column("subject", String, primary_key=True),
    Column("key_id", String, nullable=False, unique=True),
    Column("master_id", String, nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("destroyed_at", Instant, nullable=True),
)


def migrate_keys(connection: Connection) -> None:
    """Bring the store up to date within the transaction, one process after the other. Does nothing where it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
    config = Config()
    config.set_main_option("script_location", str(resources.files("services") / "key_migrations"))
    config.attributes["connection"] = connection
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    known = context.get_current_revision()
    if known == ScriptDirectory.from_config(config).get_current_head():
        return
    if known is None and inspect(connection).has_table(KEYS.name):
        command.stamp(config, _FIRST)
    command.upgrade(config, "head")
