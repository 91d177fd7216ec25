"""What is corrected is as sound as what is imported, and comes back from an export unchanged."""

from typing import Any

import pytest

from models.case.correction import as_in_rosters
from models.case.profile import CorrectProfile
from models.roster.cells import RosterRules
from models.roster.rows import RosterRow, judge_row

from .given import Case
from .people import COUNSELOR, GRADUATE, SUPERVISOR


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"student_no": "   "}, "field_required"),
        ({"name": " "}, "field_required"),
        ({"name": "\u200b"}, "field_required"),
        ({"name": "-"}, "field_required"),
        ({"name": "=cmd|' /C calc'!A0"}, "value_unsound"),
        ({"name": "长" * 51}, "value_unsound"),
        ({"student_no": "=1+1"}, "value_unsound"),
        ({"student_no": "2.02312E+11"}, "value_unsound"),
        ({"phone": "not a phone"}, "value_unsound"),
        ({"phone": "10000000001、10000000002"}, "value_unsound"),
        ({"email": "nope"}, "value_unsound"),
        ({"id_number": "000000200201010010"}, "id_number_unsound"),
        ({"enrolled_on": "2199-01-01"}, "value_unsound"),
        ({"graduates_on": "1900-01-01"}, "value_unsound"),
        ({"enrolled_on": "2027-09-01", "graduates_on": "2023-06-30"}, "value_unsound"),
    ],
)
def test_what_no_import_would_take_is_refused(fields: dict[str, Any], code: str) -> None:
    assert Case().refused(SUPERVISOR, "correct_profile", reason="x", **fields) == code


def test_a_date_is_held_against_the_one_that_is_known() -> None:
    case = Case(enrolled_on="2023-09-01")
    assert (
        case.refused(COUNSELOR, "correct_profile", graduates_on="2023-06-30", reason="x") == "value_unsound"
    )
    case.when(COUNSELOR, "correct_profile", graduates_on="2027-06-30", reason="x")


def test_a_graduate_s_own_contact_data_are_judged_too() -> None:
    case = Case()
    assert case.refused(GRADUATE, "correct_profile", email="nope", reason="x") == "value_unsound"
    case.when(GRADUATE, "correct_profile", email="li@example.example", phone=None, reason="x")


def test_a_correction_speaks_the_words_of_a_roster() -> None:
    given = CorrectProfile(
        reason="x",
        name="欧 阳　娜",
        sex="女",
        phone="+86 100-0000-0001",
        student_no="２０２３ 001",
        intention_places="江西,福建",
        major=" ",
        remark=None,
    )
    assert as_in_rosters(given).model_dump(exclude_unset=True) == {
        "reason": "x",
        "name": "欧阳娜",
        "sex": "2",
        "phone": "10000000001",
        "student_no": "2023001",
        "intention_places": "江西、福建",
        "major": None,
        "remark": None,
    }


def test_what_cannot_be_read_stays_for_the_case_to_refuse() -> None:
    given = CorrectProfile(reason="x", phone="not a phone", sex="女")
    assert as_in_rosters(given) == CorrectProfile(reason="x", phone="not a phone", sex="2")


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "李 四", "phone": "+86 100-0000-0002"},
        {"sex": "banana", "ethnicity": "汉", "education_level": "本科"},
        {"address": "=1+1", "remark": "'quoted", "qq": "-12345"},
    ],
)
def test_a_taken_correction_comes_back_from_an_export_unchanged(fields: dict[str, Any]) -> None:
    command = as_in_rosters(CorrectProfile(reason="x", **fields))
    case = Case()
    case.when_all(SUPERVISOR, [command])
    changed = {name: getattr(case.state.profile, name) for name in fields}
    row = RosterRow.model_validate({"student_no": "1", "name": "a"} | changed)
    again = judge_row(row.cells(), RosterRules(allow_test_identities=True))
    assert isinstance(again, RosterRow)
    assert {name: getattr(again, name) for name in fields} == changed
