"""Keyset pages: where a page ended, as an opaque cursor, and the rows that come after it."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, tuple_

from services.errors import BadCursor

# Beyond these, moving a time to UTC or giving a number to the database overflows.
_EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
_LATEST = datetime(9999, 12, 29, tzinfo=UTC)
_MOST = 2**31 - 1

Key = Sequence[date | datetime | str | int]


def cursor_of(list_name: str, key: Key) -> str:
    """The cursor of a page whose last row has this key."""
    plain = [part.isoformat() if isinstance(part, date) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps([list_name, *plain]).encode()).decode()


def read_cursor(list_name: str, cursor: str, *kinds: type) -> list[Any]:
    """The key in a cursor of that list, whose parts are of these types. Raises BadCursor."""
    try:
        given, *parts = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if given != list_name:
            raise ValueError(given)
        return [_part(part, kind) for part, kind in zip(parts, kinds, strict=True)]
    except (ValueError, TypeError, binascii.Error):
        raise BadCursor from None


def _part(part: object, kind: type) -> object:
    # No key of ours holds a NUL or half a character; the database would refuse it. (The second fails here.)
    if isinstance(part, str) and b"\0" in part.encode():
        raise ValueError(part)
    if kind is datetime and isinstance(part, str):
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None or not _EARLIEST < moment < _LATEST:
            raise ValueError(part)
        return moment
    if kind is date and isinstance(part, str):
        return date.fromisoformat(part)
    if not isinstance(part, kind) or (isinstance(part, int) and abs(part) > _MOST):
        raise TypeError(part)
    return part


def after(columns: Sequence[Any], key: Sequence[Any], *, descending: bool = False) -> ColumnElement[bool]:
    """The rows behind this key, in the order of these columns, as one comparison of rows: an index in that order
    finds the place at once, however many rows are equal in the first columns."""
    place = tuple_(*(literal(value, column.type) for column, value in zip(columns, key, strict=True)))
    return tuple_(*columns) < place if descending else tuple_(*columns) > place
