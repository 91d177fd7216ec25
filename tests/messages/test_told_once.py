"""Each notice is told by exactly one digest, however late it came into the ledger and whatever broke on its way."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.messages.desk import DAY, MORNING, Desk


def test_what_came_late_into_the_ledger_is_told_by_the_next_digest(desk: Desk) -> None:
    desk.notice("case-1", MORNING - DAY)
    desk.digest(0)
    desk.notice("case-2", MORNING - timedelta(seconds=1))
    desk.notice("case-3", MORNING + timedelta(seconds=1))
    desk.digest(1)
    desk.digest(2)
    assert desk.told() == {"02": 1, "03": 2}


def test_a_repeated_digest_takes_nothing_from_the_next(desk: Desk) -> None:
    desk.notice("case-1", MORNING - DAY)
    desk.digest(0)
    desk.notice("case-2", MORNING - DAY)
    desk.digest(0)
    desk.digest(1)
    assert desk.told() == {"02": 1, "03": 1}


def test_a_digest_that_was_cut_off_has_told_nothing(desk: Desk) -> None:
    desk.notice("case-1", MORNING - DAY)
    with cut_off(desk.engine, at="INSERT INTO delivery"), pytest.raises(ConnectionError):
        desk.digest(0)
    desk.digest(1)
    assert desk.told() == {"03": 1}


@contextmanager
def cut_off(engine: Engine, *, at: str) -> Generator[None]:
    """The connection is lost at such a statement."""

    def lose(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(at):
            raise ConnectionError(at)

    event.listen(engine, "before_cursor_execute", lose)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", lose)
