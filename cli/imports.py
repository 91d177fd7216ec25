"""`zhuhang import`: a roster into the ledger, with a progress bar and the reason of every rejected row."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.client import ApiClient, console, errors, print_json, problem_of, say_problem
from services.settings import Settings

_COUNTS = ("total", "opened", "updated", "unchanged", "skipped", "rejected")
_LOOK_SECONDS = 0.3
_PAGE = 1000
_SHOWN = 20
_TAKEN, _REFUSED = 0, 2
# A 4xx answer to the upload is about the file, but for these, which are about who asks.
_NOT_THE_FILE = {401, 403}


def import_file(settings: Settings, file: Path, actor: str, options: dict[str, str], *, as_json: bool) -> int:
    """Import a roster and wait for its end. The exit status: 0 when the file was taken, 2 when it was refused
    as a whole, 3 when the API is away."""
    api = ApiClient(settings, actor, as_json=as_json)
    # One key for all tries, so that an answer lost on the way never makes a second import.
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    with file.open("rb") as content:
        response = api.send(
            "POST", "/imports", files={"file": (file.name, content)}, data=options, headers=headers
        )
    if response.is_client_error and response.status_code not in _NOT_THE_FILE:
        return _refused(None, problem_of(response), as_json=as_json)
    view = _until_ended(api, api.checked(response).json(), quiet=as_json)
    if view["status"] == "refused":
        return _refused(view["import_id"], view["error"], as_json=as_json)
    if as_json:
        print_json(_summary(view, list(_rows(api, view["import_id"]))))
    else:
        _show(api, view)
    return _TAKEN


def _until_ended(api: ApiClient, view: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, disable=quiet, transient=True) as progress:
        bar = progress.add_task("导入 importing", total=None)
        while view["status"] not in ("done", "refused"):
            time.sleep(_LOOK_SECONDS)
            view = api.get(f"/imports/{view['import_id']}")
            judged = sum(view[name] for name in _COUNTS[1:])
            progress.update(bar, total=view["total"] or None, completed=judged)
    return view


def _rows(api: ApiClient, import_id: str, outcome: str | None = None) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        params = {"outcome": outcome, "cursor": cursor, "limit": _PAGE}
        page = api.get(
            f"/imports/{import_id}/rows", **{name: value for name, value in params.items() if value}
        )
        for row in page["items"]:
            yield {name: row[name] for name in ("row", "outcome", "column", "code", "message")}
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _summary(view: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    counts = {name: view[name] for name in _COUNTS}
    return {"import_id": view["import_id"], "status": view["status"], **counts, "rows": rows}


def _refused(import_id: str | None, error: dict[str, Any], *, as_json: bool) -> int:
    if not as_json:
        say_problem(error, as_json=False)
        return _REFUSED
    told = {name: error.get(name) for name in ("code", "zh", "en")}
    found = error.get("headers_found") or error.get("details", {}).get("headers_found", [])
    empty = {"import_id": import_id, "status": "refused", **dict.fromkeys(_COUNTS, 0)}
    print_json(_summary(empty, []) | {"error": {**told, "headers_found": found}})
    return _REFUSED


def _show(api: ApiClient, view: dict[str, Any]) -> None:
    heads = ("合计 total", "建档 opened", "更新 updated", "不变 unchanged", "跳过 skipped", "退回 rejected")
    title = "试导入，未作任何改动 · dry run, nothing was changed" if view["dry_run"] else None
    counts = Table(*heads, title=title)
    counts.add_row(*(str(view[name]) for name in _COUNTS))
    console.print(counts)
    if view["unrecognised_columns"]:
        console.print(
            f"未识别的列 columns not read: {'、'.join(view['unrecognised_columns'])}", soft_wrap=True
        )
    if not view["rejected"]:
        return
    for row, _ in zip(_rows(api, view["import_id"], "rejected"), range(_SHOWN), strict=False):
        typer.echo(f"  {row['row']:>6}  {row['column'] or ''}  {row['message']}  [{row['code']}]")
    where = f"/api/v1/imports/{view['import_id']}/rows?outcome=rejected&format=csv"
    console.print(f"退回的全部行 all rejected rows: {where}", soft_wrap=True)
