"""Marked personal data, and the search for them in raw bytes."""

import base64
import json
import urllib.parse
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from models.identity import check_character

_BLOCK = 16 << 20


class Markers:
    """Makes values that occur nowhere else, and remembers where each was planted."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}
        self._numbers = count(1)

    def text(self, where: str) -> str:
        """A sentence with a marker in it."""
        number = next(self._numbers)
        marker = f"绯樱密{number:03d}"
        self.planted[marker] = where
        return f"{marker}，家中无人就业"

    def name(self, where: str) -> str:
        """A name of five characters."""
        number = next(self._numbers)
        name = "绯" + "".join(chr(0x8600 + number * 7 + place * 211) for place in range(4))
        self.planted[name] = where
        return name

    def id_number(self, where: str) -> str:
        """An impossible ID number (region 000000) with a right check character."""
        number = next(self._numbers)
        body = f"0000002002{1 + number % 12:02d}{1 + number % 28:02d}{number:03d}"
        return self._noted(body + check_character(body), where)

    def phone(self, where: str) -> str:
        """An impossible mobile number."""
        return self._noted(f"100{73_190_000 + next(self._numbers):08d}", where)

    def word(self, where: str, form: str = "ZQX{}KW") -> str:
        """ASCII, such as a student number or part of an address."""
        return self._noted(form.format(f"{7_310_000 + next(self._numbers)}"), where)

    def _noted(self, value: str, where: str) -> str:
        self.planted[value] = where
        return value

    def found_in(self, files: Iterable[Path]) -> list[str]:
        """Where each marker stands in plaintext or in a usual encoding of it: marker, its entrance, the file."""
        forms = {form: marker for marker in self.planted for form in _forms(marker)}
        longest = max(len(form) for form in forms)
        found: set[str] = set()
        for path in files:
            for block in _blocks(path, longest):
                found |= {
                    f"{marker} ({self.planted[marker]}) in {path.name}"
                    for form, marker in forms.items()
                    if form in block
                }
        return sorted(found)


def _blocks(path: Path, overlap: int) -> Iterator[bytes]:
    # A journal of a running database comes and goes.
    with suppress(FileNotFoundError), path.open("rb") as file:
        tail = b""
        while block := file.read(_BLOCK):
            yield tail + block
            tail = block[-overlap:]


def _forms(text: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be"):
        yield text.encode(encoding)
    yield urllib.parse.quote(text).encode()
    yield json.dumps(text)[1:-1].encode()
    raw = text.encode()
    for shift in range(3):
        # Only the characters that the marker alone decides, whatever stands around it.
        encoded = base64.b64encode(bytes(shift) + raw).rstrip(b"=")
        start = 0 if shift == 0 else shift + 1
        yield encoded[start : len(encoded) - (1 if (shift + len(raw)) % 3 else 0)]
