"""`zhuhang account …` and `zhuhang token …`: accounts through the API, and a token for other programs."""

from datetime import timedelta
from typing import Any

from rich.table import Column, Table

from cli.client import ApiClient, console, local_token, print_json
from services.settings import Settings

_PAGE = 200


def create(settings: Settings, staff_id: str, account: str | None, actor: str, *, as_json: bool) -> None:
    """Make an account and print its one-time first password."""
    body = {"staff_id": staff_id, "account": account}
    _first_password(settings, "/accounts", body, actor, as_json=as_json)


def reset(settings: Settings, account_id: str, actor: str, *, second_factor: bool, as_json: bool) -> None:
    """Give an account a new one-time first password and print it."""
    body = {"second_factor": second_factor}
    _first_password(settings, f"/accounts/{account_id}/reset", body, actor, as_json=as_json)


def show(settings: Settings, actor: str, *, as_json: bool) -> None:
    """Print all accounts of the school."""
    api = ApiClient(settings, actor, as_json=as_json)
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = api.get("/accounts", limit=_PAGE, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    if as_json:
        print_json({"items": items, "next_cursor": None})
        return
    heads = ("编号 id", "账号 account", "状态 state", "上次登录 last sign-on")
    # Ids are copied: rather broken into lines than cut off.
    table = Table(*(Column(head, overflow="fold") for head in heads), box=None)
    for item in items:
        flags = ("disabled", "locked", "must_change", "second_factor", "demo")
        state = ", ".join(flag for flag in flags if item[flag])
        table.add_row(item["id"], item["account"], state, item["signed_on_at"] or "—")
    console.print(table)


def create_token(settings: Settings, actor: str, hours: int | None, *, as_json: bool) -> None:
    """Print a bearer token that acts as this person for a while, for programs on this machine."""
    lifetime = None if hours is None else timedelta(hours=hours)
    token = local_token(settings, actor, as_json=as_json, lifetime=lifetime)
    if as_json:
        print_json({"token": token, "actor_id": actor})
    else:
        console.print(token, soft_wrap=True, markup=False)


def _first_password(
    settings: Settings, path: str, body: dict[str, Any], actor: str, *, as_json: bool
) -> None:
    api = ApiClient(settings, actor, as_json=as_json)
    made = api.checked(api.send("POST", path, json=body)).json()
    if as_json:
        print_json(made)
        return
    console.print(f"账号 account: {made['account']}", markup=False)
    console.print(f"一次性初始口令 one-time first password: {made['first_password']}", markup=False)
    console.print(f"有效期至 valid until: {made['valid_until']}", markup=False)
