"""What a section of the benchmark is.

A section is a module in `bench/sections/` with

    ABOUT: str                what it measures, in one sentence
    LIMIT_SECONDS: int        after which it is ended and reported as such
    async def measure(ground: Ground) -> Findings

and its name in `bench.sections.SECTIONS`. It runs in a process of its own; what it leaves running is ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NotRequired, Protocol, TypedDict

import psycopg
from psycopg import sql
from pydantic import TypeAdapter
from sqlalchemy import make_url


class Row(TypedDict):
    """One line of a table and one bar of its plot: a figure for each repetition. `note` says what must be known to
    read it, such as what a peer does not guarantee."""

    values: list[float]
    note: NotRequired[str]


class Figures(TypedDict):
    """A table with its plot: `rows` by what was measured, all in the same `unit`, such as `ms` or `1/s`."""

    unit: str
    rows: dict[str, Row]


class Findings(TypedDict):
    """What a section found. `ratios`: for each name of the contract its value in each repetition, of which the median
    counts; `figures` by title; `raw`: anything else worth keeping, as JSON."""

    ratios: Mapping[str, list[float]]
    figures: Mapping[str, Figures]
    raw: NotRequired[Any]


@dataclass(frozen=True)
class Ground:
    """What all sections of a run stand on, and what this one has for itself.

    `postgresql` is the SQLAlchemy URL of a server's administrator, `temporal` the host:port of a Temporal server that
    keeps its data in it and may outlive the run, so ids of workflows should carry `run`. `folder` is empty and removed
    afterwards; the ports from `first_port` to 39 above it are free.
    """

    postgresql: str
    temporal: str
    folder: Path
    first_port: int
    repetitions: int
    run: str
    quick: bool = False
    options: dict[str, str] = field(default_factory=dict[str, str])

    def database(self, name: str) -> str:
        """The SQLAlchemy URL of a new, empty database; one of that name is dropped before."""
        url = make_url(self.postgresql)
        with psycopg.connect(plain_url(self.postgresql), autocommit=True) as connection:
            named = sql.Identifier(name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(named))
        return url.set(database=name).render_as_string(hide_password=False)


GROUND = TypeAdapter(Ground)


class Section(Protocol):
    """A module in `bench/sections/`."""

    ABOUT: str
    LIMIT_SECONDS: int

    async def measure(self, ground: Ground) -> Findings:
        """Measure."""
        ...


def plain_url(url: str) -> str:
    """A SQLAlchemy URL of PostgreSQL as libpq reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
