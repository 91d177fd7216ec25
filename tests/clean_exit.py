"""A pytest plugin: the test run leaves through the same clean exit as every process of Zhuhang."""

import pytest

from cli.clean_exit import leave

_STATUS = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep the status that the run has earned."""
    session.config.stash[_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Everything is reported by now: leave, unless no session ever ran."""
    if _STATUS in config.stash:
        leave(config.stash[_STATUS])
