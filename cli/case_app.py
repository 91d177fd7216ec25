"""`zhuhang case`: one graduate's file."""

from typing import Annotated

import typer

from cli.options import ActorOption, JsonOption
from models.first_actors import CAREER_CENTRE_ACTOR
from services.settings import load_settings

case_app = typer.Typer(help="个案 · one graduate's file", no_args_is_help=True)

CaseArgument = Annotated[str, typer.Argument(metavar="CASE_ID", help="档案编号 · the case")]


@case_app.command("show")
def case_show(
    case_id: CaseArgument, actor: ActorOption = CAREER_CENTRE_ACTOR, as_json: JsonOption = False
) -> None:
    """查看档案 · one whole file."""
    from cli.cases import show

    show(load_settings(), case_id, actor, as_json=as_json)


@case_app.command("timeline")
def case_timeline(
    case_id: CaseArgument, actor: ActorOption = CAREER_CENTRE_ACTOR, as_json: JsonOption = False
) -> None:
    """办理记录 · all events, oldest first."""
    from cli.cases import timeline

    timeline(load_settings(), case_id, actor, as_json=as_json)


@case_app.command("do")
def case_do(
    case_id: CaseArgument,
    kind: Annotated[
        str | None, typer.Argument(metavar="TYPE", help="命令 · a command such as record_contact")
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="字段,值可为 JSON · its fields, values in JSON or text"),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option("--body", help="整条命令或命令列表 · the command, or a list of them, in JSON"),
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="Idempotency-Key")] = None,
    version: Annotated[
        int | None, typer.Option("--if-version", help="仅当档案为此版本 · only if this is the version")
    ] = None,
    actor: ActorOption = CAREER_CENTRE_ACTOR,
    as_json: JsonOption = False,
) -> None:
    """办理 · advance a case by a command; exit status 1 when it is refused."""
    from cli.cases import command_body, do

    command = command_body(kind, fields or [], body)
    do(load_settings(), case_id, command, actor, key=key, version=version, as_json=as_json)
