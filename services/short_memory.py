"""What a process remembers for a short time, so that what was changed elsewhere is soon forgotten here too."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ShortMemory(Generic[Value]):
    """At most `size` values, the least recently used going first, each for at most `seconds`. Safe for threads."""

    def __init__(self, size: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Value]] = OrderedDict()
        self._lock = Lock()

    def of(self, name: str) -> Value | None:
        """The value under a name."""
        with self._lock:
            return self._get(name)

    def forget(self, name: str) -> None:
        """Have it at hand no more."""
        with self._lock:
            if name in self._kept:
                self._drop(name)

    def put(self, name: str, value: Value) -> None:
        """Have it at hand from now on."""
        with self._lock:
            self._put(name, value)

    def _put(self, name: str, value: Value) -> None:
        self._kept[name] = (self._clock() + self._seconds, value)
        self._kept.move_to_end(name)
        while len(self._kept) > self._size:
            self._drop(next(iter(self._kept)))

    def _get(self, name: str) -> Value | None:
        until, value = self._kept.get(name, (0.0, None))
        if value is None:
            return None
        if until <= self._clock():
            self._drop(name)
            return None
        self._kept.move_to_end(name)
        return value

    def _drop(self, name: str) -> Value:
        return self._kept.pop(name)[1]
