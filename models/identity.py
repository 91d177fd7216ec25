"""A person's numbers: the check of GB 11643, test identities, and the masks of domain.md §9."""

import re
from datetime import date

from models.base import Model
from models.roster.problems import row_sentences
from models.roster.text import compact, is_spoiled_number

# GB 11643-1999: weights of the first 17 digits, and the check character for each remainder modulo 11.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"

_TEST_REGION = "000000"
_TEST_PHONE = re.compile(r"100\d{8}")


class IdNumberProblem(Model):
    """What is wrong with an ID number; the sentences never hold the number itself."""

    code: str
    zh: str
    en: str


def normalise_id_number(text: str) -> str:
    """The number as it was meant: half-width, without spaces and leading apostrophe, with a capital X."""
    return compact(text).upper()


def check_character(first_17: str) -> str:
    """The check character that GB 11643 gives to 17 digits."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_17, strict=True))
    return _CHECK_CHARACTERS[total % 11]


def check_id_number(text: str, *, allow_test_identities: bool = False) -> IdNumberProblem | None:
    """None for a sound number, else one problem: `id_number_spoiled`, `id_number_length`,
    `id_number_check_digit`, `test_identity` (region 000000) or `id_number_birth_date`.

    A number that ends in 000 counts as spoiled unless its check digit proves it; 0000 is never issued.
    With `allow_test_identities` region 000000 and impossible birth dates pass if the check digit is right.
    """
    code = _id_number_code(normalise_id_number(text), allow_test_identities)
    if code is None:
        return None
    zh, en = row_sentences(code)
    return IdNumberProblem(code=code, zh=zh, en=en)


def _id_number_code(number: str, allow_test_identities: bool) -> str | None:
    if is_spoiled_number(number):
        return "id_number_spoiled"
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return "id_number_length"
    sound = check_character(number[:17]) == number[17]
    if number.endswith("0000") or (number.endswith("000") and not sound):
        return "id_number_spoiled"
    if not sound:
        return "id_number_check_digit"
    if allow_test_identities:
        return None
    if number.startswith(_TEST_REGION):
        return "test_identity"
    return None if _is_birth_date(number[6:14]) else "id_number_birth_date"


def _is_birth_date(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1900 <= born.year < 2100


def is_test_phone(phone: str) -> bool:
    """True for a mobile number that cannot exist (100 and eight digits)."""
    return _TEST_PHONE.fullmatch(phone) is not None


def mask_name(name: str) -> str:
    """张小三 becomes 张*三, 李四 becomes 李*."""
    if len(name) <= 2:
        return name[: len(name) - 1] + "*" if name else ""
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_id_number(number: str) -> str:
    """The first 3 and last 4 characters; of what is no full number, nothing."""
    return _mask_middle(number, whole=18)


def mask_phone(phone: str) -> str:
    """138****1234; of what is too short to be a phone number, nothing."""
    return _mask_middle(phone, whole=11)


def _mask_middle(text: str, whole: int) -> str:
    if len(text) < whole:
        return "*" * len(text)
    return text[:3] + "*" * (len(text) - 7) + text[-4:]
