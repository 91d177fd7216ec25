"""The same life on the product and on what a user would take instead."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count

from sqlalchemy import make_url
from temporalio.client import Client

from bench.installation import Product, product, running
from bench.life import COMMANDS, LISTS, opened
from bench.peers.bare_life import life_of
from bench.peers.clients import Life, Rates, Span, rates
from bench.peers.flowable_build import class_path
from bench.peers.ledger import make_tables
from bench.section import Figures, Findings, Ground, Row

ABOUT = (
    "One life, an opening and eleven commands with a durable timer armed anew, on Zhuhang over HTTP with everything on "
    "and on its peers; commands answered a second."
)
LIMIT_SECONDS = 900
_CLIENTS = 16
_PEER_SECONDS = 120
OURS, LISTS_OF_THREE, BARE = "Zhuhang", "Zhuhang, lists of three", "bare Temporal"
DBOS, FLOWABLE, ROWS = "DBOS", "Flowable, embedded", "rows and a scheduler"
NOTES = {
    OURS: "over HTTP: sign-on, permissions, audit, encryption, idempotency, rules, ledger",
    LISTS_OF_THREE: "the same, up to three commands in a request, all or none of them",
    BARE: "gRPC; no rules, no encryption, no audit, nobody signed on",
    DBOS: "in the clients' process; no rules, no encryption, no audit; every open case holds a coroutine",
    FLOWABLE: "in the clients' process; no rules, no encryption, no audit; a command sent twice acts twice",
    ROWS: "in the clients' process; no rules, no encryption, no audit; a command sent twice acts twice, what is to "
    "follow must be written by hand",
}


def single(place: Product, prefix: str) -> Life:
    """Lives by single commands over HTTP."""

    async def life(number: int) -> AsyncIterator[int]:
        case_id = await opened(place, f"{prefix}{number:06d}")
        yield 1
        for actor, command in COMMANDS:
            await place.post(f"/cases/{case_id}/commands", actor, command)
            yield 1

    return life


def in_lists(place: Product, prefix: str) -> Life:
    """Lives with up to three commands in a request."""

    async def life(number: int) -> AsyncIterator[int]:
        case_id = await opened(place, f"{prefix}{number:06d}")
        yield 1
        for actor, commands in LISTS:
            await place.post(f"/cases/{case_id}/commands", actor, commands)
            yield len(commands)

    return life


async def apart(command: list[str]) -> Rates:
    """What a peer in a process of its own tells by its last line."""
    done = await asyncio.to_thread(
        subprocess.run, command, stdout=subprocess.PIPE, text=True, check=True, timeout=_PEER_SECONDS
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


async def measure(ground: Ground) -> Findings:
    """All by turns, in each repetition each in a fresh database."""
    span = Span(warm=2, one=2, many=3, clients=_CLIENTS)
    if not ground.quick:
        span = Span(warm=3, one=4, many=8, clients=_CLIENTS)
    java = ["java", "-Xmx1g", "-cp", class_path(), "zhuhang.bench.Lives"]
    bare_url = ground.database("bare_life")
    make_tables(bare_url)
    worker = [sys.executable, "-m", "bench.peers.bare_life", ground.temporal, bare_url]
    numbers = count(1)

    def peer(name: str) -> str:
        url = ground.database(name)
        make_tables(url)
        return url

    def python(module: str) -> Awaitable[Rates]:
        command = [sys.executable, "-m", f"bench.peers.{module}", peer(f"peer_{module}"), json.dumps(span)]
        return apart(command)

    def flowable() -> Awaitable[Rates]:
        url = make_url(peer("peer_flowable"))
        times = [span["warm"], span["one"], span["many"], span["clients"]]
        jdbc = f"jdbc:postgresql://{url.host}:{url.port or 5432}/{url.database}"
        return apart([*java, jdbc, str(url.username), str(len(COMMANDS)), *map(str, times)])

    found: list[dict[str, Rates]] = []
    unwritten = 0
    with running(worker, dict(os.environ), ground.folder / "bare.log"):
        async with product(ground) as place:
            client = await Client.connect(ground.temporal)
            turns: dict[str, Callable[[], Awaitable[Rates]]] = {
                OURS: lambda: rates(single(place, "S"), span, numbers),
                LISTS_OF_THREE: lambda: rates(in_lists(place, "L"), span, numbers),
                BARE: lambda: rates(life_of(client, ground.run), span, numbers),
                DBOS: lambda: python("dbos_case"),
                FLOWABLE: flowable,
                ROWS: lambda: python("rows"),
            }
            for _ in range(ground.repetitions):
                found.append(
                    {name: await asyncio.wait_for(turn(), _PEER_SECONDS) for name, turn in turns.items()}
                )
            unwritten = place.unwritten

    def over(name: str, peer: str) -> list[float]:
        return [rates[name]["many"] / rates[peer]["many"] for rates in found]

    def table(of: Callable[[Rates], float]) -> Figures:
        rows = {name: Row(values=[of(rates[name]) for rates in found], note=NOTES[name]) for name in NOTES}
        return Figures(unit="commands/s", rows=rows)

    return Findings(
        ratios={
            "life_rate_over_bare_life": over(OURS, BARE),
            "life_rate_over_dbos": over(OURS, DBOS),
            "life_rate_over_flowable": over(OURS, FLOWABLE),
            "life_rate_over_flowable_lists_of_three": over(LISTS_OF_THREE, FLOWABLE),
        },
        figures={
            "The same life, 1 client": table(lambda rates: rates["one"]),
            f"The same life, {_CLIENTS} clients": table(lambda rates: rates["many"]),
        },
        raw={"span": span, "unwritten": unwritten},
    )
