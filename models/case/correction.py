"""Corrections are read as the cells of a roster are, so that what was corrected can be exported and imported again
unchanged."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

from models.case.kernel import Refused
from models.case.profile import CorrectProfile
from models.roster.cells import CellReading, RosterRules, read_cell
from models.roster.columns import Column, roster_columns
from models.roster.problems import row_sentences

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
        if not _problem(reading)
    }
    return command.model_copy(update=read)


def check_correction(state: CaseState, command: CorrectProfile) -> None:
    """Raises `value_unsound` for a value that no import would take, and `field_required`."""
    for column, reading in _readings(command):
        code = _problem(reading)
        if code is not None and column.field not in _JUDGED_ELSEWHERE:
            problem = next((item for item in reading.problems), None)
            zh, en = (problem.zh, problem.en) if problem else row_sentences(code)
            raise Refused(
                "value_unsound", field_zh=column.zh, field_en=column.field, reason_zh=zh, reason_en=en
            )
        if code is None and not reading.values and column.field in roster_columns().header_needs:
            raise Refused("field_required", fields=column.field)
    merged = {
        name: getattr(command if name in command.model_fields_set else state.profile, name)
        for name in ("enrolled_on", "graduates_on")
    }
    enrolled, graduates = merged["enrolled_on"], merged["graduates_on"]
    if merged.keys() & command.model_fields_set and enrolled and graduates and graduates < enrolled:
        zh, en = row_sentences("graduates_before_enrolled")
        column = roster_columns().zh("graduates_on")
        raise Refused("value_unsound", field_zh=column, field_en="graduates_on", reason_zh=zh, reason_en=en)


def _readings(command: CorrectProfile) -> list[tuple[Column, CellReading]]:
    """What the given texts and dates mean in their columns."""
    given = {name: getattr(command, name) for name in command.model_fields_set}
    return [
        (column, read_cell(column, str(given[column.field]), _RULES))
        for column in roster_columns().columns
        if isinstance(given.get(column.field), str | date)
    ]


def _problem(reading: CellReading) -> str | None:
    if reading.problems:
        return reading.problems[0].code
    # A correction is about one number.
    return "invalid_phone" if reading.values.get("other_phones") else None


def _written(value: object) -> object:
    return "、".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
