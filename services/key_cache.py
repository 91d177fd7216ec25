"""Unwrapped data keys at hand, few of them and for a short time, so that a destroyed key dies soon everywhere."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from services.data_key import DataKey


class KeyCache:
    """At most `size` keys, the least recently used going first, each for at most `seconds`. Safe for threads."""

    def __init__(self, size: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, DataKey]] = OrderedDict()
        self._subjects: dict[str, str] = {}
        self._lock = Lock()

    def of(self, subject: str) -> DataKey | None:
        """The key of a subject."""
        with self._lock:
            return self._get(subject)

    def by_id(self, key_id: str) -> DataKey | None:
        """The key with an id."""
        with self._lock:
            subject = self._subjects.get(key_id)
            return self._get(subject) if subject is not None else None

    def keep(self, key: DataKey) -> None:
        """Have a key at hand from now on."""
        with self._lock:
            self._kept[key.subject] = (self._clock() + self._seconds, key)
            self._kept.move_to_end(key.subject)
            self._subjects[key.key_id] = key.subject
            while len(self._kept) > self._size:
                self._drop(next(iter(self._kept)))

    def forget(self, subject: str) -> None:
        """Have it at hand no more."""
        with self._lock:
            if subject in self._kept:
                self._drop(subject)

    def _get(self, subject: str) -> DataKey | None:
        until, key = self._kept.get(subject, (0.0, None))
        if key is None:
            return None
        if until <= self._clock():
            self._drop(subject)
            return None
        self._kept.move_to_end(subject)
        return key

    def _drop(self, subject: str) -> None:
        _, key = self._kept.pop(subject)
        del self._subjects[key.key_id]
