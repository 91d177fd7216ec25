"""How Alembic reaches the key store: by the connection that it is given."""

from alembic import context

from services.key_schema import KEYS, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=KEYS.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
