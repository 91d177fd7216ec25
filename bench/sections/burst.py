"""Thousands of clocks that run out at one moment."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
from temporalio.client import Client

from bench.clocks import in_parallel, openings, policy_of, start_cases
from bench.installation import Product, product, running
from bench.peers.bare_timer import QUEUE, TYPE
from bench.peers.ledger import make_tables
from bench.section import Figures, Findings, Ground, Row, plain_url

ABOUT = (
    "Cases whose clock runs out at one moment, from that moment until the ledger shows it for all of them, beside bare "
    "workflows that wait and then write a row."
)
LIMIT_SECONDS = 600
# Starts a second that a slow machine manages, and seconds to come to rest in.
_STARTS, _REST = 45, 10
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


async def ours(place: Product, prefix: str, count: int, ahead: float) -> float:
    """Cases due a second."""
    at = datetime.now(UTC)
    policy = policy_of(Path(place.environment["ZHUHANG_POLICY"]), "burst")
    numbers = [f"{prefix}{number:06d}" for number in range(count)]
    await start_cases(place.client, place.settings, openings(place.settings, policy, numbers, "cs", at))
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
