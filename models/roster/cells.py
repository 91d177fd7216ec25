"""Reading one cell of a roster by the kind of its column."""

import re
from collections.abc import Callable, Mapping

from pydantic import Field

from models.base import Model
from models.hardship import parse_hardship
from models.identity import check_id_number, is_test_phone, normalise_id_number
from models.roster.codes import fold, person_codes
from models.roster.columns import Column, Kind, roster_columns
from models.roster.dates import parse_cohort, parse_date
from models.roster.guard import begins_formula
from models.roster.problems import RowProblem, row_problem, with_suggestions
from models.roster.text import clean, compact, half_width, is_spoiled_number

_CJK = "[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_MIDDLE_DOTS = re.compile(rf"(?<={_CJK})\s*[·•・．‧∙⋅.]\s*(?={_CJK})")
_SPACE_IN_NAME = re.compile(rf"(?<={_CJK})\s+(?={_CJK})")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")


class RosterRules(Model):
    """What a deployment takes. Lengths are in characters."""

    allow_test_identities: bool = False
    unknown_hardship_as_other: bool = False
    max_name_length: int = Field(default=50, gt=0)
    max_code_length: int = Field(default=64, gt=0)
    max_text_length: int = Field(default=2000, gt=0)


class CellReading(Model):
    """What a cell means: fields of the row, plain text that is only carried along, or problems."""

    values: Mapping[str, object] = Field(default_factory=dict[str, object])
    other: Mapping[str, str] = Field(default_factory=dict[str, str])
    problems: tuple[RowProblem, ...] = ()


def read_cell(column: Column, text: str, rules: RosterRules) -> CellReading:
    """The meaning of a cell; a blank one, or a mark for "nothing" such as -, means nothing."""
    text = clean(text) if text else ""
    if not text or fold(text) in roster_columns().blank_marks:
        return CellReading()
    if len(text) > rules.max_text_length:
        return _refuse(column, "text_too_long", limit=rules.max_text_length)
    return _READERS[column.kind](column, text, rules)


def _refuse(column: Column, code: str, **values: object) -> CellReading:
    return CellReading(problems=(row_problem(column.zh, code, **values),))


def _take(column: Column, value: object) -> CellReading:
    return CellReading(values={column.field: value}) if value else CellReading()


def _text(column: Column, text: str, _rules: RosterRules) -> CellReading:
    return _take(column, _tidy(text))


def _other(column: Column, text: str, _rules: RosterRules) -> CellReading:
    return CellReading(other={column.field: _tidy(text)})


def _tidy(text: str) -> str:
    """Text with single spaces, its lines kept."""
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()


def _name(column: Column, text: str, rules: RosterRules) -> CellReading:
    name = _SPACE_IN_NAME.sub("", _MIDDLE_DOTS.sub("·", " ".join(half_width(text).split())))
    if begins_formula(name):
        return _refuse(column, "formula_in_name", start=name[0])
    if len(name) > rules.max_name_length:
        return _refuse(column, "name_too_long", limit=rules.max_name_length)
    return _take(column, name)


def _code(column: Column, text: str, rules: RosterRules) -> CellReading:
    code = compact(text)
    if is_spoiled_number(code):
        return _refuse(column, "number_spoiled")
    if column.field == "student_no" and begins_formula(code):
        return _refuse(column, "formula_in_name", start=code[0])
    if len(code) > rules.max_code_length:
        return _refuse(column, "text_too_long", limit=rules.max_code_length)
    return _take(column, code)


def _id_number(column: Column, text: str, rules: RosterRules) -> CellReading:
    number = normalise_id_number(text)
    problem = check_id_number(number, allow_test_identities=rules.allow_test_identities)
    return _refuse(column, problem.code) if problem else _take(column, number)


def _phone(column: Column, text: str, rules: RosterRules) -> CellReading:
    """One or several numbers in one cell; the first is the one to call."""
    if is_spoiled_number(text):
        return _refuse(column, "number_spoiled")
    written = [part for part in re.split(r"[、,;/|\n或]", half_width(text)) if part.strip()]
    phones = list(dict.fromkeys(map(_dialled, written)))
    if not phones or not all(map(_is_phone, phones)):
        return _refuse(column, "invalid_phone")
    if not rules.allow_test_identities and any(map(is_test_phone, phones)):
        return _refuse(column, "test_identity")
    return CellReading(values={column.field: phones[0], "other_phones": tuple(phones[1:])})


def _dialled(text: str) -> str:
    """The digits to dial, without the country code of mainland China."""
    digits = re.sub(r"[\s().+–-]", "", compact(text))
    return re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)


def _is_phone(digits: str) -> bool:
    """Long enough for some line; what starts like a mobile number must have all its 11 digits."""
    return re.fullmatch(r"1[0-9]{10}|[02-9][0-9]{6,14}", digits) is not None


def _email(column: Column, text: str, _rules: RosterRules) -> CellReading:
    address = compact(text).removeprefix("mailto:")
    return _take(column, address) if _EMAIL.fullmatch(address) else _refuse(column, "invalid_email")


def _table(column: Column, text: str, _rules: RosterRules) -> CellReading:
    return _take(column, person_codes()[column.table].code_of(text) if column.table else text)


def _list(column: Column, text: str, _rules: RosterRules) -> CellReading:
    items = (_tidy(item) for item in re.split(r"[、，,;；/|\n]", text))
    return _take(column, tuple(dict.fromkeys(item for item in items if item)))


def _first_day(column: Column, text: str, _rules: RosterRules) -> CellReading:
    day = parse_date(text, "first_day")
    return _take(column, day) if day else _refuse(column, "impossible_date", text=text[:40])


def _last_day(column: Column, text: str, _rules: RosterRules) -> CellReading:
    day = parse_date(text, "last_day")
    return _take(column, day) if day else _refuse(column, "impossible_date", text=text[:40])


def _cohort(column: Column, text: str, _rules: RosterRules) -> CellReading:
    year = parse_cohort(text)
    return _take(column, year) if year else _refuse(column, "invalid_cohort", text=text[:40])


def _hardship(column: Column, text: str, rules: RosterRules) -> CellReading:
    claims, unknown = parse_hardship(text, unknown_as_other=rules.unknown_hardship_as_other)
    problems = tuple(
        with_suggestions(
            row_problem(column.zh, "unknown_hardship_type", text=part.text[:40]), part.suggestions
        )
        for part in unknown
    )
    return CellReading(values={column.field: claims}, problems=problems)


def _yes_no(column: Column, text: str, _rules: RosterRules) -> CellReading:
    """Yes or no; anything else is carried along as text."""
    columns = roster_columns()
    if fold(text) in columns.yes_words + columns.no_words:
        return CellReading(values={column.field: fold(text) in columns.yes_words})
    return _other(column, text, _rules)


_READERS: Mapping[Kind, Callable[[Column, str, RosterRules], CellReading]] = {
    "text": _text,
    "name": _name,
    "code": _code,
    "id_number": _id_number,
    "phone": _phone,
    "email": _email,
    "table": _table,
    "list": _list,
    "first_day": _first_day,
    "last_day": _last_day,
    "cohort": _cohort,
    "hardship": _hardship,
    "yes_no": _yes_no,
    "other": _other,
}
