"""`zhuhang setup`: what a deployment needs before its parts start, and after each upgrade."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError
from temporalio.service import RPCError

from cli.checks import check_data_dir, check_keys, check_policies, database_away
from cli.terminal import Terminal
from services.database import create_engine_from, migrate
from services.errors import Unavailable
from services.first_staff import ensure_school
from services.namespace import register_namespace
from services.settings import Settings, SetupError
from services.sign_on.first import first_passwords_file, make_first_accounts
from services.temporal_health import temporal_unreachable
from services.weaknesses import refuse_weak

PATIENCE_SECONDS = 120
_LOOK_SECONDS = 1


def set_up(settings: Settings, terminal: Terminal) -> int:
    """The namespace in Temporal, the tables of the ledger and of the keys, the school and its first accounts; what is
    there already stays. The exit status. Raises `SetupError`."""
    check_data_dir(settings.data_dir)
    refuse_weak(settings, with_data=False)
    check_policies(settings)
    terminal.say("检查并升级数据库", "bringing the databases up to date")
    try:
        migrate(settings)
        check_keys(settings)
        engine = create_engine_from(settings)
        ensure_school(engine, settings.school_code, settings.school_name, settings.province)
        engine.dispose()
        refuse_weak(settings, with_data=True)
        made = make_first_accounts(settings)
    except SQLAlchemyError as error:
        raise database_away(settings, error) from None
    except Unavailable as away:
        raise SetupError(away.code, away.zh, away.en) from None
    terminal.say(
        f"Temporal({settings.temporal_target}):命名空间 {settings.temporal_namespace}",
        f"Temporal at {settings.temporal_target}: namespace {settings.temporal_namespace}",
    )
    asyncio.run(_namespace(settings, terminal))
    if made:
        file = first_passwords_file(settings)
        terminal.say(f"初始口令在 {file}", f"first passwords are in {file}; delete it later")
    return 0


async def _namespace(settings: Settings, terminal: Terminal) -> None:
    """A Temporal server that has just started refuses for a while."""
    for seconds in range(0, PATIENCE_SECONDS, _LOOK_SECONDS):
        try:
            await register_namespace(settings)
        except (RPCError, RuntimeError):
            terminal.busy("  等待 Temporal", "  waiting for Temporal", seconds)
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            return
    raise temporal_unreachable(settings)
