"""The command `zhuhang`. A group of commands lives in a module of its own and is registered here."""

import asyncio
import json
import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from cli.clean_exit import run_and_leave
from cli.terminal import Terminal
from services.settings import SetupError, load_settings

app = typer.Typer(
    name="zhuhang",
    help="助航:困难毕业生一对一帮扶 · case management for graduates in hardship",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

JsonOption = Annotated[bool, typer.Option("--json", help="以 JSON 输出 · answer in JSON")]


@app.command()
def up() -> None:
    """启动全部 · run Temporal, worker and API until Ctrl-C."""
    # Imported where used, here and below: each command loads only what it needs and starts quickly.
    from cli.up import up as run_up

    raise typer.Exit(run_up(load_settings(), Terminal()))


@app.command()
def worker() -> None:
    """启动工作进程 · run the Temporal worker."""
    from services.logs import configure_logging
    from worker import run_worker

    settings = load_settings()
    configure_logging(settings)

    async def run() -> None:
        stop = asyncio.Event()
        for ending in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(ending, stop.set)
        await run_worker(settings, stop)

    asyncio.run(run())


@app.command()
def api() -> None:
    """启动接口 · run the HTTP API."""
    import uvicorn

    from api.app import create_app
    from services.logs import configure_logging

    settings = load_settings()
    configure_logging(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
        )
    )
    # uvicorn raises the signal that ended it once more; being asked to end is no failure.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _ended_as_asked)
    server.run()
    raise typer.Exit(0 if server.started else 1)


def _ended_as_asked(_signal: int, _frame: FrameType | None) -> None:
    pass


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """体检 · check this machine and the running parts; exit status 1 when something is wrong."""
    from cli.doctor import doctor as run_doctor

    raise typer.Exit(run_doctor(as_json, Terminal()))


def run() -> int:
    """Do what the command line says; the exit status. An error of the set-up becomes one sentence."""
    try:
        app()
    except SetupError as error:
        if "--json" in sys.argv:
            typer.echo(json.dumps({"code": error.code, "zh": error.zh, "en": error.en}, ensure_ascii=False))
        Terminal(Console(stderr=True, highlight=False)).fail(error)
        return 1
    return 0


def main() -> NoReturn:
    """The console script."""
    run_and_leave(run)


if __name__ == "__main__":
    main()
