"""Timing calls: one after another for latency, several at a time for the rate."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypedDict

Call = Callable[[int], Awaitable[object]]


class Timing(TypedDict):
    """Seconds; `rate` is calls a second."""

    calls: int
    p50: float
    p99: float
    rate: float


async def timed(call: Call, numbers: Sequence[int], clients: int) -> Timing:
    """Make the calls with so many clients at a time."""
    waiting = iter(numbers)
    taken: list[float] = []

    async def client() -> None:
        for number in waiting:
            started = time.perf_counter()
            await call(number)
            taken.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return _timing(taken, time.perf_counter() - started)


async def in_turn(calls: Sequence[Call], numbers: Sequence[int], block: int = 20) -> list[Timing]:
    """Make each of the calls for each number, by turns of `block`: whatever slows the machine down meets all of them
    alike, and what a call leaves to be done after its answer is mostly its own."""
    taken: list[list[float]] = [[] for _ in calls]
    for start in range(0, len(numbers), block):
        for call, times in zip(calls, taken, strict=True):
            for number in numbers[start : start + block]:
                started = time.perf_counter()
                await call(number)
                times.append(time.perf_counter() - started)
    return [_timing(times, sum(times)) for times in taken]


def _timing(taken: list[float], spent: float) -> Timing:
    taken.sort()
    return Timing(
        calls=len(taken),
        p50=statistics.median(taken),
        p99=taken[min(len(taken) - 1, int(len(taken) * 0.99))],
        rate=len(taken) / spent,
    )
