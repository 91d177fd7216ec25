"""Hardship types as people type them (domain.md §1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.hardship import (
    HardshipClaim,
    HardshipType,
    hardship_types,
    legacy_hardship_code,
    parse_hardship,
    write_hardship,
)

T = HardshipType


@pytest.mark.parametrize(
    ("cell", "types"),
    [
        ("脱贫家庭", [T.LIFTED_POVERTY]),
        ("建档立卡", [T.LIFTED_POVERTY]),
        ("原建档立卡贫困家庭毕业生", [T.LIFTED_POVERTY]),
        ("防止返贫监测对象", [T.RELAPSE_MONITORED]),
        ("低保", [T.DIBAO]),
        ("低保边缘家庭", [T.DIBAO_MARGIN]),
        ("０就业家庭", [T.ZERO_EMPLOYMENT]),
        ("残疾学生", [T.DISABILITY]),
        ("残疾(三级)", [T.DISABILITY]),
        ("贫困残疾人家庭", [T.DISABLED_HOUSEHOLD]),
        ("残疾人家庭", [T.DISABLED_HOUSEHOLD]),
        ("特困", [T.TEKUN]),
        ("孤儿 / 重点困境儿童", [T.ORPHAN]),
        ("生源地助学贷款", [T.STUDENT_LOAN]),
        ("LIFTED_POVERTY", [T.LIFTED_POVERTY]),
        ("lifted_poverty, dibao", [T.LIFTED_POVERTY, T.DIBAO]),
        ("state student loan", [T.STUDENT_LOAN]),
        ("低保、残疾", [T.DIBAO, T.DISABILITY]),
        ("低保，残疾", [T.DIBAO, T.DISABILITY]),
        ("低保,残疾", [T.DIBAO, T.DISABILITY]),
        ("低保;残疾；孤儿", [T.DIBAO, T.DISABILITY, T.ORPHAN]),
        ("低保/残疾", [T.DIBAO, T.DISABILITY]),
        ("低保 残疾\u3000孤儿", [T.DIBAO, T.DISABILITY, T.ORPHAN]),
        ("低保\n残疾", [T.DIBAO, T.DISABILITY]),
        ("残疾(三级) 零就业/孤儿", [T.DISABILITY, T.ZERO_EMPLOYMENT, T.ORPHAN]),
        ("残疾（三级、肢体），低保", [T.DISABILITY, T.DIBAO]),
        ("残疾(三级 肢体) 低保(城市)", [T.DISABILITY, T.DIBAO]),
        ("低保、城乡低保、DIBAO", [T.DIBAO]),
        ("", []),
        ("无", []),
        ("0", []),
    ],
)
def test_a_cell_names_types(cell: str, types: list[HardshipType]) -> None:
    claims, unknown = parse_hardship(cell)
    assert [claim.type for claim in claims] == types
    assert unknown == ()


def test_the_schools_own_category_keeps_its_text() -> None:
    other = HardshipClaim(type=T.OTHER, text="单亲家庭")
    for cell in ("其他(单亲家庭)", "其他：单亲家庭", "其它（ 单亲家庭 ）"):
        assert parse_hardship(cell) == ((other,), ())


@pytest.mark.parametrize(
    ("cell", "text", "suggested"),
    [
        ("低宝户", "低宝户", "低保家庭"),
        ("脱贫家庭、残级", "残级", "残疾"),
        ("助学代款", "助学代款", "国家助学贷款"),
    ],
)
def test_an_unknown_type_is_named_with_suggestions(cell: str, text: str, suggested: str) -> None:
    _, unknown = parse_hardship(cell)
    assert [part.text for part in unknown] == [text]
    assert suggested in unknown[0].suggestions
    assert len(unknown[0].suggestions) <= 3


def test_nothing_alike_suggests_the_open_category() -> None:
    assert parse_hardship("单亲")[1][0].suggestions == ("其他",)


def test_a_remark_never_swallows_another_type() -> None:
    claims, unknown = parse_hardship("低保:二级 残疾")
    assert [claim.type for claim in claims] == [T.DISABILITY]
    assert [part.text for part in unknown] == ["低保:二级"]


def test_unknown_types_can_be_taken_as_other() -> None:
    claims, unknown = parse_hardship("低保、单亲家庭", unknown_as_other=True)
    assert claims == (HardshipClaim(type=T.DIBAO), HardshipClaim(type=T.OTHER, text="单亲家庭"))
    assert unknown == ()


@given(st.text(alphabet="低保残疾其他单亲()（）:：、/ ,;a", max_size=20))
@settings(deadline=None)
def test_whatever_is_taken_is_written_so_that_it_reads_back(cell: str) -> None:
    claims, _ = parse_hardship(cell, unknown_as_other=True)
    assert parse_hardship(write_hardship(claims)) == (claims, ())


def test_every_type_has_its_own_order_and_no_name_means_two() -> None:
    entries = hardship_types().types
    assert sorted(entry.order for entry in entries) == list(range(1, len(HardshipType) + 1))
    for entry in entries:
        for name in (entry.id, entry.zh, entry.en, *entry.aliases):
            assert parse_hardship(name)[0] == (HardshipClaim(type=entry.id),), name


@pytest.mark.parametrize(
    ("types", "code"),
    [
        ([], 0),
        ([T.ZERO_EMPLOYMENT], 1),
        ([T.DIBAO, T.LIFTED_POVERTY], 2),
        ([T.DISABILITY], 4),
        ([T.DISABILITY, T.DIBAO, T.ZERO_EMPLOYMENT], 7),
    ],
)
def test_the_old_bitmask_is_derived(types: list[HardshipType], code: int) -> None:
    assert legacy_hardship_code(types) == code
