"""Thousands of clocks that run out at one moment."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
from temporalio.client import Client

from bench.installation import Product, product, running
from bench.peers.bare_timer import QUEUE, TYPE
from bench.peers.ledger import make_tables
from bench.section import Figures, Findings, Ground, Row, plain_url
from models.case.intake import Source
from models.case.kernel import Actor, Role
from models.case.machine import Opening
from models.case.profile import Profile
from services.cases import CaseOpener
from services.database import create_engine_from
from services.policies import load_policies
from services.vault import Vault

ABOUT = (
    "Cases whose clock runs out at one moment, from that moment until the ledger shows it for all of them, beside bare "
    "workflows that wait and then write a row."
)
LIMIT_SECONDS = 600
# Starts a second that a slow machine manages, and seconds to come to rest in.
_STARTS, _REST = 30, 15
_TOGETHER = 32
_PATIENCE = 240
# Of a case's clocks the first counts in seconds and has one rung; no other one is reached.
_STANDARDS = """extends: national
id: burst
version: 1
title: 集中到期测量用服务标准
provinces: ["*"]
clocks:
  confirm_eligibility: {{within: {seconds} seconds, ladder: burst}}
ladders:
  burst:
    - {{rung: due, offset: 0 seconds}}
"""
_OURS = "SELECT count(*) FROM case_event WHERE type = 'rung_reached'"
_BARE = "SELECT count(*) FROM case_event WHERE body = 'due'"


async def in_parallel(start: Callable[[int], Awaitable[object]], count: int) -> None:
    """Start so many, some at a time."""
    room = asyncio.Semaphore(_TOGETHER)

    async def one(number: int) -> None:
        async with room:
            await start(number)

    await asyncio.gather(*map(one, range(count)))


async def drained(url: str, query: LiteralString, count: int, due: datetime) -> float:
    """Rows written a second from the moment on. Raises RuntimeError where it came before all were
    ready, and TimeoutError."""
    if datetime.now(UTC) > due:
        raise RuntimeError(
            "not all were started before the moment came; this machine is too slow for so many"
        )
    connection = await psycopg.AsyncConnection.connect(plain_url(url), autocommit=True)
    async with connection, asyncio.timeout(_PATIENCE):
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        began = time.perf_counter()
        while True:
            row = await (await connection.execute(query)).fetchone()
            if row is not None and row[0] >= count:
                return count / (time.perf_counter() - began)
            await asyncio.sleep(0.05)


def openings(place: Product, numbers: Sequence[str], at: datetime) -> list[Opening]:
    """New files that were all opened at the same moment."""
    vault = Vault.of(place.settings)
    school = place.settings.school_code
    counselor = Actor(id="counselor", role=Role.COUNSELOR, school_id=school, department_id="cs")
    policies = load_policies(Path(place.environment["ZHUHANG_POLICY"]))
    policy = next(item for item in policies if item.id == "burst")
    return [
        Opening(
            case_id=vault.case_id(school, number),
            school_id=school,
            department_id="cs",
            cohort=at.year,
            opened_at=at,
            opened_by=counselor,
            profile=Profile(student_no=number, name="测试"),
            declared=(),
            roster_digest="",
            source=Source(),
            policy=policy,
        )
        for number in numbers
    ]


async def ours(place: Product, prefix: str, count: int, ahead: float) -> float:
    """Cases due a second."""
    at = datetime.now(UTC)
    opened = openings(place, [f"{prefix}{number:06d}" for number in range(count)], at)
    vault, engine = Vault.of(place.settings), create_engine_from(place.settings)
    opener = CaseOpener(place.client, engine, vault, (), place.settings)
    await asyncio.to_thread(vault.ensure, [item.case_id for item in opened])
    await in_parallel(lambda number: opener.start(opened[number], projected=True), count)
    for first in range(0, count, 200):
        await asyncio.to_thread(opener.project, opened[first : first + 200])
    engine.dispose()
    return await drained(
        place.environment["ZHUHANG_DATABASE_URL"], _OURS, count, at + timedelta(seconds=ahead)
    )


async def bare(client: Client, url: str, prefix: str, count: int, ahead: float) -> float:
    """Bare workflows due a second."""
    due = datetime.now(UTC) + timedelta(seconds=ahead)

    async def start(number: int) -> None:
        await client.start_workflow(TYPE, due.isoformat(), id=f"{prefix}-{number}", task_queue=QUEUE)

    await in_parallel(start, count)
    return await drained(url, _BARE, count, due)


async def measure(ground: Ground) -> Findings:
    """Bare ones, then ours."""
    count = 200 if ground.quick else 2000
    ahead = count // _STARTS + _REST
    url = ground.database("bare_timer")
    make_tables(url)
    policy = ground.folder / "burst.yaml"
    policy.write_text(_STANDARDS.format(seconds=ahead), encoding="utf-8")
    worker = [sys.executable, "-m", "bench.peers.bare_timer", ground.temporal, url]
    client = await Client.connect(ground.temporal)
    with running(worker, dict(os.environ), ground.folder / "bare.log"):
        waiting = await bare(client, url, f"timer-{ground.run}", count, ahead)
        async with product(ground, more={"ZHUHANG_POLICY": str(policy)}) as place:
            found = await ours(place, "B", count, ahead)
    return Findings(
        ratios={"burst_drain_over_bare": [found / waiting]},
        figures={
            f"{count:,} clocks that run out at one moment": Figures(
                unit="1/s",
                rows={
                    "bare timers": Row(values=[waiting]),
                    "Zhuhang": Row(values=[found], note="state, event, deadlines and notices in the ledger"),
                },
            )
        },
        raw={"count": count, "bare": waiting, "ours": found},
    )
