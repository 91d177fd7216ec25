"""Unwrapped data keys at hand, few of them and for a short time, so that a destroyed key dies soon everywhere."""

import time
from collections.abc import Callable

from services.data_key import DataKey
from services.short_memory import ShortMemory


class KeyCache(ShortMemory[DataKey]):
    """Keys by their subjects, also found by their ids."""

    def __init__(self, size: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(size, seconds, clock)
        self._subjects: dict[str, str] = {}

    def by_id(self, key_id: str) -> DataKey | None:
        """The key with an id."""
        with self._lock:
            subject = self._subjects.get(key_id)
            return self._get(subject) if subject is not None else None

    def keep(self, key: DataKey) -> None:
        """Have a key at hand from now on."""
        with self._lock:
            self._subjects[key.key_id] = key.subject
            self._put(key.subject, key)

    def _drop(self, name: str) -> DataKey:
        key = super()._drop(name)
        del self._subjects[key.key_id]
        return key
