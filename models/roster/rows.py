"""A row of a roster: a person as the school reports them, or all the reasons why the row is rejected."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date

from pydantic import Field

from models.base import Model
from models.hardship import HardshipClaim, write_hardship
from models.roster.cells import RosterRules, read_cell
from models.roster.codes import person_codes
from models.roster.columns import Column, roster_columns
from models.roster.guard import guard_cell
from models.roster.problems import RowProblem, row_problem


class RosterRow(Model):
    """One person of a roster, normalised. `sex`, `ethnicity` and `education_level` hold national codes (the
    typed text where no code fits); `department` is the name as typed; `hardship` may be empty, to be confirmed
    later; `cohort` is the graduating year, from `graduates_on` where the roster gives none; `other` holds
    assistance and result columns as plain text by field name."""

    student_no: str
    name: str
    exam_no: str | None = None
    sex: str | None = None
    id_number: str | None = None
    ethnicity: str | None = None
    political_status: str | None = None
    phone: str | None = None
    other_phones: tuple[str, ...] = ()
    email: str | None = None
    qq: str | None = None
    address: str | None = None
    origin: str | None = None
    origin_code: str | None = None
    school_code: str | None = None
    school: str | None = None
    department: str | None = None
    major: str | None = None
    major_code: str | None = None
    class_name: str | None = None
    education_level: str | None = None
    programme_years: str | None = None
    training_mode: str | None = None
    enrolled_on: date | None = None
    graduates_on: date | None = None
    cohort: int | None = None
    teacher_training: str | None = None
    hardship: tuple[HardshipClaim, ...] = ()
    hardship_grade: str | None = None
    employment_hardship: str | None = None
    subsidy_claimed: bool | None = None
    willingness: str | None = None
    intention: str | None = None
    intention_places: tuple[str, ...] = ()
    intention_jobs: tuple[str, ...] = ()
    expected_pay: str | None = None
    service_needs: tuple[str, ...] = ()
    mentor_name: str | None = None
    destination_code: str | None = None
    employer: str | None = None
    unemployed_reason: str | None = None
    remark: str | None = None
    other: Mapping[str, str] = Field(default_factory=dict[str, str])

    def digest(self) -> str:
        """SHA-256 (hex) over what the row says; fields that say nothing do not count, so that one added in a
        later version leaves it unchanged."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()

    def cells(self) -> dict[str, str]:
        """The row as guarded cells by field name; `judge_row` reads them back to an equal row."""
        written = {column.field: self._written(column) for column in roster_columns().columns}
        return {field: guard_cell(text) for field, text in written.items() if text}

    def _written(self, column: Column) -> str:
        if column.field in self.other:
            return self.other[column.field]
        if column.field == "hardship":
            return write_hardship(self.hardship)
        if column.field == "phone":
            return "、".join(filter(None, (self.phone, *self.other_phones)))
        value: object = getattr(self, column.field, None)
        if column.table and isinstance(value, str):
            return person_codes()[column.table].label(value)
        return _plain(value)


def _plain(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case tuple():
            return "、".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _:
            return str(value)


def judge_row(cells: Mapping[str, str], rules: RosterRules) -> RosterRow | list[RowProblem]:
    """The person that a row's cells (by field name) describe, or every problem that the row has, in the order
    of the columns. Whether the department exists, and whether the person clashes with a known one, is not
    judged here.

    Codes: `student_no_missing`, `name_missing`, `name_too_long`, `text_too_long`, `formula_in_name`,
    `number_spoiled`, those of `check_id_number`, `invalid_phone`, `invalid_email`, `impossible_date`,
    `invalid_cohort`, `graduates_before_enrolled`, `unknown_hardship_type`.
    """
    values: dict[str, object] = {}
    other: dict[str, str] = {}
    problems: list[RowProblem] = []
    for column in roster_columns().columns:
        reading = read_cell(column, cells.get(column.field, ""), rules)
        values.update(reading.values)
        other.update(reading.other)
        problems.extend(reading.problems)
        if column.field in roster_columns().header_needs and not (reading.values or reading.problems):
            problems.append(row_problem(column.zh, f"{column.field}_missing"))
    enrolled, graduates = values.get("enrolled_on"), values.get("graduates_on")
    if isinstance(graduates, date):
        values.setdefault("cohort", graduates.year)
        if isinstance(enrolled, date) and graduates < enrolled:
            problems.append(row_problem(roster_columns().zh("graduates_on"), "graduates_before_enrolled"))
    return problems or RosterRow.model_validate({**values, "other": other})
