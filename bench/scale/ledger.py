"""How ledger, overview, search and inbox answer, of a small ledger and of a large one by turns, so that what slows the
machine down meets both alike."""

import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypedDict

import httpx

from api.app import create_app
from bench.scale.readers import GROUPS, Ask, Group, asks
from bench.scale.seed import Place
from services.assembly import Services
from services.settings import Settings
from services.sign_on.local import LocalSessions

_PATIENCE = 120.0
# How often requests are made of which there are few: one in a hundred should not be the only one of its kind.
_TIMES: dict[Group, int] = {"overview": 4, "inbox": 2}


class Times(TypedDict):
    """Seconds of so many answers."""

    answers: int
    p50: float
    p99: float
    longest: float


class Pair(TypedDict):
    """The small ledger beside the large one."""

    small: Times
    large: Times
    p99_growth: float


class Reader:
    """The API over the ledger of some settings, asked by any of its people. `engine` is what it reads with."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient, services: Services) -> None:
        self.engine = services.engine
        self._http = http
        self._sessions = LocalSessions(services.engine, settings, services.vault)
        self._tokens: dict[str, str] = {}

    async def get(self, actor: str, path: str) -> tuple[float, dict[str, Any]]:
        """The answer, and how long it took. Raises RuntimeError for anything but an answer."""
        if actor not in self._tokens:
            self._tokens[actor] = self._sessions.token(actor, timedelta(hours=12))
        headers = {"Authorization": f"Bearer {self._tokens[actor]}"}
        started = time.perf_counter()
        answer = await self._http.get(f"/api/v1{path}", headers=headers)
        taken = time.perf_counter() - started
        if answer.status_code != httpx.codes.OK.value:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return taken, answer.json()


@asynccontextmanager
async def reader_of(settings: Settings) -> AsyncGenerator[Reader]:
    """The API of these settings, until the end of the block."""
    app = create_app(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=_PATIENCE)
        yield Reader(settings, await stack.enter_async_context(http), app.state.services)


async def answered(reader: Reader, ask: Ask) -> list[float]:
    """How long each page of a request took."""
    taken: list[float] = []
    path = ask.path
    while True:
        seconds, body = await reader.get(ask.actor, path)
        taken.append(seconds)
        cursors: dict[str, str] = body.get("next_cursors") or {}
        cursor: str | None = body.get("next_cursor") or next(iter(cursors.values()), None)
        if cursor is None or len(taken) == ask.pages:
            return taken
        path = ask.after(cursor)


class Answers(TypedDict):
    """One kind of request: of all readers together, and of each."""

    all: Pair
    readers: dict[str, Pair]


async def compare(
    small: Settings, large: Settings, place: Place, now: datetime, repetitions: int
) -> list[dict[Group, Answers]]:
    """All requests of both ledgers, which have the school in common: of each repetition by group, and within it by
    reader."""
    wanted = list(zip(asks(place, small, now), asks(place, large, now), strict=True))
    async with reader_of(small) as few, reader_of(large) as many:

        async def asked(times: Mapping[Group, int]) -> dict[Group, Answers]:
            taken: dict[tuple[str, str], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
            for ask_few, ask_many in wanted:
                for _ in range(times.get(ask_few.group, 1)):
                    taken[ask_few.group, ask_few.reader][0].extend(await answered(few, ask_few))
                    taken[ask_few.group, ask_few.reader][1].extend(await answered(many, ask_many))
            return {group: _of_group(group, taken) for group in GROUPS}

        # The first time brings both databases' pages and the processes' caches to where they are in use.
        await asked({})
        return [await asked(_TIMES) for _ in range(repetitions)]


def _of_group(group: str, taken: dict[tuple[str, str], tuple[list[float], list[float]]]) -> Answers:
    within = {reader: times for (of, reader), times in taken.items() if of == group}
    few = [seconds for times, _ in within.values() for seconds in times]
    many = [seconds for _, times in within.values() for seconds in times]
    return Answers(all=_pair(few, many), readers={reader: _pair(*times) for reader, times in within.items()})


def _pair(few: Sequence[float], many: Sequence[float]) -> Pair:
    small, large = _times(few), _times(many)
    return Pair(small=small, large=large, p99_growth=round(large["p99"] / small["p99"], 3))


def _times(taken: Sequence[float]) -> Times:
    ordered = sorted(taken)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 5)

    return Times(answers=len(ordered), p50=at(0.5), p99=at(0.99), longest=at(1))
