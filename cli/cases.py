"""`zhuhang case …` and `zhuhang inbox`: one file, its timeline and its commands, through the API."""

import json
import uuid
from typing import Any

import typer
from rich.table import Table

from cli.client import REFUSED, ApiClient, console, print_json, say_problem
from services.settings import Settings

_PAGE = 200
_SECTIONS = {"due": "待办", "overdue": "逾期", "waiting_for_others": "等待他人", "notices": "通知"}


def show(settings: Settings, case_id: str, actor: str, *, as_json: bool) -> None:
    """Print one file."""
    case = ApiClient(settings, actor, as_json=as_json).get(f"/cases/{case_id}")
    print_json(case) if as_json else _show(case)


def timeline(settings: Settings, case_id: str, actor: str, *, as_json: bool) -> None:
    """Print all events of a file, oldest first."""
    api = ApiClient(settings, actor, as_json=as_json)
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        after = {"cursor": cursor} if cursor else {}
        page = api.get(f"/cases/{case_id}/timeline", limit=_PAGE, **after)
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    if as_json:
        print_json({"items": items, "next_cursor": None})
        return
    table = Table("#", "时间 at", "事件 event", "何人 who", box=None)
    for item in items:
        table.add_row(str(item["seq"]), item["at"], item["type"], item["actor_id"])
    console.print(table)


def do(
    settings: Settings,
    case_id: str,
    body: Any,
    actor: str,
    *,
    key: str | None,
    version: int | None,
    as_json: bool,
) -> None:
    """Send one command, or a list of them, and print the case after it."""
    api = ApiClient(settings, actor, as_json=as_json)
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    answer = api.checked(api.send("POST", f"/cases/{case_id}/commands", json=body, headers=headers)).json()
    if as_json:
        print_json(answer)
        return
    for event in answer["events"]:
        console.print(f"✓ {event['type']}")
    if answer["case"] is not None:
        _show(answer["case"])


def command_body(kind: str | None, fields: list[str], body: str | None) -> Any:
    """The command that the words of a command line mean: `key=value`, each value as JSON where it is JSON,
    else as text; or a whole `body` in JSON. Ends the command line with a sentence when it means none."""
    if body is not None and kind is None:
        return _parsed(body)
    if kind is None or body is not None:
        raise _unreadable("TYPE", kind or "")
    command: dict[str, Any] = {"type": kind}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals or not name:
            raise _unreadable("key=value", field)
        command[name] = _parsed(value)
    return command


def inbox(settings: Settings, actor: str, *, as_json: bool) -> None:
    """Print what waits for the actor."""
    answer = ApiClient(settings, actor, as_json=as_json).get("/inbox")
    if as_json:
        print_json(answer)
        return
    for section, count in answer["counts"].items():
        console.print(f"{_SECTIONS[section]} {section}: {count}")
        for line in answer[section]:
            when = line.get("due_on") or line.get("due_at") or line.get("at")
            console.print(f"  {line['case_id']}  {line['display']}  {when}  {line['zh']}", soft_wrap=True)


def _parsed(text: str) -> Any:
    """Lists, objects, quoted text and null as JSON; all else as text, which the API reads by the field's type:
    a code such as 01 stays what it is."""
    if text != "null" and text[:1] not in ("[", "{", '"'):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _unreadable(place: str, text: str) -> typer.Exit:
    say_problem(
        {
            "code": "command_unreadable",
            "zh": f"无法理解 {place} {text}：请写成 TYPE key=value …，或 --body JSON。",
            "en": f"{place} {text} cannot be understood: write TYPE key=value …, or --body JSON.",
        },
        as_json=False,
    )
    return typer.Exit(REFUSED)


def _show(case: dict[str, Any]) -> None:
    table = Table.grid(padding=(0, 2))
    due = case["next_deadline"]
    package = case["package"]
    rows = {
        "档案 case": f"{case['case_id']}  v{case['version']}",
        "姓名 name": case["profile"]["name"],
        "学号 student no": case["profile"]["student_no"],
        "阶段 stage": case["stage"],
        "院系 department": case["department_id"],
        "届 cohort": case["cohort"],
        "责任人 mentor": case["mentor_id"] or "—",
        "风险 risk": case["risk_level"] or "—",
        "服务包 package": f"{package['done']}/{package['due']}",
        "下一期限 next": f"{due['clock']} {due['due_on'] or due['due_at']}"
        if due
        else case["no_deadline_reason"],
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    console.print(table)
