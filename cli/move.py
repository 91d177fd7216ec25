"""`zhuhang move`: from the embedded form to databases and a Temporal server of one's own, losing nothing."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from rich.status import Status
from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from cli.checks import check_data_dir, check_policies, database_away
from cli.client import console, errors, print_json
from cli.supervisor import Part, Supervisor
from cli.terminal import Terminal
from cli.up import until_temporal_answers
from services.commands import temporal_away
from services.database import migrate
from services.errors import Unavailable
from services.file_lock import LockHeldError, exclusive
from services.move.installation import Brought, Side, Told, bring, check_empty, check_schools, embedded
from services.move.marks import Marks
from services.move.open_workflows import OpenWorkflow, open_workflows, under_way
from services.settings import Settings, SetupError
from services.temporal_health import check_temporal, worker_seen
from services.temporal_server import find_server, server_command
from services.verify import Verification, Verifier
from worker import build_worker

_LOOK_SECONDS = 0.3
_NAMED = 5
_THREADS = 16


def give_up(settings: Settings, source: Path) -> None:
    """Let the source go on as if no move had begun. Raises SetupError."""
    Marks(source.absolute(), settings.data_dir).give_up()
    console.print(
        f"✓ 已放弃迁移,可再从 {source} 启动;目标中已复制的数据不再有用。 · The move is given up; {source} may be "
        "started again. What was brought to the target is of no use any more.",
        soft_wrap=True,
    )


def move(settings: Settings, source: Path, *, namespace: str, patience: float, as_json: bool) -> int:
    """Move everything from the data folder `source` to the installation of the settings; the exit status: 0 when the
    target then proves equal to its workflows, 1 when any case differs. `patience` (seconds) is how long work under way
    may take to end. Raises SetupError."""
    source = source.expanduser().absolute()
    _check_places(settings, source)
    try:
        with exclusive(source / "up.lock"):
            brought, found = asyncio.run(_move(settings, source, namespace, patience))
    except LockHeldError as held:
        raise SetupError(
            "already_running",
            f"数据目录 {source} 上的助航仍在运行(进程 {held.holder}):请先结束它。",
            f"Zhuhang still runs on the data folder {source} (process {held.holder}): end it first.",
        ) from None
    except RPCError:
        raise _as_setup_error(temporal_away()) from None
    except SQLAlchemyError as error:
        raise database_away(settings, error) from None
    except Unavailable as away:
        raise _as_setup_error(away) from None
    if as_json:
        print_json(brought.model_dump() | found.model_dump(mode="json"))
    else:
        counts = "、".join(f"{kind} {count}" for kind, count in brought.workflows.items())
        console.print(
            f"✓ 迁移完成 moved:{brought.rows} 行 rows,{brought.keys} 个密钥 keys,{brought.files} 个文件 files,"
            f"流程 workflows:{counts}",
            soft_wrap=True,
        )
        console.print(f"  核对 verified:{found.cases} 份档案 cases,{found.differing} 份不一致 differing")
    return int(found.differing > 0)


def _check_places(settings: Settings, source: Path) -> None:
    if not (source / "zhuhang.db").is_file():
        raise SetupError(
            "move_no_source",
            f"{source} 不是内嵌形式的数据目录(没有 zhuhang.db):请用 --from 指明。",
            f"{source} is not a data folder of the embedded form (there is no zhuhang.db): name it with --from.",
        )
    if settings.data_dir == source:
        raise SetupError(
            "move_same_folder",
            f"目标的数据目录就是 {source}:请用 ZHUHANG_DATA_DIR 指明另一个空目录。",
            f"The target's data folder is {source} itself: name another, empty one in ZHUHANG_DATA_DIR.",
        )
    if settings.temporal_address is None:
        raise SetupError(
            "move_no_target",
            "没有指明目标的 Temporal:请设 TEMPORAL_ADDRESS(以及 ZHUHANG_DATABASE_URL、ZHUHANG_KEY_DATABASE_URL)。",
            "The target's Temporal is not named: set TEMPORAL_ADDRESS (with ZHUHANG_DATABASE_URL and "
            "ZHUHANG_KEY_DATABASE_URL).",
        )
    check_data_dir(settings.data_dir)
    check_policies(settings)


async def _move(
    settings: Settings, folder: Path, namespace: str, patience: float
) -> tuple[Brought, Verification]:
    marks = Marks(folder, settings.data_dir)
    begun = marks.begun()
    before = embedded(settings, folder, namespace=namespace, ports=(_free_port(), _free_port()))
    await check_temporal(settings)
    for side in (settings, before):
        await asyncio.to_thread(migrate, side)
    await asyncio.to_thread(check_schools, before, settings)
    target = await Side.of(settings)
    if await worker_seen(target.client, settings):
        raise SetupError(
            "move_target_running",
            f"任务队列 {settings.task_queue} 上有(或一分半钟内有过)工作进程:请先停止目标的各进程。",
            f"A worker serves the task queue {settings.task_queue}, or did a minute and a half ago: stop the "
            "target's processes first.",
        )
    if not begun:
        await asyncio.to_thread(check_empty, target)
    marks.begin()
    with errors.status("") as status:
        async with _server(before):
            source = await Side.of(before)
            workflows = await _settled(source, patience, status)
            await asyncio.to_thread(source.record, "begun")
            brought = await bring(source, target, workflows, _teller(status))
        marks.finish()
        await asyncio.to_thread(target.record, "done", **brought.workflows)
        async with _working(target):
            verifier = Verifier(target.engine, target.vault, target.client, settings)
            found = await verifier.verify(progress=lambda done: status.update(f"核对 verifying {done}"))
    return brought, found


async def _settled(source: Side, patience: float, status: Status) -> list[OpenWorkflow]:
    """The open workflows, once what was under way in them has come to its end, for which the source's own worker
    works. Raises SetupError (`move_unsettled`)."""
    until = time.monotonic() + patience
    while busy := under_way(workflows := await open_workflows(source.client, source.engine)):
        if time.monotonic() > until:
            named = ", ".join(f"{each.type} {each.id}" for each in busy[:_NAMED])
            raise SetupError(
                "move_unsettled",
                f"{patience:.0f} 秒后仍有 {len(busy)} 项工作未完成({named}):请稍后再次执行 zhuhang move,"
                "或用 --give-up 放弃后启动原系统,待其完成。",
                f"After {patience:.0f} s, {len(busy)} workflows are still at work ({named}): run zhuhang move again in "
                "a while, or give it up with --give-up, start the installation and let them end.",
            )
        queue = busy[0].task_queue
        async with _working(
            replace(source, settings=source.settings.model_copy(update={"task_queue": queue}))
        ):
            while time.monotonic() < until and any(each.task_queue == queue for each in busy):
                status.update(f"等待 {len(busy)} 项工作完成  waiting for work under way")
                await asyncio.sleep(_LOOK_SECONDS)
                busy = under_way(await open_workflows(source.client, source.engine))
    return workflows


@asynccontextmanager
async def _server(settings: Settings) -> AsyncGenerator[None]:
    """The embedded Temporal server of a data folder."""
    terminal = Terminal(errors)
    supervisor = Supervisor(settings.data_dir / "logs", terminal.say)
    binary = find_server(terminal).binary
    supervisor.start(Part("temporal", server_command(binary, settings), stop_seconds=2.5))
    try:
        await until_temporal_answers(settings, terminal)
        yield
    finally:
        await supervisor.stop()


@asynccontextmanager
async def _working(side: Side) -> AsyncGenerator[None]:
    """A worker of one side, in this process."""
    with ThreadPoolExecutor(_THREADS) as executor:
        async with build_worker(side.client, side.settings, side.vault, executor):
            yield


def _teller(status: Status) -> Told:
    def told(zh: str, en: str, done: int) -> None:
        status.update(f"{zh} {done or ''}  {en}")

    return told


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _as_setup_error(away: Unavailable) -> SetupError:
    return SetupError(away.code, away.zh, away.en)
