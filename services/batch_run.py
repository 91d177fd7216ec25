"""Working a batch off: each case gets the command once, and its answer is written down."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, exists, update
from sqlmodel import Session, col, select

from models.case.kernel import Actor, Refused
from models.case.machine import AnyCommand
from models.tables import Batch, BatchItem
from services.batch_seals import BatchSeals
from services.commands import CommandKey, Commands
from services.data_key import KeyDestroyed
from services.database import writing
from services.errors import ServiceError, Unavailable
from services.vault import Vault

# Cases that are asked at the same time: enough to keep a worker busy, few enough to leave room for people.
_AT_ONCE = 8


@dataclass(frozen=True)
class _Work:
    """What is left of a batch."""

    batch_id: str
    actor: Actor
    command: AnyCommand
    items: list[BatchItem]


class BatchRunner:
    """Sends the commands of batches to the cases."""

    def __init__(self, engine: Engine, vault: Vault, commands: Commands) -> None:
        self._engine = engine
        self._seals = BatchSeals(vault)
        self._commands = commands

    async def run(self, batch_id: str) -> bool:
        """Go through the cases that have no outcome yet, and end the batch. False where some have not answered.

        It may be repeated after a crash at any point: a case that was asked before answers the same again.
        """
        work = await asyncio.to_thread(self._left, batch_id)
        if work is not None:
            room = asyncio.Semaphore(_AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for item in work.items:
                    group.create_task(self._ask(work, item, room))
        return await asyncio.to_thread(self._end, batch_id)

    def _left(self, batch_id: str) -> _Work | None:
        pending = select(BatchItem).where(BatchItem.batch_id == batch_id, col(BatchItem.outcome).is_(None))
        with Session(self._engine) as session:
            batch = session.get(Batch, batch_id)
            if batch is None or batch.command is None:
                return None
            items = list(session.exec(pending.order_by(col(BatchItem.number))).all())
        command = self._seals.open_command(batch_id, batch.command)
        return _Work(batch_id, Actor.model_validate_json(batch.actor), command, items)

    async def _ask(self, work: _Work, item: BatchItem, room: asyncio.Semaphore) -> None:
        async with room:
            try:
                version = await self._version(work, item)
            except Unavailable as away:
                if away.code != "command_failed":
                    # Nobody knows yet: the next try asks again.
                    return
                await asyncio.to_thread(self._refuse, item, away.code, away.zh, away.en)
            except (KeyDestroyed, Refused):
                erased = Refused("case_erased")
                await asyncio.to_thread(self._refuse, item, erased.code, erased.zh, erased.en)
            except ServiceError as refused:
                await asyncio.to_thread(self._refuse, item, refused.code, refused.zh, refused.en)
            else:
                await asyncio.to_thread(self._write, item, outcome="done", version=version)

    async def _version(self, work: _Work, item: BatchItem) -> int:
        if item.case_id is None:
            raise Refused("case_erased")
        key = CommandKey(f"batch:{work.batch_id}:{item.case_id}")
        return (await self._commands.send(item.case_id, [work.command], work.actor, key)).version

    def _refuse(self, item: BatchItem, code: str, zh: str, en: str) -> None:
        sealed = self._seals.refusal(item.batch_id, item.number, zh, en)
        self._write(item, outcome="refused", code=code, refusal=sealed)

    def _write(self, item: BatchItem, **values: object) -> None:
        this = (col(BatchItem.batch_id) == item.batch_id) & (col(BatchItem.number) == item.number)
        with Session(writing(self._engine)) as session:
            session.exec(update(BatchItem).where(this).values(**values))
            session.commit()

    def _end(self, batch_id: str) -> bool:
        pending = exists().where(col(BatchItem.batch_id) == batch_id, col(BatchItem.outcome).is_(None))
        with Session(writing(self._engine)) as session:
            if session.exec(select(pending)).one():
                return False
            running = (col(Batch.id) == batch_id) & col(Batch.finished_at).is_(None)
            session.exec(update(Batch).where(running).values(finished_at=datetime.now(UTC), command=None))
            session.commit()
        self._seals.end(batch_id)
        return True


def drop_old_batches(engine: Engine, vault: Vault, days: int, now: datetime) -> int:
    """Forget the batches that ended more than so many days ago; how many there were."""
    ended = select(Batch.id).where(col(Batch.finished_at) < now - timedelta(days=days))
    with Session(engine) as session:
        ids = session.exec(ended).all()
    seals = BatchSeals(vault)
    for batch_id in ids:
        seals.forget(batch_id)
        with Session(writing(engine)) as session:
            session.exec(delete(BatchItem).where(col(BatchItem.batch_id) == batch_id))
            session.exec(delete(Batch).where(col(Batch.id) == batch_id))
            session.commit()
    return len(ids)
