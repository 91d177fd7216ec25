"""The sizes on paper are those of the simulation."""

from pathlib import Path

from bench.sizing import for_the_morning, morning, processes, table, wait_p99

DOCUMENT = Path(__file__).parents[2] / "docs" / "sizing.md"


def test_the_document_holds_the_table_of_the_script() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8")


def test_more_servers_wait_less_and_enough_are_found() -> None:
    assert wait_p99(50, 0.01, 2, seed=1) < wait_p99(50, 0.01, 1, seed=1)
    few = processes(50, 0.01, busy=0.9, wait=0.01)
    assert wait_p99(50, 0.01, few, seed=few) <= 0.01
    assert few > 1


def test_a_morning_is_as_long_as_its_longest_row_of_schools() -> None:
    assert morning(1, 100, 0.1, 0.0, workers=4) == 100 * 0.1
    assert abs(morning(32, 320, 0.1, 0.0, workers=1) - 2.0) < 1e-9
    assert for_the_morning(32, 320, 0.1, 0.0, limit=1.0) == 2


def test_a_morning_is_as_long_as_its_messages_take_of_a_core() -> None:
    assert morning(32, 320, 0.001, 0.01, workers=2) == 320 * 0.01 / 2
    assert for_the_morning(32, 320, 0.001, 0.01, limit=1.0) == 4
