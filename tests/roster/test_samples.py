"""The committed samples are what the generator writes, and are judged as they say."""

import tracemalloc
from pathlib import Path

import pytest

from models.hardship import HardshipType
from models.roster.cells import RosterRules
from models.roster.rows import RosterRow, judge_row
from models.roster.sheet import open_sheet
from samples.generate import PLAIN_FIELDS, write_csv, write_samples
from samples.graduates import generate_rows
from samples.troubles import expected_codes

SAMPLES = Path(__file__).parents[2] / "samples"
DEMO = RosterRules(allow_test_identities=True)
FILES = ["roster-computing.csv", "roster-teaching.xlsx", "roster-troubles.csv"]


def _judged(path: Path, rules: RosterRules) -> list[RosterRow | list[str]]:
    with path.open("rb") as file:
        verdicts = [
            judge_row(row.cells, rules) for row in open_sheet(file, path.name).rows() if row.kind == "data"
        ]
    return [each if isinstance(each, RosterRow) else [problem.code for problem in each] for each in verdicts]


@pytest.mark.parametrize("name", FILES)
def test_the_committed_file_is_what_the_generator_writes(name: str, tmp_path: Path) -> None:
    write_samples(150, 2027, tmp_path)
    with (SAMPLES / name).open("rb") as committed, (tmp_path / name).open("rb") as written:
        assert list(open_sheet(committed, name).rows()) == list(open_sheet(written, name).rows())


def test_equal_seeds_give_equal_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_samples(5, 1, tmp_path / folder)
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(("name", "college"), [(FILES[0], "计算机学院"), (FILES[1], "师范学院")])
def test_the_sound_samples_are_taken_by_a_demo_only(name: str, college: str) -> None:
    rows = _judged(SAMPLES / name, DEMO)
    assert len(rows) == 150
    people = [row for row in rows if isinstance(row, RosterRow)]
    assert len(people) == 150
    assert {(row.department, row.cohort) for row in people} == {(college, 2027)}
    assert len({row.student_no for row in people}) == len({row.id_number for row in people}) == 150
    assert len({claim.type for row in people for claim in row.hardship}) >= len(HardshipType) - 1
    assert any(len(row.hardship) > 1 for row in people)
    real = _judged(SAMPLES / name, RosterRules())
    assert all(isinstance(row, list) and "test_identity" in row for row in real)


def test_each_trouble_gets_the_verdict_it_tells() -> None:
    # Clashes and unknown departments take the ledger to be seen.
    elsewhere = {"unknown_department", "student_no_clash"}
    expected = [[code] if code and code not in elsewhere else [] for code in expected_codes()]
    judged = _judged(SAMPLES / "roster-troubles.csv", DEMO)
    assert [[] if isinstance(row, RosterRow) else row for row in judged] == expected


def test_the_troubles_hold_rows_to_skip() -> None:
    with (SAMPLES / "roster-troubles.csv").open("rb") as file:
        kinds = [row.kind for row in open_sheet(file, "a").rows()]
    assert (kinds.count("blank"), kinds.count("totals")) == (1, 1)


def _peak(target: Path, rows: int) -> int:
    """The most memory in use while so many graduates are written and read."""
    tracemalloc.start()
    try:
        write_csv(target, PLAIN_FIELDS, generate_rows(rows, 7))
        with target.open("rb") as file:
            assert sum(1 for _ in open_sheet(file, "many.csv").rows()) == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_stays_flat_however_many_graduates_there_are(tmp_path: Path) -> None:
    _peak(tmp_path / "warm.csv", 10)
    few, many = _peak(tmp_path / "few.csv", 500), _peak(tmp_path / "many.csv", 4_000)
    assert (tmp_path / "many.csv").stat().st_size > 1_000_000
    assert many - few < 100_000
