"""The frame of a command that runs parts in the foreground until it is asked to end."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError

from cli.checks import database_away
from cli.supervisor import Supervisor
from cli.terminal import Terminal
from cli.under_make import make_was_interrupted, terminal_of_our_own
from services.demo import ledger_is_empty, load_demo, sample_school
from services.file_lock import LockHeldError, exclusive
from services.settings import Settings, SetupError
from services.sign_on.first import first_passwords_file, make_demo_accounts, make_first_accounts

READY_SECONDS = 120.0
LOOK_SECONDS = 0.3
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def alone_in(
    data_dir: Path, terminal: Terminal, work: Callable[[], int], variable: str = "ZHUHANG_DATA_DIR"
) -> int:
    """The status of `work`, which is the only one on the data folder that `variable` names; SIGINT, SIGTERM and SIGHUP
    break it off.

    Raises `SetupError` `already_running`, and what `work` raises.
    """
    # Until the parts run, each of these breaks off whatever is under way. SIGINT too: a shell script that
    # starts us in the background has it ignored.
    for ending in _ENDINGS:
        signal.signal(ending, signal.default_int_handler)
    with terminal_of_our_own():
        try:
            with exclusive(data_dir / "up.lock"):
                return work()
        except LockHeldError as held:
            raise SetupError(
                "already_running",
                f"数据目录 {data_dir} 已有一个助航在运行(进程 {held.holder}):"
                f"请先结束它,或用 {variable} 换一个目录。",
                f"Zhuhang already runs on the data folder {data_dir} (process {held.holder}): "
                f"end it first, or name another folder in {variable}.",
            ) from None
        except KeyboardInterrupt:
            terminal.say("已中止", "broken off before everything was up")
            return 0


async def run_parts(supervisor: Supervisor, terminal: Terminal, bring_up: Coroutine[Any, Any, None]) -> int:
    """Have `bring_up` start the parts, keep them until we are asked to end, and end them in order; the exit status.

    Raises `SetupError` when they do not come up.
    """
    stop = asyncio.Event()
    for ending in _ENDINGS:
        asyncio.get_running_loop().add_signal_handler(ending, stop.set)
    serving = asyncio.create_task(bring_up)
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


async def let_people_in(settings: Settings, terminal: Terminal) -> None:
    """The first accounts, and the sample school where the settings want it and the ledger is empty."""
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


async def _accounts(settings: Settings, make: Callable[[Settings], bool]) -> bool:
    try:
        return await asyncio.to_thread(make, settings)
    except SQLAlchemyError as error:
        raise database_away(settings, error) from None


async def until_ready(settings: Settings, terminal: Terminal, logs: Path) -> None:
    """Wait until every part answers. Raises `SetupError` `not_ready`, naming what is missing."""
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
        f"{READY_SECONDS:.0f} 秒内未就绪({seen}),详见 {logs}。",
        f"Not ready within {READY_SECONDS:.0f} s ({seen}); see {logs}.",
    )
