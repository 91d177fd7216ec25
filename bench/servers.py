"""The servers that everything is measured on."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from cli.terminal import Terminal
from deploy.local.postgresql import postgresql
from deploy.local.temporal_cluster import server_on

_TEMPORAL = 10


@contextmanager
def servers(
    folder: Path, ports: range, given_postgresql: str, given_temporal: str
) -> Generator[tuple[str, str]]:
    """The URL of a PostgreSQL server and host:port of a full Temporal server on it, both new and with their default
    durability where none are given."""
    with ExitStack() as stack:
        database = given_postgresql or stack.enter_context(postgresql(ports.start))
        temporal = given_temporal or stack.enter_context(
            server_on(
                database,
                folder / "temporal",
                ports.start + _TEMPORAL,
                progress=Terminal(Console(stderr=True)),
            )
        )
        yield database, temporal
