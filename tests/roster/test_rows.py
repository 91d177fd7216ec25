"""Judging a row: what is normalised, what is rejected, and that nothing is lost on the way out and in again."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.hardship import HardshipClaim, HardshipType
from models.roster.cells import RosterRules
from models.roster.columns import roster_columns
from models.roster.guard import guard_cell
from models.roster.problems import RowProblem
from models.roster.rows import RosterRow, judge_row
from models.roster.text import clean

DEMO = RosterRules(allow_test_identities=True)
SOUND = {"student_no": "0230100001", "name": "张小三"}


def _accepted(cells: Mapping[str, str] | None = None, rules: RosterRules = DEMO, **more: str) -> RosterRow:
    row = judge_row({**SOUND, **(cells or {}), **more}, rules)
    assert isinstance(row, RosterRow), row
    return row


def _problems(cells: Mapping[str, str], rules: RosterRules = DEMO) -> list[tuple[str, str]]:
    problems = judge_row({**SOUND, **cells}, rules)
    assert isinstance(problems, list)
    return [(problem.column, problem.code) for problem in problems]


def test_a_full_row_is_normalised() -> None:
    row = _accepted(
        student_no="'０230100001 ",
        name=" 张 小\u200b三 ",
        sex="男生",
        id_number="'00000020050203008x",
        ethnicity="汉",
        phone="+86 100-1234-1234",
        email=" a@b.example ",
        department="计算机学院",
        education_level="大学本科",
        enrolled_on="2023年9月",
        graduates_on="2027.06",
        hardship="低保、残疾",
        subsidy_claimed="√",
        intention_places="北京，上海/本省",
        service_needs="岗位推荐;职业指导",
        credit_code="91350000000000000X",
        remark="=1+1",
    )
    assert row == RosterRow(
        student_no="0230100001",
        name="张小三",
        sex="1",
        id_number="00000020050203008X",
        ethnicity="01",
        phone="10012341234",
        email="a@b.example",
        department="计算机学院",
        education_level="31",
        enrolled_on=date(2023, 9, 1),
        graduates_on=date(2027, 6, 30),
        cohort=2027,
        hardship=(HardshipClaim(type=HardshipType.DIBAO), HardshipClaim(type=HardshipType.DISABILITY)),
        subsidy_claimed=True,
        intention_places=("北京", "上海", "本省"),
        service_needs=("岗位推荐", "职业指导"),
        remark="=1+1",
        other={"credit_code": "91350000000000000X"},
    )


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("student_no", '="00123"', "00123"),
        ("student_no", "\t00123", "00123"),
        ("student_no", "20230001.0", "20230001"),
        ("name", "阿依古丽•买买提", "阿依古丽·买买提"),
        ("name", "Anna  Maria Li", "Anna Maria Li"),
        ("sex", "2", "2"),
        ("sex", "不详", "不详"),
        ("ethnicity", "09", "09"),
        ("ethnicity", "1", "1"),
        ("education_level", "31", "31"),
        ("phone", "0086 10012341234", "10012341234"),
        ("phone", "010-62345678", "01062345678"),
        ("phone", "-", None),
        ("cohort", "27届", 2027),
        ("subsidy_claimed", "否", False),
        ("hardship", "无", ()),
        ("graduates_on", "/", None),
        ("class_name", " 软件  2301班 ", "软件 2301班"),
        ("class_name", "软件\ufffe2301\uffff班", "软件2301班"),
    ],
)
def test_a_cell_is_taken_as_it_was_meant(field: str, typed: str, value: object) -> None:
    assert getattr(_accepted({field: typed}), field) == value


def test_several_phones_keep_the_first_to_call() -> None:
    row = _accepted(phone="10012341234 / 10012341235")
    assert (row.phone, row.other_phones) == ("10012341234", ("10012341235",))


def test_an_unclear_answer_is_carried_as_text() -> None:
    row = _accepted(subsidy_claimed="已申请")
    assert (row.subsidy_claimed, row.other) == (None, {"subsidy_claimed": "已申请"})


@pytest.mark.parametrize(
    ("field", "text", "column", "code"),
    [
        ("student_no", "", "学号", "student_no_missing"),
        ("student_no", "’", "学号", "student_no_missing"),
        ("student_no", "2.02301E+11", "学号", "number_spoiled"),
        ("student_no", "=1+1", "学号", "formula_in_name"),
        ("student_no", "1" * 65, "学号", "text_too_long"),
        ("name", "", "姓名", "name_missing"),
        ("name", "\u200b", "姓名", "name_missing"),
        ("name", "#N/A", "姓名", "name_missing"),
        ("name", "=cmd|' /C calc'!A0", "姓名", "formula_in_name"),
        ("name", "+1", "姓名", "formula_in_name"),
        ("name", "-1+1", "姓名", "formula_in_name"),
        ("name", "@SUM(A1)", "姓名", "formula_in_name"),
        ("name", "\t=1+1", "姓名", "formula_in_name"),
        ("name", "'=1+1", "姓名", "formula_in_name"),
        ("name", "＝1+1", "姓名", "formula_in_name"),
        ("name", "张" * 51, "姓名", "name_too_long"),
        ("id_number", "000000200201010019", "身份证号", "id_number_check_digit"),
        ("id_number", "1.1E+17", "身份证号", "id_number_spoiled"),
        ("phone", "62345678", "手机号", None),
        ("phone", "1001234", "手机号", "invalid_phone"),
        ("phone", "138001380", "手机号", "invalid_phone"),
        ("phone", "无手机", "手机号", "invalid_phone"),
        ("phone", "1.00123E+10", "手机号", "number_spoiled"),
        ("email", "someone at example.com", "邮箱", "invalid_email"),
        ("email", "a@b", "邮箱", "invalid_email"),
        ("graduates_on", "2027-06-31", "毕业日期", "impossible_date"),
        ("enrolled_on", "去年", "入学年月", "impossible_date"),
        ("cohort", "2023级", "届", "invalid_cohort"),
        ("hardship", "低宝户", "困难类别", "unknown_hardship_type"),
        ("remark", "长" * 2001, "备注", "text_too_long"),
    ],
)
def test_trouble_is_named_by_column_and_code(field: str, text: str, column: str, code: str | None) -> None:
    if code is None:
        assert _accepted({field: text})
    else:
        assert _problems({field: text}) == [(column, code)]


def test_all_problems_of_a_row_are_named() -> None:
    cells = {
        "student_no": "",
        "name": "=1",
        "id_number": "1",
        "hardship": "甲类、乙类",
        "enrolled_on": "2027-09-01",
        "graduates_on": "2027-06-30",
    }
    assert _problems(cells) == [
        ("学号", "student_no_missing"),
        ("姓名", "formula_in_name"),
        ("身份证号", "id_number_length"),
        ("困难类别", "unknown_hardship_type"),
        ("困难类别", "unknown_hardship_type"),
        ("毕业日期", "graduates_before_enrolled"),
    ]


def test_problems_speak_both_languages_and_suggest() -> None:
    (problem,) = judge_row(SOUND | {"hardship": "低宝户"}, DEMO)
    assert isinstance(problem, RowProblem)
    assert "低宝户" in problem.zh
    assert "Did you mean" in problem.en
    assert problem.suggestions[0] == "低保家庭"


def test_unknown_hardship_is_other_where_the_rules_say_so() -> None:
    rules = RosterRules(unknown_hardship_as_other=True)
    assert _accepted({"hardship": "单亲家庭"}, rules).hardship == (
        HardshipClaim(type=HardshipType.OTHER, text="单亲家庭"),
    )


@pytest.mark.parametrize(
    ("field", "text", "column"),
    [("id_number", "000000200201010018", "身份证号"), ("phone", "10012341234", "手机号")],
)
def test_a_real_deployment_rejects_test_identities(field: str, text: str, column: str) -> None:
    assert _problems({field: text}, RosterRules()) == [(column, "test_identity")]


def test_a_row_without_hardship_is_taken() -> None:
    assert _accepted().hardship == ()


def test_the_digest_tells_changed_rows_from_unchanged_ones() -> None:
    one = _accepted(phone="10012341234", credit_code="x", interviews="2")
    same = _accepted(interviews=" 2", credit_code="x", phone="100 1234 1234")
    assert one.digest() == same.digest()
    assert one.digest() != _accepted(phone="10012341235", credit_code="x", interviews="2").digest()
    assert len(one.digest()) == 64


# A digest that changes with the code would report every row of the next import as updated.
def test_the_digest_stays_the_same_over_versions() -> None:
    row = _accepted(hardship="低保", graduates_on="2027-06-30")
    assert row.digest() == "9588247b50c50128ecf3390417bd06d2d126d207bcbac2a032de834d83517ba9"


def test_every_column_without_a_reader_of_its_own_has_a_field() -> None:
    fields = {column.field for column in roster_columns().columns if column.kind != "other"}
    assert fields == set(RosterRow.model_fields) - {"other", "other_phones"}


@given(st.text())
@example("''=1")
@settings(deadline=None)
def test_a_guarded_cell_never_begins_a_formula_and_reads_back(text: str) -> None:
    typed = clean(text)
    guarded = guard_cell(typed)
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert clean(guarded) == typed


_FIELDS = [column.field for column in roster_columns().columns]
_TEXT = st.text(alphabet=st.characters(), max_size=30) | st.text(
    alphabet="'=+-@ \t、，/;()（）:0123456789.Ee年月日-低保残疾其他张X是否\u200b", max_size=20
)


@given(st.dictionaries(st.sampled_from(_FIELDS) | st.text(max_size=5), _TEXT), st.booleans(), st.booleans())
@settings(max_examples=250, deadline=None)
def test_no_text_makes_judging_fail_and_what_is_taken_reads_back(
    cells: dict[str, str], test_identities: bool, as_other: bool
) -> None:
    rules = RosterRules(allow_test_identities=test_identities, unknown_hardship_as_other=as_other)
    verdict = judge_row({"student_no": "1", "name": "张三"} | cells, rules)
    if isinstance(verdict, RosterRow):
        again = judge_row(verdict.cells(), rules)
        assert again == verdict
        assert isinstance(again, RosterRow)
        assert again.digest() == verdict.digest()
    else:
        assert verdict
