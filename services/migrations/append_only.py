"""Guards of tables whose rows are only ever added: the database itself refuses to change or delete them."""

from alembic import op

_SQLITE = """CREATE TRIGGER IF NOT EXISTS {table}_no_{act} BEFORE {act} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
# What REPLACE removes fires no trigger of deletion.
_SQLITE_REPLACE = """CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE seq = NEW.seq OR id = NEW.id)
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
_POSTGRESQL = (
    """CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$""",
    """CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()""",
)


def guard(table: str) -> None:
    """Let the table's rows, which have a `seq` and an `id`, be added only; on SQLite also where part of the guard is
    there."""
    if op.get_bind().dialect.name == "postgresql":
        statements = [statement.format(table=table) for statement in _POSTGRESQL]
    else:
        statements = [_SQLITE.format(table=table, act=act) for act in ("update", "delete")]
        statements.append(_SQLITE_REPLACE.format(table=table))
    for statement in statements:
        op.execute(statement)


def unguard(table: str) -> None:
    """Take the guard away, before the table goes."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {table}_refuse() CASCADE")
