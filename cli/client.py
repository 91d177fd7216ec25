"""The running API, as the command line asks it."""

import json
from http import HTTPStatus
from typing import Any

import httpx
import typer
from rich.console import Console
from rich.text import Text

from services.settings import Settings

REFUSED, AWAY = 1, 3

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


class ApiClient:
    """Asks the API of the settings as one actor. What goes wrong ends the command: with status 3 and one
    sentence when the API is away, with status 1 and the problem when it refuses."""

    def __init__(self, settings: Settings, actor: str, *, as_json: bool) -> None:
        self._base = settings.base_url
        self._as_json = as_json
        self._http = httpx.Client(
            base_url=f"{self._base}/api/v1",
            headers={"X-Zhuhang-Actor": actor},
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
        problem = {
            "code": "api_unreachable",
            "zh": f"无法连接助航接口 {self._base}：请先运行 make run（或 zhuhang up），或检查 ZHUHANG_HTTP_PORT。",
            "en": f"The API at {self._base} cannot be reached: start it with make run (or zhuhang up), "
            "or check ZHUHANG_HTTP_PORT.",
        }
        say_problem(problem, as_json=self._as_json)
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
