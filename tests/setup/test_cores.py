"""A process of Python keeps to one core, and each of an installation to another."""

import os
from pathlib import Path

import pytest

from services.cores import core_of, on_any_core
from services.settings import Settings

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="only Linux keeps a process to a core"
)


def settings(folder: Path, port: int = 8000, *, one_core: bool = True) -> Settings:
    return Settings(data_dir=folder, http_port=port, one_core=one_core)


def test_processes_take_turns_in_the_cores(tmp_path: Path) -> None:
    cores = sorted(os.sched_getaffinity(0))
    given = [core_of(settings(tmp_path), number) for number in range(len(cores))]
    assert sorted(given, key=str) == sorted([None] if len(cores) == 1 else cores, key=str)
    # The next installation does not begin at the same one.
    if len(cores) > 1:
        assert core_of(settings(tmp_path, 8001), 0) == given[1]


def test_all_cores_where_that_is_wanted(tmp_path: Path) -> None:
    assert core_of(settings(tmp_path, one_core=False), 0) is None


def test_long_work_leaves_the_core_and_comes_back() -> None:
    before = os.sched_getaffinity(0)
    core = min(before)
    os.sched_setaffinity(0, {core})
    try:
        with on_any_core():
            assert os.sched_getaffinity(0) >= before
        assert os.sched_getaffinity(0) == {core}
    finally:
        os.sched_setaffinity(0, before)
