"""Passwords: argon2id hashes, the rules of a new one, and one-time first passwords."""

import base64
import re
import secrets
import unicodedata
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from services.sign_on.errors import password_refused
from services.sign_on.settings import SignOnSettings

# Without vowels, so that no word arises, and without letters that look like others.
_LETTERS = "bcdfghjkmnpqrstvwxz"
_GROUPS, _GROUP = 4, 4
# What ID numbers, birth dates, student and phone numbers look like, in whole or in part.
_NUMBER = re.compile(r"\d{5}[\dXx]")
_FEWEST_DIFFERENT = 5
_SALT_BYTES, _HASH_BYTES = 16, 32


class Passwords:
    """Hashes and checks with the parameters of the settings."""

    def __init__(self, settings: SignOnSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.password_passes,
            memory_cost=settings.password_memory_mb * 1024,
            parallelism=settings.password_lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
        )
        self._min_length = settings.password_min_length
        # No password has it: checking one against it takes as long as against a real one.
        self._nobodys = (
            f"$argon2id$v=19$m={settings.password_memory_mb * 1024},t={settings.password_passes},"
            f"p={settings.password_lanes}${_random(_SALT_BYTES)}${_random(_HASH_BYTES)}"
        )

    def hash(self, password: str) -> str:
        """The argon2id hash of a password."""
        return self._hasher.hash(_normal(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; takes its time as well where there is none to compare with."""
        try:
            return self._hasher.verify(stored or self._nobodys, _normal(password))
        except (Argon2Error, InvalidHashError):
            return False

    def rehashed(self, stored: str, password: str) -> str | None:
        """A new hash of the password where the stored one was made with other parameters than today's."""
        return self.hash(password) if self._hasher.check_needs_rehash(stored) else None

    def check(self, password: str, login: str, *, before: str) -> None:
        """Refuse a password that is too easy, or the one `before`. Raises Unprocessable (`password_unchanged`,
        `password_too_short`, `password_has_account`, `password_has_number`, `password_common`)."""
        if _normal(password) == _normal(before):
            raise password_refused(
                "password_unchanged", "新口令与原口令相同。", "The new password is the same as the old one."
            )
        text = _normal(password).casefold()
        if len(text) < self._min_length:
            raise password_refused(
                "password_too_short",
                f"口令至少 {self._min_length} 个字符；可以用一句话。",
                f"A password has at least {self._min_length} characters; a sentence will do.",
            )
        if login.casefold() in text:
            raise password_refused(
                "password_has_account",
                "口令不能包含账号。",
                "A password must not contain the account's name.",
            )
        if _NUMBER.search(text):
            raise password_refused(
                "password_has_number",
                "口令不能包含六位以上的连续数字（身份证号、出生日期、学号、手机号都是如此）。",
                "A password must not contain six digits in a row, as ID numbers, birth dates, student numbers "
                "and phone numbers do.",
            )
        if _is_common(text):
            raise password_refused(
                "password_common",
                "这个口令太常见或太单调，容易被猜中，请另想一个。",
                "This password is too common or too regular and easily guessed; choose another.",
            )


def first_password() -> str:
    """A random one-time password that can be read out and typed: 16 letters, 68 bits."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _normal(password: str) -> str:
    # The same characters, however a keyboard or an input method composes them.
    return unicodedata.normalize("NFKC", password)


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")


def _is_common(text: str) -> bool:
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)
    repeated = re.fullmatch(r"(.+?)\1+.?", text) is not None
    return repeated or len(set(text)) < _FEWEST_DIFFERENT or not {text, bare}.isdisjoint(_common())


@cache
def _common() -> frozenset[str]:
    file = resources.files("models").joinpath("data/sign_on/common_passwords.txt")
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))
