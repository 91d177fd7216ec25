"""What the load client asked and was answered, line by line as it happens: the judge believes nothing else of it."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from models.base import Model

Kind = Literal["open", "command", "import"]


class Asked(Model):
    """An attempt of a request: `key` is its Idempotency-Key, `subject` the case's id, or, where it is to be opened,
    the student number, or the name of the file imported; `marks` are texts that only this request's events carry, and
    they always do."""

    what: Literal["asked"] = "asked"
    at: float
    attempt: int
    key: str
    kind: Kind
    subject: str
    marks: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


class Answered(Model):
    """An answer for good or ill. `events` are place and type of each event that it names."""

    what: Literal["answered"] = "answered"
    at: float
    attempt: int
    key: str
    status: int
    code: str | None = None
    case_id: str | None = None
    version: int | None = None
    events: tuple[tuple[int, str], ...] = ()

    @property
    def acknowledged(self) -> bool:
        return self.status in (200, 201, 202)


class Silent(Model):
    """An attempt without an answer: nobody knows whether it took effect."""

    what: Literal["silent"] = "silent"
    at: float
    attempt: int
    key: str
    reason: str


class Fault(Model):
    """A fault at its beginning or its end. One that only strikes, as a kill does, has ended at once."""

    what: Literal["fault"] = "fault"
    at: float
    fault: str
    part: str
    phase: Literal["begin", "end"]


class Mailed(Model):
    """A mail that the mail server was handed; `delivery` is the id that it carries."""

    what: Literal["mailed"] = "mailed"
    at: float
    to: str
    delivery: str


Line = Annotated[Asked | Answered | Silent | Fault | Mailed, Field(discriminator="what")]
_LINE: TypeAdapter[Line] = TypeAdapter(Line)


class Record:
    """The file of one run."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._attempts = itertools.count(1)
        self._writing = threading.Lock()

    def asked(
        self, key: str, kind: Kind, subject: str, marks: tuple[str, ...], people: tuple[str, ...]
    ) -> int:
        """Note an attempt before it is made; its number."""
        attempt = next(self._attempts)
        self.note(
            Asked(
                at=time.time(),
                attempt=attempt,
                key=key,
                kind=kind,
                subject=subject,
                marks=marks,
                people=people,
            )
        )
        return attempt

    def note(self, line: Line) -> None:
        """Write one line."""
        with self._writing:
            self._file.write(line.model_dump_json(exclude_defaults=False) + "\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def read_record(path: Path) -> Iterator[Line]:
    """The lines of a record, in order."""
    with path.open(encoding="utf-8") as file:
        for text in file:
            yield _LINE.validate_python(json.loads(text))
