"""The command `zhuhang`. A group of commands lives in a module of its own and is registered here."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from cli.account_app import account_app, token_app
from cli.audit import audit_app
from cli.case_app import case_app
from cli.clean_exit import run_and_leave
from cli.keys import keys_app
from cli.options import ActorOption, JsonOption
from cli.terminal import Terminal
from models.first_actors import CAREER_CENTRE_ACTOR
from services.settings import SetupError, load_settings

app = typer.Typer(
    name="zhuhang",
    help="助航:困难毕业生一对一帮扶 · case management for graduates in hardship",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

app.add_typer(case_app, name="case")
app.add_typer(keys_app, name="keys")
app.add_typer(audit_app, name="audit")
app.add_typer(account_app, name="account")
app.add_typer(token_app, name="token")


@app.command()
def up() -> None:
    """启动全部 · run Temporal, worker and API until Ctrl-C."""
    # Imported where used, here and below: each command loads only what it needs and starts quickly.
    from cli.up import up as run_up

    raise typer.Exit(run_up(load_settings(), Terminal()))


@app.command()
def setup() -> None:
    """准备部署 · make or upgrade namespace, tables and first accounts; safe to run again."""
    from cli.setup import set_up

    raise typer.Exit(set_up(load_settings(), Terminal()))


@app.command()
def worker() -> None:
    """启动工作进程 · run the Temporal worker."""
    import uvloop

    from cli.checks import check_ports, check_safe, worker_metrics_ports
    from cli.collector import spare_what_is_loaded
    from services.logs import configure_logging
    from services.tracing import tracing
    from worker import run_worker

    settings = load_settings()
    check_safe(settings)
    check_ports(worker_metrics_ports(settings))
    configure_logging(settings)

    async def run() -> None:
        stop = asyncio.Event()
        for ending in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(ending, stop.set)
        spare_what_is_loaded()
        await run_worker(settings, stop)

    with tracing(settings, "worker"):
        uvloop.run(run())


@app.command()
def api() -> None:
    """启动接口与工作台 · run the HTTP API and the console."""
    import uvicorn

    from api.app import create_app
    from api.http_protocol import GuardedHttp
    from cli.checks import api_metrics_port, check_ports, check_safe
    from cli.collector import spare_what_is_loaded
    from console.app import mount
    from services.logs import configure_logging
    from services.metrics import serve_metrics
    from services.tracing import tracing

    settings = load_settings()
    check_safe(settings)
    check_ports(api_metrics_port(settings))
    configure_logging(settings)
    serve_metrics(settings.metrics_host, settings.api_metrics_port)
    served = create_app(settings)
    mount(served, settings)
    server = uvicorn.Server(
        uvicorn.Config(
            served,
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            http=GuardedHttp,
            server_header=False,
            # The application itself believes the proxies that the settings name.
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
    )
    # uvicorn raises the signal that ended it once more; being asked to end is no failure.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _ended_as_asked)
    spare_what_is_loaded()
    with tracing(settings, "api"):
        server.run()
    raise typer.Exit(0 if server.started else 1)


def _ended_as_asked(_signal: int, _frame: FrameType | None) -> None:
    pass


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """体检 · check this machine and the running parts; exit status 1 when something is wrong."""
    from cli.doctor import doctor as run_doctor

    raise typer.Exit(run_doctor(as_json, Terminal()))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只报告,不改动 · report only, change nothing")
    ] = False,
    create_departments: Annotated[
        bool, typer.Option("--create-departments", help="新建名单中没有的学院 · create unknown colleges")
    ] = False,
    unknown_hardship_as_other: Annotated[
        bool,
        typer.Option(
            "--unknown-hardship-as-other", help="不认识的困难类别记为“其他” · take unknown types as OTHER"
        ),
    ] = False,
    department: Annotated[
        str | None,
        typer.Option("--department", help="未写学院的行归入此院系 · college of rows that name none"),
    ] = None,
    cohort: Annotated[
        int | None, typer.Option("--cohort", help="未写届别的行属于此届 · cohort of rows that name none")
    ] = None,
    actor: ActorOption = CAREER_CENTRE_ACTOR,
    as_json: JsonOption = False,
) -> None:
    """导入名单 · import a roster; exit status 2 when the file is refused as a whole."""
    from cli.imports import import_file

    options: dict[str, object] = {
        "dry_run": dry_run,
        "create_departments": create_departments,
        "unknown_hardship_as_other": unknown_hardship_as_other,
        "department_id": department or "",
        "cohort": cohort or "",
    }
    fields = {name: str(value) for name, value in options.items()}
    raise typer.Exit(import_file(load_settings(), file, actor, fields, as_json=as_json))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, writable=True)],
    purpose: Annotated[
        str, typer.Option("--purpose", help="用途 · what it is needed for, such as reporting or handover")
    ],
    plain: Annotated[
        bool,
        typer.Option("--plain", help="不脱敏,仅限负责人 · unmasked, for supervisors; imports back unchanged"),
    ] = False,
    paper: Annotated[
        str | None,
        typer.Option(
            "--paper", metavar="CASE", help="打印该档案(一人一档 PDF) · print this case's file as PDF"
        ),
    ] = None,
    columns: Annotated[
        str, typer.Option("--columns", help="台账列及次序 · ids of the ledger's columns, in the order wanted")
    ] = "",
    actor: ActorOption = CAREER_CENTRE_ACTOR,
    as_json: JsonOption = False,
) -> None:
    """导出台账或打印档案 · write the ledger as XLSX, or a file as PDF, with who took it away, when and what for."""
    from cli.ledger import export as write

    asked = {"purpose": purpose, "masked": not plain, "columns": columns}
    write(load_settings(), file, actor, paper, asked, as_json=as_json)


@app.command()
def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="按流程重写不一致的台账 · write the ledger anew where it differs")
    ] = False,
    cases: Annotated[
        int | None,
        typer.Option(
            "--cases", min=1, help="只核对这么多份档案 · so many cases only, in the order of their ids"
        ),
    ] = None,
    after: Annotated[
        str,
        typer.Option("--after", help="从该档案之后开始(配合 --cases)· those after this case, with --cases"),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """核对台账 · compare every case's ledger with its workflow; exit status 1 when any differ."""
    from cli.ledger import Slice
    from cli.ledger import verify as compare

    if after and cases is None:
        raise typer.BadParameter("--after 需配合 --cases · --after is given with --cases")
    part = None if cases is None else Slice(after=after, cases=cases)
    raise typer.Exit(compare(load_settings(), part, repair=repair, as_json=as_json))


