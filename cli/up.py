"""`zhuhang up`: everything in one foreground command, ended by Ctrl-C."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
from rich.panel import Panel
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from cli.checks import check_data_dir, check_policies, check_ports, database_away, ports_of
from cli.supervisor import Part, Supervisor
from cli.terminal import Terminal
from cli.under_make import make_was_interrupted, terminal_of_our_own
from services.database import migrate
from services.demo import ledger_is_empty, load_demo, sample_school
from services.file_lock import LockHeldError, exclusive
from services.move.marks import refuse_moving
from services.settings import Settings, SetupError
from services.sign_on.first import first_passwords_file, make_demo_accounts, make_first_accounts
from services.temporal_health import check_temporal
from services.temporal_server import find_server, server_command
from services.weaknesses import refuse_weak

READY_SECONDS = 120.0
LOOK_SECONDS = 0.3


def up(settings: Settings, terminal: Terminal) -> int:
    """Run Temporal, worker and API until SIGINT, SIGTERM or SIGHUP; the exit status.

    Raises `SetupError` when something is in the way.
    """
    # Until the parts run, each of these breaks off whatever is under way. SIGINT too: a shell script that
    # starts us in the background has it ignored.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    with terminal_of_our_own():
        try:
            check_data_dir(settings.data_dir)
            with exclusive(settings.data_dir / "up.lock"):
                return _run(settings, terminal)
        except LockHeldError as held:
            raise SetupError(
                "already_running",
                f"数据目录 {settings.data_dir} 已有一个助航在运行(进程 {held.holder}):"
                "请先结束它,或用 ZHUHANG_DATA_DIR 换一个目录。",
                f"Zhuhang already runs on the data folder {settings.data_dir} (process {held.holder}): "
                "end it first, or name another folder in ZHUHANG_DATA_DIR.",
            ) from None
        except KeyboardInterrupt:
            terminal.say("已中止", "broken off before everything was up")
            return 0


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
    return asyncio.run(_serve(settings, terminal, temporal))


async def _serve(settings: Settings, terminal: Terminal, temporal: Part | None) -> int:
    stop = asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(ending, stop.set)
    supervisor = Supervisor(settings.data_dir / "logs", terminal.say)
    serving = asyncio.create_task(_bring_up(settings, terminal, supervisor, temporal))
    watching = asyncio.create_task(_until_asked_to_end(stop))
    try:
        await asyncio.wait({watching, serving, supervisor.gave_up}, return_when=asyncio.FIRST_COMPLETED)
        if supervisor.gave_up.done():
            raise supervisor.gave_up.result()
        if serving.done():
            serving.result()
            await watching
    finally:
        serving.cancel()
        watching.cancel()
        terminal.say("正在结束…", "ending everything")
        await supervisor.stop()
    terminal.say("已结束", "ended; the cases are kept")
    return 0


async def _until_asked_to_end(stop: asyncio.Event) -> None:
    while not stop.is_set() and not make_was_interrupted():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)


async def _bring_up(
    settings: Settings, terminal: Terminal, supervisor: Supervisor, temporal: Part | None
) -> None:
    if temporal is not None:
        terminal.say("启动 Temporal", "starting Temporal")
        supervisor.start(temporal)
        await until_temporal_answers(settings, terminal)
    terminal.say("启动工作进程与接口", "starting worker and API")
    zhuhang = [sys.executable, str(Path(sys.executable).with_name("zhuhang"))]
    supervisor.start(Part("worker", [*zhuhang, "worker"], stop_seconds=3.0))
    supervisor.start(Part("api", [*zhuhang, "api"], stop_seconds=3.5))
    await _until_ready(settings, terminal)
    supervisor.settled = True
    new = await _accounts(settings, make_first_accounts)
    if settings.demo and await asyncio.to_thread(ledger_is_empty, settings):
        terminal.say("台账为空,导入示范学校(DEMO=0 可跳过)", "empty ledger: importing the sample school")
        await load_demo(settings)
    if settings.demo and settings.allow_test_identities:
        # Also those that an earlier start was broken off before.
        staff = [str(person["id"]) for person in sample_school().staff]
        new |= await _accounts(settings, lambda settings: make_demo_accounts(settings, staff))
    if new:
        file = first_passwords_file(settings)
        terminal.say(
            f"初始口令在 {file}（仅本人可读，发放后请删除）",
            f"first passwords are in {file}; delete it later",
        )
    terminal.console.print(_welcome(settings))
    _print_trials(settings, terminal)


async def _accounts(settings: Settings, make: Callable[[Settings], bool]) -> bool:
    try:
        return await asyncio.to_thread(make, settings)
    except SQLAlchemyError as error:
        raise database_away(settings, error) from None


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


async def _until_ready(settings: Settings, terminal: Terminal) -> None:
    began = time.monotonic()
    seen = "no answer"
    async with httpx.AsyncClient(base_url=settings.base_url, trust_env=False, timeout=10) as http:
        while (seconds := time.monotonic() - began) < READY_SECONDS:
            with suppress(httpx.HTTPError):
                answer = await http.get("/readyz")
                if answer.is_success:
                    return
                seen = answer.text[:200]
            terminal.busy("  等待各部分就绪", "  waiting until all parts are ready", seconds)
            await asyncio.sleep(LOOK_SECONDS)
    raise SetupError(
        "not_ready",
        f"{READY_SECONDS:.0f} 秒内未就绪({seen}),详见 {settings.data_dir / 'logs'}。",
        f"Not ready within {READY_SECONDS:.0f} s ({seen}); see {settings.data_dir / 'logs'}.",
    )


def _welcome(settings: Settings) -> Panel:
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


def _print_trials(settings: Settings, terminal: Terminal) -> None:
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
