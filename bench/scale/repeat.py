"""The SQL that repeats a few projected lives for all people of a staging table."""

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg import sql
from sqlalchemy import Column, make_url

from bench.scale.lives import COLLEGE, MENTOR, OTHERS, PARTNER, SCHOOL
from models.tables import CaseRow
from models.tables.types import Instant

# Not all is repeated of what only one page of one case reads, or what a reader would soon have dealt with.
_SOME: dict[str, LiteralString] = {"case_event": "WHERE t.seq <= 4", "case_notice": "WHERE t.seq % 3 = 0"}
_NOT_REPEATED = "not repeated"

_TYPES = {
    "case_id": "text",
    "life": "int4",
    "school": "text",
    "college": "text",
    "mentor": "text",
    "partner": "text",
    "others": "text",
    "hours": "float8",
    "student_no": "text",
    "student_no_key": "text",
    "id_number_key": "text",
    "phone_key": "text",
    "name": "text",
    "name_key": "text",
}
PERSONS = ("seed_person", tuple(_TYPES))
_TABLES = (
    "case_row",
    "case_hardship",
    "case_deadline",
    "case_referral",
    "case_notice",
    "case_event",
    "reservation",
)
# Columns that may name people or places.
_NAMING = frozenset(
    {
        "school_id",
        "department_id",
        "mentor_id",
        "proposed_mentor_id",
        "owner",
        "audience",
        "receiver",
        "sender_id",
        "actor_id",
    }
)
_STANDS_FOR = {MENTOR: "mentor", COLLEGE: "college", SCHOOL: "school", PARTNER: "partner", OTHERS: "others"}
# Everything but the primary keys: rows are written several times as fast without.
_INDEXES = """SELECT indexname, indexdef FROM pg_indexes JOIN pg_index ON indexrelid = indexname::regclass
    WHERE tablename = %s AND NOT indisprimary"""

# The id of a case, and a key by which it is found, of the same person in another province.
_OTHER_CASE = sql.SQL("'case-' || substr(md5({} || o.province), 1, 24)")
_OTHER_KEY = sql.SQL("substr(md5({} || o.province), 1, 24)")

Connection = psycopg.Connection[tuple[Any, ...]]


class Repeated(NamedTuple):
    """A school with the people of another one, in another province."""

    of: str
    id: str
    province: int


def dsn(url: str) -> str:
    """What the driver calls a database that SQLAlchemy calls `url`."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def copy(url: str, target: tuple[str, Sequence[str]], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows into a table in one go."""
    table, columns = target
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _names(columns))
    with psycopg.connect(dsn(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        with cursor.copy(statement) as writer:
            for row in rows:
                writer.write_row(row)


def make_staging(connection: Connection) -> None:
    """An empty table for the people."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} ").format(sql.Identifier(name)) + sql.Identifier(kind) for name, kind in _TYPES.items()
    )
    connection.execute(sql.SQL("CREATE UNLOGGED TABLE seed_person ({})").format(columns))


def repeat_people(connection: Connection, schools: Sequence[Repeated], lives: int) -> None:
    """Have the people of schools in the staging table once more at others, each with any of so many lives."""
    values: dict[str, sql.Composable] = {
        "case_id": _OTHER_CASE.format(sql.SQL("s.case_id")),
        "life": sql.SQL("floor(random() * {})").format(lives),
        "school": sql.SQL("o.id"),
        "hours": sql.SQL("random() * 72 - 36"),
    }
    for name in ("college", "mentor", "partner", "others"):
        values[name] = sql.SQL("replace(s.{}, s.school, o.id)").format(sql.Identifier(name))
    for name in ("student_no_key", "id_number_key", "phone_key", "name_key"):
        values[name] = _OTHER_KEY.format(sql.SQL("s.{}").format(sql.Identifier(name)))
    query = sql.SQL(
        "INSERT INTO seed_person ({}) SELECT {} FROM unnest(%s::text[], %s::text[], %s::int[]) o (of, id, province)"
        " JOIN seed_person s ON s.school = o.of"
    ).format(
        _names(_TYPES),
        sql.SQL(", ").join(values.get(name, sql.SQL("s.{}").format(sql.Identifier(name))) for name in _TYPES),
    )
    connection.execute(query, [list(column) for column in zip(*schools, strict=True)] or [[], [], []])


def repeat_keys(url: str, provinces: int) -> None:
    """The same for the keys of the first province's people, which open nothing of the others'."""
    with psycopg.connect(dsn(url)) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(
            sql.SQL(
                "INSERT INTO data_key (subject, key_id, master_id, wrapped, created_at)"
                " SELECT {}, {}, master_id, wrapped, created_at FROM data_key s, generate_series(1, %s) o (province)"
                " WHERE subject LIKE 'case-%%'"
            ).format(_OTHER_CASE.format(sql.SQL("s.subject")), _OTHER_KEY.format(sql.SQL("s.key_id"))),
            [provinces - 1],
        )


def repeat(connection: Connection) -> None:
    """Give each person of the staging table the rows of their life, take the patterns away, and analyse."""
    for name, value in (
        ("synchronous_commit", "off"),
        ("maintenance_work_mem", "512MB"),
        ("work_mem", "128MB"),
    ):
        connection.execute(sql.SQL("SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
    for table in _TABLES:
        _fill(connection, table)
    connection.execute("DROP TABLE seed_person")
    for table in ("staff", "school", "department"):
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))


def _fill(connection: Connection, table: str) -> None:
    name = sql.Identifier(table)
    indexes = connection.execute(_INDEXES, (table,)).fetchall()
    for index, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
    columns = list(CaseRow.metadata.tables[table].columns)
    fill = sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM seed_person s"
        " JOIN {table} t ON t.case_id = 'life-' || lpad(s.life::text, 5, '0') {some}"
    ).format(
        table=name,
        columns=_names([column.name for column in columns]),
        values=sql.SQL(", ").join(map(_value, columns)),
        some=sql.SQL(_SOME.get(table, "")),
    )
    connection.execute(fill)
    connection.execute(sql.SQL("DELETE FROM {} WHERE case_id LIKE 'life-%'").format(name))
    for _, definition in indexes:
        connection.execute(definition)
    connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(name))


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _value(column: Column[Any]) -> sql.Composable:
    """What stands in a column for a person `s` with a life `t`."""
    name = sql.Identifier(column.name)
    if column.name in _TYPES:
        return sql.SQL("s.{}").format(name)
    if column.name in ("state", "data"):
        return sql.Literal(_NOT_REPEATED)
    if column.name == "written":
        return sql.SQL("pg_current_xact_id()::text::bigint")
    if column.name in _NAMING:
        value: sql.Composable = sql.SQL("t.{}").format(name)
        for word, of in _STANDS_FOR.items():
            value = sql.SQL("replace({}, {}, s.{})").format(value, sql.Literal(word), sql.Identifier(of))
        return value
    if isinstance(column.type, Instant):
        return sql.SQL("t.{} + make_interval(secs => s.hours * 3600)").format(name)
    return sql.SQL("t.{}").format(name)