@app.command()
def move(
    source: Annotated[
        Path,
        typer.Option("--from", file_okay=False, help="内嵌形式的数据目录 · data folder of the embedded form"),
    ] = Path(".zhuhang"),
    namespace: Annotated[
        str, typer.Option("--from-namespace", help="原 Temporal 命名空间 · namespace of the cases there")
    ] = "default",
    patience: Annotated[
        int,
        typer.Option("--patience", min=0, help="等待未完成工作的秒数 · seconds for work under way to end"),
    ] = 600,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="放弃迁移,原系统可再启动 · let the source go on instead")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """迁移 · move everything from the embedded form to the servers of the settings; may be broken off and repeated."""
    from cli.move import give_up as let_go
    from cli.move import move as bring
    from services.logs import configure_logging

    settings = load_settings()
    # What the workers of the move have to say goes beside its answer, not into it.
    configure_logging(settings)
    if give_up:
        let_go(settings, source)
    else:
        raise typer.Exit(bring(settings, source, namespace=namespace, patience=patience, as_json=as_json))


@app.command()
def inbox(actor: ActorOption = CAREER_CENTRE_ACTOR, as_json: JsonOption = False) -> None:
    """待办 · what is due, overdue and waiting for others."""
    from cli.cases import inbox as show_inbox

    show_inbox(load_settings(), actor, as_json=as_json)


def run() -> int:
    """Do what the command line says; the exit status. An error of the set-up becomes one sentence."""
    # Whatever is written, from databases to exports, is its owner's alone.
    os.umask(0o077)
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
