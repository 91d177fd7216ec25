"""No secret and no real person's number lies in the repository."""

import re
import subprocess
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOLDEN = "tests/workflows/golden/"
SECRETS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}",
    "cloud key": r"\b(?:AKIA|ASIA|LTAI|AKID)[0-9A-Za-z]{12,}\b",
    "token of a service": r"\b(?:ghp|gho|github_pat|glpat|xox[abp]|sk-live|sk_live)[-_][0-9A-Za-z_-]{16,}",
    "web token": r"\beyJ[0-9A-Za-z_-]{20,}\.eyJ[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{20,}",
    "our own session or token": r"\bzh[su]_[0-9A-Za-z_-]{40,}",
    "key of 32 bytes": r"(?<![0-9A-Za-z+/])[0-9A-Za-z+/]{43}=(?![0-9A-Za-z+/=])",
    "webhook": r"(?:access_token|webhook/send\?key)=[0-9a-f-]{32,}",
}
# GB 11643 with a possible region, birth date and check digit; mobile numbers but for 100…, which nobody has;
# mailboxes but for names that RFC 2606 keeps for examples.
PEOPLE = {
    "ID number": r"(?<!\d)[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dXx])",
    "mobile number": r"(?<![\w.:-])1[3-9]\d{9}(?![\w.])",
    "mailbox": r"\b[\w.+-]{2,}@(?!(?:[\w-]+\.)*(?:example|invalid|test)\b)"
    r"(?:qq|163|126|sina|sohu|gmail|outlook|hotmail|foxmail|aliyun|139|189|[\w-]+\.edu)\.(?:com|cn)\b",
}
PATTERNS = {kind: re.compile(pattern) for kind, pattern in (SECRETS | PEOPLE).items()}
KEY_FILES = re.compile(r"(?:^|/)(?:\.env|id_rsa|.*\.(?:pem|key|p12|pfx|jks|sqlite3?|db))$")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@cache
def listed() -> list[str]:
    found = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        pytest.skip("not a checkout")
    names = [name for name in found.stdout.split("\0") if name]
    assert len(names) > 100
    return names


def texts() -> Iterator[tuple[str, str]]:
    """Every file with its text; of workbooks, their parts."""
    for name in listed():
        file = ROOT / name
        if not file.is_file():
            continue
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for part in archive.namelist():
                    yield f"{name}!{part}", archive.read(part).decode(errors="replace")
        else:
            yield name, file.read_text(encoding="utf-8", errors="replace")


def found_in(kind: str, text: str) -> list[str]:
    every = [match.group() for match in PATTERNS[kind].finditer(text)]
    if kind != "ID number":
        return every
    return [number for number in every if check_digit(number[:17]) == number[17].upper()]


def check_digit(first: str) -> str:
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True)) % 11]


@pytest.mark.parametrize("kind", PATTERNS)
def test_nothing_secret_is_in_the_repository(kind: str) -> None:
    found = [
        f"{name}: {match[:30]}"
        for name, text in texts()
        # Histories hold random base64, sealed with keys made for them.
        if not (name.startswith(GOLDEN) and kind in SECRETS)
        for match in found_in(kind, text)
    ]
    assert found == []


def test_no_file_of_keys_or_data_is_in_the_repository() -> None:
    assert [name for name in listed() if KEY_FILES.search(name)] == []


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("private key", ["-----BEGIN PRIVATE", " KEY-----\n", "MIIEvQIBADANBgkqhkiG9w0B"]),
        ("cloud key", ["LTAI", "5tAbcdefghijklmn"]),
        ("token of a service", ["ghp", "_", "a" * 36]),
        ("web token", ["eyJ" + "a" * 30, ".", "eyJ" + "b" * 30, ".", "c" * 43]),
        ("our own session or token", ["zhs", "_", "x" * 43]),
        ("key of 32 bytes", ["A" * 43, "="]),
        ("webhook", ["access_", "token=", "0" * 64]),
        ("ID number", ["110101", "19900307", "7", "5", "7", check_digit("11010119900307757")]),
        ("mobile number", ["138", "00001111"]),
        ("mailbox", ["zhang.san", "@", "qq.com"]),
        ("mailbox", ["zhang.san", "@", "pku.edu.cn"]),
    ],
)
def test_it_would_be_found(kind: str, parts: list[str]) -> None:
    """In pieces here, or this file would be found itself."""
    assert found_in(kind, f"value: {''.join(parts)}\n")
