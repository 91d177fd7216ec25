"""The two sides of a move, and bringing everything from one to the other."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, col, select
from temporalio.client import Client

from models.base import Model
from models.tables import School
from services.audit import Audit
from services.caller import Stranger
from services.database import create_engine_from
from services.move.carry import Carrier
from services.move.files import copy_files, unequal_files
from services.move.keys import copy_keys, unequal_keys
from services.move.open_workflows import OpenWorkflow
from services.move.tables import copy_rows, rows_of, unequal_tables
from services.settings import Settings, SetupError
from services.temporal import connect
from services.vault import Vault

MOVED = "installation.move"
# Replaying one after another would leave the machine waiting for the servers.
_AT_ONCE = 8

Told = Callable[[str, str, int], None]
"""Hears of a step, in Chinese and English, and how much of it is done."""


@dataclass(frozen=True)
class Side:
    """One installation: its settings and everything that they lead to."""

    settings: Settings
    engine: Engine
    vault: Vault
    client: Client

    @classmethod
    async def of(cls, settings: Settings) -> "Side":
        """Raises what `connect` does."""
        vault = Vault.of(settings)
        return cls(settings, create_engine_from(settings), vault, await connect(settings, vault))

    def record(self, outcome: str, **detail: int) -> None:
        """Write the move into the side's audit, and give all that was recorded its place."""
        audit = Audit(self.engine, self.vault, self.settings.data_dir)
        by = Stranger("", self.settings.school_code, how="command_line")
        audit.record_now(by, MOVED, outcome=outcome, detail=detail)
        audit.stop()
        audit.settle()


class Brought(Model):
    """What came over: rows, keys and files, and open workflows by type."""

    rows: int
    keys: int
    files: int
    workflows: dict[str, int]


def embedded(target: Settings, data_dir: Path, *, namespace: str, ports: tuple[int, int]) -> Settings:
    """The settings of an embedded installation in a data folder. What is not about places is the target's."""
    # Copied and not made anew: variables of the environment are the target's.
    return target.model_copy(
        update={
            "data_dir": data_dir,
            "database_url": f"sqlite:///{data_dir / 'zhuhang.db'}",
            "key_database_url": f"sqlite:///{data_dir / 'keys' / 'case-keys.db'}",
            "master_keys": None,
            "master_keys_file": None,
            "temporal_address": None,
            "temporal_namespace": namespace,
            "temporal_port": ports[0],
            "temporal_ui_port": ports[1],
            **_PLAINTEXT,
        }
    )


_PLAINTEXT = {
    "temporal_tls": False,
    "temporal_tls_ca_file": None,
    "temporal_tls_cert_file": None,
    "temporal_tls_key_file": None,
    "temporal_tls_server_name": None,
    "temporal_api_key_file": None,
}


def check_schools(source: Settings, target: Settings) -> None:
    """Raises SetupError (`move_other_school`) where the source's school is not the target's."""
    engine = create_engine_from(source)
    try:
        with Session(engine) as session:
            schools = session.exec(select(School.id).order_by(col(School.id))).all()
    finally:
        engine.dispose()
    if target.school_code not in schools:
        raise SetupError(
            "move_other_school",
            f"数据目录中的学校是 {', '.join(schools) or '无'},目标的 ZHUHANG_SCHOOL_CODE 是 {target.school_code}。",
            f"The data folder is that of the school {', '.join(schools) or 'none'}; ZHUHANG_SCHOOL_CODE of the target "
            f"says {target.school_code}.",
        )


def check_empty(target: Side) -> None:
    """Raises SetupError (`move_target_in_use`) where the target has begun a life of its own."""
    filled = sorted(name for name, count in rows_of(target.engine).items() if count)
    if filled or target.vault.store.after("", 1):
        raise SetupError(
            "move_target_in_use",
            f"目标已有数据({', '.join(filled) or '密钥库'}):请换用空的数据库,目标各进程不要先启动。",
            f"The target holds data of its own ({', '.join(filled) or 'key store'}): take empty databases, and do not "
            "start the target's processes before the move.",
        )


async def bring(source: Side, target: Side, workflows: Sequence[OpenWorkflow], told: Told) -> Brought:
    """Copy rows, keys and files, then carry the workflows, and prove each step. What an earlier try brought stays.

    Raises SetupError (`move_differs`, `move_unsettled`), SQLAlchemyError, RPCError, OSError.
    """
    keys, files = await asyncio.to_thread(_copy, source, target, told)
    carrier = Carrier(source.client, source.vault, target.client, target.vault, target.settings.task_queue)
    room, done = asyncio.Semaphore(_AT_ONCE), 0

    async def carry(given: OpenWorkflow) -> None:
        nonlocal done
        async with room:
            await carrier.carry(given)
        done += 1
        told("迁移流程", "carrying workflows", done)

    await asyncio.gather(*(carry(given) for given in workflows))
    rows = sum((await asyncio.to_thread(rows_of, source.engine)).values())
    kinds = Counter(each.type for each in workflows)
    return Brought(rows=rows, keys=keys, files=files, workflows=dict(sorted(kinds.items())))


def _copy(source: Side, target: Side, told: Told) -> tuple[int, int]:
    # Keys first: without the installation's own key the target would make one of its own.
    keys = copy_keys(source.vault, target.vault, lambda done: told("复制密钥", "copying keys", done))
    copy_rows(
        source.engine,
        target.engine,
        lambda table, done: told(f"复制数据表 {table}", f"copying rows of {table}", done),
    )
    folders = source.settings.data_dir, target.settings.data_dir
    files = copy_files(*folders, lambda done: told("复制文件", "copying files", done))
    told("核对副本", "comparing the copies", 0)
    unequal = [
        *unequal_tables(source.engine, target.engine),
        *unequal_files(*folders),
        *(["data_key"] if unequal_keys(source.vault, target.vault) else []),
    ]
    if unequal:
        raise SetupError(
            "move_differs",
            f"两端不一致:{', '.join(unequal[:10])}。请放弃此次迁移(--give-up),换用空的目标重新迁移。",
            f"Not the same on both sides: {', '.join(unequal[:10])}. Give this move up (--give-up) and move to an "
            "empty target.",
        )
    return keys, files
