"""One entry of the audit: its content byte for byte, and what authenticates it."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property

from pydantic import field_validator

from models.base import Model
from models.case.kernel import Moment
from models.tables import AuditEntry

Detail = dict[str, str | int | list[str]]

# What stands before the first entry.
GENESIS = "0" * 64
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CASE_ID = re.compile(r"case-[a-z2-7]{24}")
_CODE = re.compile(r"[A-Za-z0-9._:*-]{1,80}")
# Long enough for a phone, an ID number, most student numbers.
_NUMBER = re.compile(r"\d{8}")
_DIGEST = re.compile(r"h:[0-9a-f]{24}")


class Entry(Model):
    """The content of an entry, as its writer made it. `detail` is JSON in one spelling."""

    id: str = ""
    at: Moment
    school_id: str
    actor_id: str
    actor_role: str
    how: str
    address: str
    act: str
    case_id: str | None = None
    purpose: str | None = None
    outcome: str
    code: str | None = None
    request_id: str | None = None
    detail: str = "{}"

    @field_validator("at")
    @classmethod
    def _in_utc(cls, at: datetime) -> datetime:
        return at.astimezone(UTC)

    def canonical(self) -> bytes:
        """The same bytes for the same content, wherever it was read from."""
        values = {name: getattr(self, name) for name in Entry.model_fields}
        values["at"] = self.at.isoformat(timespec="microseconds")
        return spelt(values).encode()

    def at_place(self, seq: int, mac: str, hash_: str) -> AuditEntry:
        """The row of the entry."""
        return AuditEntry(
            seq=seq, mac=mac, hash=hash_, **{name: getattr(self, name) for name in Entry.model_fields}
        )

    @classmethod
    def of(cls, row: AuditEntry) -> "Entry":
        """The content of a row."""
        return cls(**{name: getattr(row, name) for name in Entry.model_fields})

    @property
    def writer(self) -> str:
        """Who wrote it: one process from its start to its end."""
        return self.id.rpartition("-")[0]

    @property
    def number(self) -> int:
        """Which of its writer's entries it is, from 1; 0 where the id has another form."""
        number = self.id.rpartition("-")[2]
        return int(number) if number.isascii() and number.isdigit() else 0


class AuditKey:
    """Everything that is computed with the audit's key, which is derived at its first use: any method may raise
    Unavailable (`keys_unavailable`) and SetupError until then."""

    def __init__(self, derive: Callable[[str], bytes]) -> None:
        self._derive = derive

    @cached_property
    def _key(self) -> bytes:
        return self._derive("audit")

    def ready(self) -> None:
        """Have the key at hand."""
        _ = self._key

    def entry(self, content: bytes) -> str:
        """Authenticates the content of an entry."""
        return self._mac("entry", content)

    def link(self, seq: int, before: str, entry_id: str, mac: str) -> str:
        """Authenticates the place of an entry behind another one."""
        return self._mac("link", f"{seq}\n{before}\n{entry_id}\n{mac}".encode())

    def statement(self, content: bytes) -> str:
        """Authenticates what is said about the chain: where it ended at a time."""
        return self._mac("statement", content)

    def digest(self, text: str) -> str:
        """A keyed hash in the place of text that may be personal; the same for the same text."""
        return "h:" + self._mac("text", text.encode(errors="surrogatepass"))[:24]

    def plain(self, text: str) -> str:
        """The text itself where it is an id or code of ours, else its digest."""
        ours = (
            _UUID.fullmatch(text)
            or _DIGEST.fullmatch(text)
            or (_CODE.fullmatch(text) and not _NUMBER.search(text))
        )
        return text if ours else self.digest(text)

    def case(self, case_id: str) -> str:
        """The id of a case, or the digest of what somebody tried as one."""
        return case_id if _CASE_ID.fullmatch(case_id) else self.digest(case_id)

    def _mac(self, what: str, content: bytes) -> str:
        return hmac.new(self._key, what.encode() + b"\0" + content, hashlib.sha256).hexdigest()


def spelt(value: object) -> str:
    """JSON in one spelling."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
