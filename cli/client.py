"""The running API, as the command line asks it."""

import json
import os
import re
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import psycopg
import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cli.checks import database_away
from services.database import create_engine_from
from services.errors import UnknownActor
from services.settings import Settings
from services.sign_on.local import LocalSessions

REFUSED, AWAY = 1, 3
_TOKEN_VARIABLE = "ZHUHANG_TOKEN"  # noqa: S105  (its name, not its value)

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


class ApiClient:
    """Asks the API of the settings as one actor, or with the ZHUHANG_TOKEN that is given. What goes wrong ends
    the command: with status 3 and one sentence when the API is away, with status 1 and the problem when it refuses."""

    def __init__(self, settings: Settings, actor: str, *, as_json: bool) -> None:
        self._as_json = as_json
        given = os.environ.get(_TOKEN_VARIABLE)
        # A token that is given is for an installation that may be elsewhere, behind https.
        self._base = settings.public_url if given else settings.base_url
        token = given or local_token(settings, actor, as_json=as_json)
        self._http = httpx.Client(
            base_url=f"{self._base}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=httpx.Timeout(60, connect=5),
        )

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """The answer to a GET."""
        return self.checked(self.send("GET", path, params=params)).json()

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The response, whatever it says."""
        try:
            return self._http.request(method, path, **options)
        except httpx.TransportError:
            raise self._away() from None

    def download(self, path: str, **params: Any) -> httpx.Response:
        """A response whose body is still to be read; close it."""
        try:
            response = self._http.send(self._http.build_request("GET", path, params=params), stream=True)
            if not response.is_success:
                response.read()
        except httpx.TransportError:
            raise self._away() from None
        return self.checked(response)

    def checked(self, response: httpx.Response) -> httpx.Response:
        """The response of a success; a problem ends the command."""
        if response.is_success:
            return response
        say_problem(problem_of(response), as_json=self._as_json)
        raise typer.Exit(AWAY if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE else REFUSED)

    def _away(self) -> typer.Exit:
        return _away(
            "api_unreachable",
            f"无法连接助航接口 {self._base}：请先运行 make run（或 zhuhang up），或检查 ZHUHANG_HTTP_PORT"
            f"（给出 {_TOKEN_VARIABLE} 时为 ZHUHANG_PUBLIC_URL）。",
            f"The API at {self._base} cannot be reached: start it with make run (or zhuhang up), "
            f"or check ZHUHANG_HTTP_PORT (with {_TOKEN_VARIABLE}, ZHUHANG_PUBLIC_URL).",
            as_json=self._as_json,
        )


def local_token(settings: Settings, actor: str, *, as_json: bool, lifetime: timedelta | None = None) -> str:
    """The secret of a short session as this actor, made in the installation's own database; whoever may open
    that may act as anybody. Without the database, or one that works, or the actor, the command ends."""
    kept_in = make_url(settings.database_url).database
    here = not settings.database_url.startswith("sqlite") or (kept_in is not None and Path(kept_in).exists())
    if here:
        engine = create_engine_from(settings)
        try:
            return LocalSessions(engine, settings).token(actor, lifetime)
        except UnknownActor as unknown:
            say_problem({"code": unknown.code, "zh": unknown.zh, "en": unknown.en}, as_json=as_json)
            raise typer.Exit(REFUSED) from None
        except SQLAlchemyError as error:
            if not _was_never_made(error):
                away = database_away(settings, error)
                raise _away(away.code, away.zh, away.en, as_json=as_json) from None
        finally:
            engine.dispose()
    raise _away(
        "not_signed_on",
        f"本机没有可用的助航数据库：请先运行 make run（或 zhuhang up），"
        f"或检查 ZHUHANG_DATA_DIR；访问其他机器请用 {_TOKEN_VARIABLE} 给出令牌。",
        "No database of Zhuhang can be used here: start it with make run (or zhuhang up), or check "
        f"ZHUHANG_DATA_DIR; for another machine give a token in {_TOKEN_VARIABLE}.",
        as_json=as_json,
    )


def _was_never_made(error: SQLAlchemyError) -> bool:
    """Whether the database or its tables are absent, as before the first start."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    # There is no code before a session is, nor in SQLite.
    return isinstance(cause, psycopg.errors.UndefinedTable) or (
        re.search(r"no such table|FATAL:  database .* does not exist", str(cause)) is not None
    )


def _away(code: str, zh: str, en: str, *, as_json: bool) -> typer.Exit:
    say_problem({"code": code, "zh": zh, "en": en}, as_json=as_json)
    return typer.Exit(AWAY)


def problem_of(response: httpx.Response) -> dict[str, Any]:
    """The problem that a response states."""
    try:
        return response.json()
    except ValueError:
        text = f"HTTP {response.status_code}"
        return {"code": "http_error", "zh": text, "en": text}


def say_problem(problem: dict[str, Any], *, as_json: bool) -> None:
    """Say why nothing came of it: as JSON on the output, or in a sentence on the error output."""
    if as_json:
        print_json(problem)
        return
    errors.print(Text("✗ ", "bold red").append(str(problem.get("zh", "")), "bold"), soft_wrap=True)
    errors.print(Text(f"  {problem.get('en', '')}  [{problem.get('code')}]", "dim"), soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on the output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
