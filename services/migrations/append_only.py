"""Guards of tables whose rows are only ever added: the database itself refuses to change or delete them."""

from alembic import op

_SQLITE = """CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
_POSTGRESQL = (
    """CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$""",
    """CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()""",
)


def guard(table: str) -> None:
    """Let the table's rows be added only."""
    if op.get_bind().dialect.name == "postgresql":
        statements = [statement.format(table=table) for statement in _POSTGRESQL]
    else:
        statements = [_SQLITE.format(table=table, act=act) for act in ("update", "delete")]
    for statement in statements:
        op.execute(statement)


def unguard(table: str) -> None:
    """Take the guard away, before the table goes."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {table}_refuse() CASCADE")
