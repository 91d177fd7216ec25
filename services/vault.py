"""The vault: a data key for every case and every other workflow, and everything that is sealed with them.

A *subject* is a case id, another workflow's id, or a name. Its key is random, wrapped by a master key, and kept in a
store of its own; destroying it makes unreadable whatever it sealed, wherever a copy of that may be.
"""

import base64
import binascii
import hashlib
import hmac
import os
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from typing import Literal

from services.ciphers import KEY_BYTES, Algorithm, derive
from services.data_key import DataKey, KeyDestroyed, KeyMissing, SealBroken
from services.key_cache import KeyCache
from services.key_store import KeyStore, StoredKey
from services.master_keys import MasterKeys, master_keys_of
from services.settings import Settings

# What an unwrapped key may be used for after it was destroyed elsewhere.
CACHE_SECONDS = 20.0
_CACHED_KEYS = 4096
_KEY_ID_BYTES = 8
# The installation's own secret: ids and blind indexes come from it, so it is wrapped like any key and never changes.
_INSTALLATION = "installation"

CASE_PREFIX = "case-"

IndexKind = Literal["id_number", "phone", "student_no", "name"]


class Vault:
    """The keys of one installation. Safe for threads. Any method may raise Unavailable (`keys_unavailable`) and
    SetupError (`master_key_unknown`, `master_key_wrong`, `master_keys_unreadable`, `master_keys_invalid`)."""

    def __init__(
        self, store: KeyStore, masters: MasterKeys, algorithm: Algorithm, cache: KeyCache | None = None
    ) -> None:
        self.store = store
        self.masters = masters
        self.algorithm = algorithm
        self._cache = cache or KeyCache(_CACHED_KEYS, CACHE_SECONDS)

    @classmethod
    def of(cls, settings: Settings) -> "Vault":
        """The vault of an installation; nothing is read or made before the first use."""
        return cls(KeyStore(settings.key_database_url), master_keys_of(settings), settings.cipher)

    def seal(self, subject: str, text: str, context: str) -> str:
        """Seal a text for one place. Raises KeyDestroyed, KeyMissing."""
        key = self.key(subject)
        sealed = key.seal(self.algorithm, text.encode(), context)
        return f"{self.algorithm}.{key.key_id}.{base64.b64encode(sealed).decode()}"

    def open(self, subject: str, sealed: str, context: str) -> str:
        """The text that was sealed for this subject and place. Raises KeyDestroyed, KeyMissing, SealBroken."""
        key = self.key(subject)
        algorithm, _, rest = sealed.partition(".")
        key_id, _, encoded = rest.partition(".")
        if key_id != key.key_id:
            raise SealBroken(subject)
        try:
            body = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise SealBroken(subject) from None
        return key.open(algorithm, body, context).decode()

    def ensure(self, subjects: Iterable[str]) -> frozenset[str]:
        """Make the keys that are missing, in one transaction, and have all of them at hand. Answers the subjects
        whose key was destroyed: they never get another one."""
        wanted = set(subjects)
        missing = {subject for subject in wanted if self._cache.of(subject) is None}
        found = self.store.find(missing)
        if fresh := sorted(missing - found.keys()):
            self.store.add([self._new(subject) for subject in fresh])
            # Another process may have been first: its key counts.
            found |= self.store.find(fresh)
        for stored in found.values():
            if stored.wrapped is not None:
                self._cache.keep(self._unwrapped(stored))
        return frozenset(subject for subject, stored in found.items() if stored.wrapped is None)

    def destroyed(self, subjects: Iterable[str]) -> frozenset[str]:
        """Those whose key was destroyed."""
        found = self.store.find(subjects)
        return frozenset(subject for subject, stored in found.items() if stored.wrapped is None)

    def warm(self, subjects: Iterable[str]) -> None:
        """Have the keys of these subjects at hand by few queries; those without one are passed over."""
        missing = {subject for subject in subjects if self._cache.of(subject) is None}
        if missing:
            for stored in self.store.find(missing).values():
                if stored.wrapped is not None:
                    self._cache.keep(self._unwrapped(stored))

    def destroy(self, subject: str) -> bool:
        """Destroy a subject's key for ever, also one that was never made; False where there was none (any more).

        Other processes may use it for `CACHE_SECONDS` more.
        """
        if subject == _INSTALLATION:
            raise ValueError("the installation's own key belongs to every case")
        self._cache.forget(subject)
        destroyed = self.store.destroy(subject, _new_id())
        self._cache.forget(subject)
        return destroyed

    def at_hand(self, *, subject: str | None = None, key_id: str = "") -> DataKey | None:
        """The key of a subject or with an id if no query is needed for it."""
        return self._cache.of(subject) if subject is not None else self._cache.by_id(key_id)

    def key(self, subject: str) -> DataKey:
        """The key of a subject. Raises KeyDestroyed, KeyMissing."""
        return self._cache.of(subject) or self._taken(self.store.find([subject]).get(subject), subject)

    def key_by_id(self, key_id: str) -> DataKey:
        """The key with an id. Raises KeyDestroyed, KeyMissing."""
        return self._cache.by_id(key_id) or self._taken(self.store.find_id(key_id), key_id)

    def case_id(self, school_id: str, student_no: str) -> str:
        """The id of a person's case: a keyed hash, so that it tells nobody the student number."""
        return CASE_PREFIX + self._hash(f"case\0{school_id}\0{student_no}")

    def index(self, school_id: str, kind: IndexKind, value: str) -> str:
        """A keyed hash under which a value is found again in a school, however it was typed; equal values of
        different kinds or schools have nothing in common."""
        plain = unicodedata.normalize("NFKC", value)
        folded = "".join(plain.split()).upper() if kind != "name" else " ".join(plain.split())
        return self._hash(f"{kind}\0{school_id}\0{folded}")

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose of this installation; no rotation changes it."""
        return derive(self._root, purpose)

    def proved(self) -> bool:
        """Whether the installation has its own secret, which the master keys do open; nothing is made."""
        stored = self.store.find([_INSTALLATION]).get(_INSTALLATION)
        if stored is None:
            return False
        self.plain_key(stored)
        return True

    @cached_property
    def _identity(self) -> bytes:
        return self.derive("identity")

    @cached_property
    def _root(self) -> bytes:
        stored = self.store.find([_INSTALLATION]).get(_INSTALLATION)
        if stored is None:
            self.store.add([self._new(_INSTALLATION)])
            stored = self.store.find([_INSTALLATION])[_INSTALLATION]
        return self.plain_key(stored)

    def plain_key(self, stored: StoredKey) -> bytes:
        """The unwrapped bytes of a key that was not destroyed."""
        assert stored.wrapped is not None  # noqa: S101
        return self.masters.unwrap(stored.master_id, stored.wrapped, _wrap_context(stored))

    def wrapped(self, stored: StoredKey, key: bytes) -> StoredKey:
        """The key in a wrapping by the present master key."""
        return stored.wrapped_by(*self.masters.wrap(key, _wrap_context(stored)))

    def _taken(self, stored: StoredKey | None, name: str) -> DataKey:
        if stored is None:
            raise KeyMissing(name)
        if stored.wrapped is None:
            raise KeyDestroyed(stored.subject)
        key = self._unwrapped(stored)
        self._cache.keep(key)
        return key

    def _unwrapped(self, stored: StoredKey) -> DataKey:
        return DataKey(stored.subject, stored.key_id, self.plain_key(stored))

    def _new(self, subject: str) -> StoredKey:
        return self.wrapped(StoredKey.of(subject, _new_id()), os.urandom(KEY_BYTES))

    def _hash(self, text: str) -> str:
        digest = hmac.new(self._identity, text.encode(), hashlib.sha256).digest()
        return base64.b32encode(digest[:15]).decode().lower()


def _wrap_context(stored: StoredKey) -> bytes:
    """What is bound into a wrapped key: whose it is."""
    return f"data-key\0{stored.subject}\0{stored.key_id}".encode()


def _new_id() -> str:
    return os.urandom(_KEY_ID_BYTES).hex()
