"""Requests under keys, sent until somebody answers for good, with all that goes wrong on the way."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import httpx

from bench.chaos.record import Answered, Kind, Record, Silent

# Seconds that a client waits for one attempt: some are impatient.
_TIMEOUTS = (0.5, 3.0, 20.0, 20.0, 20.0, 20.0)
# Answers that say nothing of the request itself.
_NOT_FOR_GOOD = frozenset({408, 425, 429, *range(500, 600)})
# How often, of all requests.
_TWINS, _REPEATS = 0.06, 0.12
# Seconds after which a request that was answered is sent once more.
_REPEAT_AFTER = (0.2, 20.0)


class Request:
    """A request that means one thing however often it is sent."""

    def __init__(
        self,
        *,
        actor: str,
        path: str,
        key: str,
        kind: Kind,
        subject: str,
        marks: tuple[str, ...] = (),
        people: tuple[str, ...] = (),
        **content: Any,
    ) -> None:
        self.actor = actor
        self.path = path
        self.key = key
        self.kind: Kind = kind
        self.subject = subject
        self.marks = marks
        self.people = people
        self.content = content


class Caller:
    """Sends requests and keeps the record. `broken` counts answers that must never be given, such as a 500."""

    def __init__(self, base_url: str, tokens: Mapping[str, str], record: Record, random: Random) -> None:
        limits = httpx.Limits(max_connections=200)
        self._http = httpx.AsyncClient(base_url=f"{base_url}/api/v1", limits=limits, timeout=30)
        self._tokens = tokens
        self._record = record
        self._random = random
        self._later: set[asyncio.Task[None]] = set()
        self.broken: Counter[str] = Counter()

    async def close(self) -> None:
        """Let the repeats go out, then end."""
        await asyncio.gather(*self._later)
        await self._http.aclose()

    async def send(self, request: Request) -> dict[str, Any]:
        """Send until it is answered for good, sometimes twice at once, sometimes once more long after; the
        answer's body."""
        if self._random.random() < _TWINS:
            first, _ = await asyncio.gather(self._until_answered(request), self._until_answered(request))
        else:
            first = await self._until_answered(request)
        if self._random.random() < _REPEATS:
            later = asyncio.create_task(self._repeat(request, self._random.uniform(*_REPEAT_AFTER)))
            self._later.add(later)
            later.add_done_callback(self._later.discard)
        return first

    async def read(self, path: str, actor: str) -> dict[str, Any] | None:
        """What is there, None where nobody answers."""
        try:
            answer = await self._http.get(path, headers=self._bearer(actor))
        except httpx.TransportError:
            return None
        self._watch(path, answer)
        return answer.json() if answer.is_success else None

    async def _until_answered(self, request: Request) -> dict[str, Any]:
        wait = 0.1
        while True:
            body = await self._attempt(request)
            if body is not None:
                return body
            await asyncio.sleep(wait * self._random.uniform(0.5, 1.5))
            wait = min(2 * wait, 2.0)

    async def _repeat(self, request: Request, after: float) -> None:
        await asyncio.sleep(after)
        await self._attempt(request)

    async def _attempt(self, request: Request) -> dict[str, Any] | None:
        attempt = self._record.asked(
            request.key, request.kind, request.subject, request.marks, request.people
        )
        headers = self._bearer(request.actor) | {"Idempotency-Key": request.key}
        try:
            answer = await self._http.post(
                request.path,
                headers=headers,
                timeout=httpx.Timeout(self._random.choice(_TIMEOUTS), connect=5),
                **request.content,
            )
        except httpx.TransportError as error:
            return self._silent(request, attempt, type(error).__name__)
        self._watch(request.path, answer)
        if answer.status_code in _NOT_FOR_GOOD:
            return self._silent(request, attempt, f"{answer.status_code} {_code(answer)}")
        body: dict[str, Any] = json.loads(answer.content)
        self._record.note(
            Answered(
                at=time.time(),
                attempt=attempt,
                key=request.key,
                status=answer.status_code,
                code=body.get("code"),
                case_id=body.get("case_id"),
                version=body.get("version"),
                events=tuple((event["seq"], event["type"]) for event in body.get("events", ())),
            )
        )
        return body

    def _silent(self, request: Request, attempt: int, reason: str) -> None:
        self._record.note(Silent(at=time.time(), attempt=attempt, key=request.key, reason=reason))

    def _watch(self, path: str, answer: httpx.Response) -> None:
        """502 to 504 are the proxy's and the product's own words for a part that is away."""
        status = answer.status_code
        if status >= 500 and status not in (502, 503, 504):
            self.broken[f"{status} {_code(answer)} {path.split('/')[-1]}"] += 1

    def _bearer(self, actor: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[actor]}"}


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("code"))
    except (ValueError, AttributeError):
        return ""
