"""`zhuhang account` and `zhuhang token`: who may sign on, and act by other programs."""

from typing import Annotated

import typer

from cli.options import ActorOption, JsonOption
from models.first_actors import CAREER_CENTRE_ACTOR, SETUP_ACTOR
from services.settings import load_settings

account_app = typer.Typer(help="账号 · who may sign on", no_args_is_help=True)
token_app = typer.Typer(help="令牌 · tokens for other programs", no_args_is_help=True)


@account_app.command("create")
def account_create(
    staff_id: Annotated[str, typer.Argument(metavar="STAFF_ID", help="人员编号 · the member of staff")],
    account: Annotated[
        str | None, typer.Option("--account", help="账号名,默认为人员编号 · its name, by default the id")
    ] = None,
    actor: ActorOption = SETUP_ACTOR,
    as_json: JsonOption = False,
) -> None:
    """开通账号 · make an account; prints its one-time first password."""
    from cli.accounts import create

    create(load_settings(), staff_id, account, actor, as_json=as_json)


@account_app.command("reset")
def account_reset(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="账号所属人员编号 · whose account")],
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="同时重置二次验证 · the second factor is lost as well")
    ] = False,
    actor: ActorOption = SETUP_ACTOR,
    as_json: JsonOption = False,
) -> None:
    """重置口令 · a new one-time first password; all sessions end."""
    from cli.accounts import reset

    reset(load_settings(), account_id, actor, second_factor=second_factor, as_json=as_json)


@account_app.command("list")
def account_list(actor: ActorOption = SETUP_ACTOR, as_json: JsonOption = False) -> None:
    """列出账号 · all accounts of the school."""
    from cli.accounts import show

    show(load_settings(), actor, as_json=as_json)


@token_app.command("create")
def token_create(
    actor: ActorOption = CAREER_CENTRE_ACTOR,
    hours: Annotated[
        int | None, typer.Option("--hours", min=1, max=24, help="有效小时数 · hours until it ends")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """生成令牌 · print a bearer token that acts as this person, on this machine only."""
    from cli.accounts import create_token

    create_token(load_settings(), actor, hours, as_json=as_json)
