"""Keys of one installation: the master key in a file, and the purposes derived from it.

The file is made on first use, readable by its owner only. Losing it makes encrypted histories unreadable;
back it up apart from the databases.
"""

import base64
import hashlib
import hmac
import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32


class Keys:
    """Keys derived from a 32-byte master key."""

    def __init__(self, master: bytes) -> None:
        self._master = master

    @classmethod
    def load(cls, data_dir: Path) -> "Keys":
        """The keys of the installation in `data_dir`; the first call makes them."""
        path = data_dir / "keys" / "master.key"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make(path)
        return cls(base64.b64decode(path.read_bytes()))

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose."""
        return HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=purpose.encode()).derive(self._master)

    @cached_property
    def _identity(self) -> bytes:
        return self.derive("identity")

    def case_id(self, school_id: str, student_no: str) -> str:
        """The id of a person's case: a keyed hash, so that it tells nobody the student number."""
        return "case-" + self._hash(f"case\0{school_id}\0{student_no}")

    def id_number_key(self, school_id: str, id_number: str) -> str:
        """A keyed hash under which an ID number is found again."""
        return self._hash(f"id_number\0{school_id}\0{id_number}")

    def _hash(self, text: str) -> str:
        digest = hmac.new(self._identity, text.encode(), hashlib.sha256).digest()
        return base64.b32encode(digest[:15]).decode().lower()


def _make(path: Path) -> None:
    fresh = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(base64.b64encode(os.urandom(_KEY_BYTES)))
        file.flush()
        os.fsync(file.fileno())
    # Linking fails where another process was first; then its key counts.
    with suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()
