"""The databases that the product runs on, empty and with its tables."""

from collections.abc import Generator
from contextlib import contextmanager

from deploy.local import postgresql as local
from tests.product import free_port


@contextmanager
def postgresql() -> Generator[str]:
    """The URL of a PostgreSQL server of its own, on a port that no Temporal server of the tests takes."""
    with local.postgresql(free_port()) as url:
        yield url
