"""The small ledger that every peer writes: a row per case and its events, once each."""

import psycopg
from sqlalchemy import Connection, text

from bench.section import plain_url

_TABLES = """
CREATE TABLE case_row (case_id text PRIMARY KEY, version integer NOT NULL, due_at timestamptz NOT NULL);
CREATE INDEX case_row_due_at ON case_row (due_at);
CREATE TABLE case_event (
    case_id text, version integer, body text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (case_id, version)
);
"""
_EVENT = text(
    "INSERT INTO case_event (case_id, version, body) VALUES (:case_id, :version, :body) ON CONFLICT DO NOTHING"
)
_ROW = text(
    "INSERT INTO case_row VALUES (:case_id, :version, now() + interval '30 days') ON CONFLICT (case_id) "
    "DO UPDATE SET version = excluded.version, due_at = excluded.due_at WHERE case_row.version < excluded.version"
)


def make_tables(url: str) -> None:
    """The tables, in an empty database."""
    with psycopg.connect(plain_url(url)) as connection:
        connection.execute(_TABLES)


def write(connection: Connection, case_id: str, version: int, body: str) -> None:
    """Write an event and the row as it is after it; a repetition changes nothing."""
    connection.execute(_EVENT, {"case_id": case_id, "version": version, "body": body})
    connection.execute(_ROW, {"case_id": case_id, "version": version})
