"""Clients who live lives for a given time and count what has been answered in it."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TypedDict

# Lives one life with this number, and gives after each answer how many commands it was for.
Life = Callable[[int], AsyncIterator[int]]
ThreadedLife = Callable[[int], Iterator[int]]


class Rates(TypedDict):
    """Commands answered a second, with one client and with many."""

    one: float
    many: float


class Span(TypedDict):
    """How long, in seconds, and with how many clients."""

    warm: float
    one: float
    many: float
    clients: int


async def rate(life: Life, seconds: float, clients: int, numbers: Iterator[int]) -> float:
    """Commands answered a second."""
    end = time.perf_counter() + seconds
    answered = 0

    async def client() -> None:
        nonlocal answered
        for number in numbers:
            async for commands in life(number):
                if time.perf_counter() > end:
                    return
                answered += commands

    await asyncio.gather(*(client() for _ in range(clients)))
    return answered / seconds


async def rates(life: Life, span: Span, numbers: Iterator[int]) -> Rates:
    """Warm up, then measure."""
    await rate(life, span["warm"], span["clients"], numbers)
    return Rates(
        one=await rate(life, span["one"], 1, numbers),
        many=await rate(life, span["many"], span["clients"], numbers),
    )


def threaded_rates(life: ThreadedLife, span: Span) -> Rates:
    """The same for lives that block a thread each."""
    numbers = count()

    def client(end: float) -> int:
        answered = 0
        while True:
            for commands in life(next(numbers)):
                if time.perf_counter() > end:
                    return answered
                answered += commands

    def measured(seconds: float, clients: int) -> float:
        end = time.perf_counter() + seconds
        with ThreadPoolExecutor(clients) as threads:
            return sum(threads.map(client, [end] * clients)) / seconds

    measured(span["warm"], span["clients"])
    return Rates(one=measured(span["one"], 1), many=measured(span["many"], span["clients"]))


def given() -> tuple[str, Span]:
    """The URL and the span of the command line of a peer."""
    return sys.argv[1], json.loads(sys.argv[2])


def say(found: Rates) -> None:
    """Tell the section, by the last line."""
    sys.stdout.write(json.dumps(found) + "\n")
