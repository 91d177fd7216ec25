"""The servers that everything is measured on."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def servers(folder: Path, ports: range, postgresql: str, temporal: str) -> Generator[tuple[str, str]]:
    """The URL of a PostgreSQL server and host:port of a Temporal server that keeps its data in it."""
    yield postgresql, temporal
