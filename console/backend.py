"""The API, asked inside this process as the person in front of the page: every permission, mask, limit and entry of
the audit is the API's own."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter
from starlette.types import Receive, Scope, Send

from api.gate import WITHIN
from api.problems import Problem
from models.views.page import Page

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

_SECONDS = 60.0


class Refusal(Exception):  # noqa: N818  (an answer, as the API's own)
    """The API's answer when it does not do what was asked."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem

    @property
    def signed_off(self) -> bool:
        """The session has ended."""
        return self.problem.status == HTTPStatus.UNAUTHORIZED

    @property
    def may_be_repeated(self) -> bool:
        """Nobody knows yet, or not now: the same request with the same key is safe."""
        return self.problem.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


class Backend:
    """The API as one person at one address."""

    def __init__(
        self, app: FastAPI, base_url: str, secret: str | None, address: str, agent: str = ""
    ) -> None:
        async def within(scope: Scope, receive: Receive, send: Send) -> None:
            # The page itself was counted; what it asks for its person is counted for the account.
            await app({**scope, WITHIN: True}, receive, send)

        transport = httpx.ASGITransport(within, client=(address, 0))
        headers = {"User-Agent": agent} | ({"Authorization": f"Bearer {secret}"} if secret else {})
        self._http = httpx.AsyncClient(
            transport=transport, base_url=f"{base_url}/api/v1", headers=headers, timeout=_SECONDS
        )

    async def get(self, kind: type[T], path: str, **params: Any) -> T:
        """The answer to a GET, as `kind`. Parameters that are None are left out. Raises Refusal."""
        response = await self.send("GET", path, params=_given(params))
        return TypeAdapter(kind).validate_json(response.content)

    async def page(self, kind: type[M], path: str, **params: Any) -> Page[M]:
        """One page of a list. Raises Refusal."""
        return await self.get(Page[kind], path, **params)

    async def every(
        self, kind: type[M], path: str, most: int = 2000, *, cursor: str | None = None, **params: Any
    ) -> list[M]:
        """A list read to its end, or to `most` items; behind the cursor where one is given. Raises Refusal."""
        found: list[M] = []
        while len(found) < most:
            page = await self.page(kind, path, cursor=cursor, limit=200, **params)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        return found

    async def post(
        self,
        kind: type[T],
        path: str,
        body: object = None,
        *,
        method: str = "POST",
        key: str | None = None,
        version: int | None = None,
    ) -> T:
        """The answer to JSON sent, as `kind`; None where it has no body. `key` is the Idempotency-Key, `version` the
        one that the person saw. Raises Refusal."""
        headers = {}
        if key is not None:
            headers["Idempotency-Key"] = key
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        response = await self.send(method, path, json=body, headers=headers)
        return TypeAdapter(kind).validate_json(response.content or b"null")

    async def upload(
        self, kind: type[T], path: str, name: str, content: bytes, fields: Mapping[str, str], key: str
    ) -> T:
        """The answer to a file sent as a form. Raises Refusal."""
        response = await self.send(
            "POST",
            path,
            files={"file": (name, content)},
            data=dict(fields),
            headers={"Idempotency-Key": key},
        )
        return TypeAdapter(kind).validate_json(response.content)

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The response of a success. Raises Refusal."""
        response = await self._http.request(method, path, **options)
        if response.is_success:
            return response
        raise Refusal(Problem.model_validate_json(response.content))

    async def close(self) -> None:
        """Nothing more is asked."""
        await self._http.aclose()


def _given(params: Mapping[str, Any]) -> Mapping[str, str | int | bool | Sequence[str]]:
    return {name: value for name, value in params.items() if value not in (None, "")}
