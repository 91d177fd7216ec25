"""ID numbers, test identities and masks (domain.md §9)."""

import pytest

from models.identity import check_character, check_id_number, mask_id_number, mask_name, mask_phone


def _code(text: str, *, allow: bool = False) -> str | None:
    problem = check_id_number(text, allow_test_identities=allow)
    return problem.code if problem else None


def _with_check(first_17: str) -> str:
    return first_17 + check_character(first_17)


# Of region 110101, but of a birth date that does not exist, so nobody's.
IMPOSSIBLE_BIRTH = _with_check("11010120020229001")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("000000200201010018", None),
        ("000000200202290015", None),
        (IMPOSSIBLE_BIRTH, None),
        ("'000000200201010018", None),
        ("０００００0200201010018", None),
        (" 000000 20020101\u200b 0018\u3000", None),
        ('="000000200201010018"', None),
        ("00000020050203008x", None),
        ("00000020050203008Ｘ", None),
        ("000000200201010019", "id_number_check_digit"),
        ("000000200502030081", "id_number_check_digit"),
        ("1.1E+17", "id_number_spoiled"),
        ("1.10101E+17", "id_number_spoiled"),
        ("1.10101200201011E+017", "id_number_spoiled"),
        ("000000200201010000", "id_number_spoiled"),
        ("000000200201012000", "id_number_spoiled"),
        ("00000020020101001", "id_number_length"),
        ("0000002002010100188", "id_number_length"),
        ("000000020101001", "id_number_length"),
        ("00000020020101001Y", "id_number_length"),
        ("0000002002X1010018", "id_number_length"),
        ("", "id_number_length"),
    ],
)
def test_an_id_number_is_judged_with_test_identities_allowed(text: str, code: str | None) -> None:
    assert _code(text, allow=True) == code


def test_zeros_at_the_end_count_as_spoiled_unless_the_check_digit_proves_them() -> None:
    numbers = [f"000000200201{day:02}{end}" for day in range(1, 29) for end in ("1000", "2000", "0000")]
    proven = [number for number in numbers if number[-1] == check_character(number[:17])]
    accepted = [number for number in numbers if _code(number, allow=True) is None]
    assert accepted == [number for number in proven if not number.endswith("0000")] != []
    refused = {_code(number, allow=True) for number in numbers if number not in accepted}
    assert refused == {"id_number_spoiled"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("000000200201010018", "test_identity"),
        ("000000200202290015", "test_identity"),
        (IMPOSSIBLE_BIRTH, "id_number_birth_date"),
        (_with_check("11010118991231001"), "id_number_birth_date"),
        ("000000200201010019", "id_number_check_digit"),
    ],
)
def test_a_real_deployment_refuses_test_identities(text: str, code: str) -> None:
    assert _code(text) == code


def test_problems_never_repeat_the_number() -> None:
    problem = check_id_number("000000200201010019")
    assert problem is not None
    assert "20020101" not in problem.zh + problem.en


@pytest.mark.parametrize(
    ("name", "masked"),
    [("张小三", "张*三"), ("李四", "李*"), ("欧阳小明", "欧**明"), ("阿", "*"), ("", "")],
)
def test_names_are_masked(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_numbers_are_masked() -> None:
    assert mask_id_number("000000200201010018") == "000***********0018"
    assert mask_phone("10012341234") == "100****1234"


@pytest.mark.parametrize("text", ["", "1", "1234567", "12345678"])
def test_what_is_too_short_to_be_a_number_is_masked_whole(text: str) -> None:
    assert mask_id_number(text) == mask_phone(text) == "*" * len(text)
