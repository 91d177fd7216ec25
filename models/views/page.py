"""Keyset pages: a list is read on from where the last page ended, however the rows change meanwhile."""

from typing import Generic, TypeVar

from models.base import Model

T = TypeVar("T")


class Page(Model, Generic[T]):
    """`next_cursor` is None on the last page."""

    items: list[T]
    next_cursor: str | None = None
