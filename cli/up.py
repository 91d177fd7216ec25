"""`zhuhang up`: everything in one foreground command, ended by Ctrl-C."""

import asyncio
import sys
import time
from contextlib import suppress
from pathlib import Path

from rich.panel import Panel
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from cli.checks import check_data_dir, check_keys, check_policies, check_ports, database_away, ports_of
from cli.foreground import LOOK_SECONDS, READY_SECONDS, alone_in, let_people_in, run_parts, until_ready
from cli.supervisor import Part, Supervisor
from cli.terminal import Terminal
from services.cores import core_of
from services.database import migrate
from services.errors import Unavailable
from services.move.marks import refuse_moving
from services.settings import Settings, SetupError
from services.sign_on.first import first_passwords_file
from services.temporal_health import check_temporal
from services.temporal_server import find_server, server_command
from services.weaknesses import refuse_weak


def up(settings: Settings, terminal: Terminal) -> int:
    """Run Temporal, worker and API until SIGINT, SIGTERM or SIGHUP; the exit status.

    Raises `SetupError` when something is in the way.
    """
    check_data_dir(settings.data_dir)
    return alone_in(settings.data_dir, terminal, lambda: _run(settings, terminal))


def _run(settings: Settings, terminal: Terminal) -> int:
    refuse_moving(settings.data_dir)
    refuse_weak(settings, with_data=False)
    check_policies(settings)
    check_ports(ports_of(settings))
    temporal: Part | None = None
    if settings.temporal_address is None:
        server = find_server(terminal)
        terminal.say(f"Temporal 服务 {server.version}:{server.binary}", f"Temporal server {server.version}")
        temporal = Part("temporal", server_command(server.binary, settings), stop_seconds=2.5)
    else:
        terminal.say(
            f"Temporal:使用 TEMPORAL_ADDRESS={settings.temporal_address}", "using the Temporal server given"
        )
        asyncio.run(check_temporal(settings))
    terminal.say("检查并升级数据库", "bringing the database up to date")
    try:
        migrate(settings)
        refuse_weak(settings, with_data=True)
    except SQLAlchemyError as error:
        raise database_away(settings, error) from None
    with suppress(Unavailable):  # the parts wait for it
        check_keys(settings)
    return asyncio.run(_serve(settings, terminal, temporal))


async def _serve(settings: Settings, terminal: Terminal, temporal: Part | None) -> int:
    supervisor = Supervisor(settings.data_dir / "logs", terminal.say)
    return await run_parts(supervisor, terminal, _bring_up(settings, terminal, supervisor, temporal))


async def _bring_up(
    settings: Settings, terminal: Terminal, supervisor: Supervisor, temporal: Part | None
) -> None:
    if temporal is not None:
        terminal.say("启动 Temporal", "starting Temporal")
        supervisor.start(temporal)
        await until_temporal_answers(settings, terminal)
    terminal.say("启动工作进程与接口", "starting worker and API")
    zhuhang = [sys.executable, str(Path(sys.executable).with_name("zhuhang"))]
    supervisor.start(Part("worker", [*zhuhang, "worker"], stop_seconds=3.0, core=core_of(settings, 0)))
    supervisor.start(Part("api", [*zhuhang, "api"], stop_seconds=3.5, core=core_of(settings, 1)))
    await until_ready(settings, terminal, settings.data_dir / "logs")
    supervisor.settled = True
    await let_people_in(settings, terminal)
    terminal.console.print(welcome(settings))
    print_trials(settings, terminal)


async def until_temporal_answers(settings: Settings, terminal: Terminal) -> None:
    """Wait for the Temporal server that was just started. Raises what `check_temporal` does."""
    began = time.monotonic()
    while True:
        try:
            await check_temporal(settings)
        except SetupError:
            if time.monotonic() - began > READY_SECONDS:
                raise
            terminal.busy("  等待 Temporal", "  waiting for Temporal", time.monotonic() - began)
            await asyncio.sleep(LOOK_SECONDS)
        else:
            return


def welcome(settings: Settings) -> Panel:
    """What to know of an installation that has just come up."""
    table = Table.grid(padding=(0, 2))
    base = settings.base_url
    table.add_row("工作台 console", f"{base}/console")
    if first_passwords_file(settings).exists():
        table.add_row("初始口令 first passwords", f"{first_passwords_file(settings)}")
    table.add_row("接口 API", f"{base}/openapi.json")
    if settings.temporal_address is None:
        table.add_row("Temporal", f"http://127.0.0.1:{settings.temporal_ui_port}")
    table.add_row("数据与日志 data, logs", f"{settings.data_dir}")
    table.add_row("结束 end", "Ctrl-C")
    return Panel(table, title="助航已就绪 · Zhuhang is ready", expand=False)


def print_trials(settings: Settings, terminal: Terminal) -> None:
    """Commands to copy, so never broken into lines."""
    token = "$(.venv/bin/zhuhang token create --as career-centre)"  # noqa: S105  (a command that makes one)
    trials = (
        ".venv/bin/zhuhang inbox --as career-centre",
        ".venv/bin/zhuhang import samples/roster-troubles.csv --dry-run",
        f"curl -H \"Authorization: Bearer {token}\" '{settings.base_url}/api/v1/cases?limit=3'",
    )
    terminal.console.print("试一试 try:")
    for trial in trials:
        terminal.console.print(f"  {trial}", soft_wrap=True, markup=False, highlight=False)
