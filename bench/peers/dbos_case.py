"""DBOS: a looping workflow per case, which waits for the next command no longer than until it is due."""
# The package is installed with what measures only.
# pyright: basic, reportMissingImports=false

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

from dbos import DBOS, SetWorkflowID
from sqlalchemy import create_engine

from bench.life import COMMANDS
from bench.peers.clients import given, rates, say
from bench.peers.ledger import write
from bench.section import plain_url
from cli.clean_exit import run_and_leave

URL, SPAN = given()
_DUE = timedelta(days=30).total_seconds()
_engine = create_engine(URL, pool_size=16)


def _write(case_id: str, version: int, body: str) -> None:
    with _engine.begin() as connection:
        write(connection, case_id, version, body)


@DBOS.step()
async def project(case_id: str, version: int, body: str) -> None:
    """Write an event; a step may run again after a crash."""
    await asyncio.to_thread(_write, case_id, version, body)


@DBOS.workflow()
async def case(case_id: str) -> None:
    """Lives for ever. Each wait is a durable timer of its own."""
    await project(case_id, 1, "opened")
    for version in count(2):
        body = await DBOS.recv_async("command", timeout_seconds=_DUE)
        await project(case_id, version, body or "due")
        await DBOS.set_event_async(str(version), version)


async def life(number: int) -> AsyncIterator[int]:
    """One life."""
    case_id = f"dbos-{number}"
    with SetWorkflowID(case_id):
        await DBOS.start_workflow_async(case, case_id)
    yield 1
    for version, (_actor, command) in enumerate(COMMANDS, 2):
        await DBOS.send_async(case_id, str(command), topic="command")
        if await DBOS.get_event_async(case_id, str(version), timeout_seconds=60) != version:
            raise RuntimeError(f"{case_id} did not answer")
        yield 1


def main() -> int:
    """`python -m bench.peers.dbos_case URL SPAN`"""
    DBOS(
        config={
            "name": "peer",
            "system_database_url": plain_url(URL),
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    say(asyncio.run(rates(life, SPAN, count())))
    return 0


if __name__ == "__main__":
    run_and_leave(main)
