"""What a process remembers for a short time, so that what was changed elsewhere is soon forgotten here too."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ShortMemory(Generic[Value]):
    """At most `size` values, the one kept longest going first, each for at most `seconds`. Safe for threads."""

    def __init__(self, size: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        # In the order in which they were put here, which is that in which they go.
        self._kept: dict[str, tuple[float, Value]] = {}
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
        self._kept.pop(name, None)
        self._kept[name] = (self._clock() + self._seconds, value)
        self._sweep()
        while len(self._kept) > self._size:
            self._drop(next(iter(self._kept)))

    def _get(self, name: str) -> Value | None:
        self._sweep()
        return self._kept[name][1] if name in self._kept else None

    def _sweep(self) -> None:
        """What nobody asks for any more does not stay until its place is needed."""
        now = self._clock()
        while self._kept:
            name, (until, _) = next(iter(self._kept.items()))
            if until > now:
                return
            self._drop(name)

    def _drop(self, name: str) -> Value:
        return self._kept.pop(name)[1]
