"""Corrections are read as the cells of a roster are, so that what was corrected can be exported and imported again
unchanged."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

from models.case.kernel import Refused
from models.case.profile import CorrectProfile
from models.roster.cells import CellReading, RosterRules, read_cell
from models.roster.columns import Column, roster_columns
from models.roster.problems import RowProblem, row_problem

if TYPE_CHECKING:
    from models.case.state import CaseState

# Whether test identities may be used is decided where files are opened.
_RULES = RosterRules(allow_test_identities=True)
# Judged with every correction, by a code of its own.
_JUDGED_ELSEWHERE = frozenset({"id_number"})


def as_in_rosters(command: CorrectProfile) -> CorrectProfile:
    """The same correction in the words of a roster: codes for names, digits to dial, nothing for a blank. What cannot
    be read stays as it is, for the case to refuse."""
    read = {
        column.field: None if not reading.values else _written(reading.values[column.field])
        for column, reading in _readings(command)
        if not _problem(column, reading)
    }
    return command.model_copy(update=read)


def check_correction(state: CaseState, command: CorrectProfile) -> None:
    """Raises `value_unsound` for a value that no import would take, and `field_required`."""
    for column, reading in _readings(command):
        problem = _problem(column, reading)
        if problem is not None and column.field not in _JUDGED_ELSEWHERE:
            raise _unsound(column.field, problem)
        if problem is None and not reading.values and column.field in roster_columns().header_needs:
            raise Refused("field_required", fields=column.field)
    given = command.model_fields_set
    if given & {"enrolled_on", "graduates_on"}:
        enrolled = (command if "enrolled_on" in given else state.profile).enrolled_on
        graduates = (command if "graduates_on" in given else state.profile).graduates_on
        if enrolled and graduates and graduates < enrolled:
            column_zh = roster_columns().zh("graduates_on")
            raise _unsound("graduates_on", row_problem(column_zh, "graduates_before_enrolled"))


def _readings(command: CorrectProfile) -> list[tuple[Column, CellReading]]:
    """What the given texts and dates mean in their columns."""
    given = {name: getattr(command, name) for name in command.model_fields_set}
    return [
        (column, read_cell(column, str(given[column.field]), _RULES))
        for column in roster_columns().columns
        if isinstance(given.get(column.field), str | date)
    ]


def _problem(column: Column, reading: CellReading) -> RowProblem | None:
    if reading.problems:
        return reading.problems[0]
    # A correction is about one number.
    return row_problem(column.zh, "invalid_phone") if reading.values.get("other_phones") else None


def _unsound(field: str, problem: RowProblem) -> Refused:
    return Refused(
        "value_unsound",
        field_zh=problem.column,
        field_en=field,
        reason_zh=problem.zh,
        reason_en=problem.en,
    )


def _written(value: object) -> object:
    return "、".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
