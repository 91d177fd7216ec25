"""Commands and imports beside bare Temporal on the same servers."""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from bench.bare import QUEUE
from bench.clocks import in_parallel
from bench.installation import ROSTER, Plain, Product, plain_product, product, running
from bench.life import CONTACT, in_delivery
from bench.measure import Timing, in_turn, timed
from bench.section import Figures, Findings, Ground, Row
from bench.settled import settled_at
from samples.generate import write_csv
from samples.graduates import generate_rows, vocabulary

ABOUT = (
    "A command over HTTP, checked, sealed and written to the ledger, beside an Update that does nothing; and an import "
    "beside the start of workflows that do nothing."
)
LIMIT_SECONDS = 600
_CLIENTS = 8


class Round(TypedDict):
    """One repetition. Rates are per second."""

    bare_one: Timing
    ours_one: Timing
    bare_many: Timing
    ours_many: Timing
    plain_one: Timing
    bare_settled: float
    import_settled: float
    events: float
    timer_events: float


async def bare_workflows(bare: Client, count: int, prefix: str) -> list[str]:
    """Bare workflows, each warm after one Update."""
    names = [f"{prefix}-{number}" for number in range(count)]
    for name in names:
        handle = await bare.start_workflow("bare", id=name, task_queue=QUEUE)
        await handle.execute_update("act", "")
    return names


async def bare_settled(bare: Client, count: int, prefix: str) -> float:
    """Bare workflows started and settled a second."""
    names = [f"{prefix}-{number}" for number in range(count)]
    started = time.time()
    await in_parallel(lambda number: bare.start_workflow("bare", id=names[number], task_queue=QUEUE), count)
    return count / (await settled_at(bare, names) - started)


def graduates(count: int, seed: int) -> Iterator[dict[str, str]]:
    """So many people who share no number with those of another seed."""
    college = vocabulary().colleges[0]
    numbers: set[str] = set()
    for row in generate_rows(2 * count * (seed + 1), 0, college):
        if row["id_number"] not in numbers:
            numbers.add(row["id_number"])
            if count * seed < len(numbers) <= count * (seed + 1):
                yield row


async def import_settled(place: Product, count: int, seed: int, folder: Path) -> float:
    """Cases a second of an import: open, durable, in the ledger, and settled."""
    file = folder / f"roster-{seed}.csv"
    write_csv(file, ROSTER, graduates(count, seed))
    started = time.time()
    who = place.bearer("career-centre")
    with file.open("rb") as roster:
        answer = await place.http.post("/api/v1/imports", headers=who, files={"file": (file.name, roster)})
    job: dict[str, Any] = answer.json()
    while job["status"] not in ("done", "refused"):
        await asyncio.sleep(0.1)
        job = (await place.http.get(f"/api/v1/imports/{job['id']}", headers=who)).json()
    done = time.time()
    case_ids = await opened_by(place, job["id"])
    if len(case_ids) != count:
        raise RuntimeError(f"the import opened {len(case_ids)} of {count}: {job}")
    return count / (max(done, await settled_at(place.client, case_ids)) - started)


async def opened_by(place: Product, import_id: str) -> list[str]:
    """The cases that an import opened."""
    path = f"/api/v1/imports/{import_id}/rows?outcome=opened&limit=200"
    case_ids: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        url = path + (f"&cursor={cursor}" if cursor else "")
        page = (await place.http.get(url, headers=place.bearer("career-centre"))).json()
        case_ids += [row["case_id"] for row in page["items"]]
        cursor = page["next_cursor"]
    return case_ids


async def events_per_command(place: Product, case_id: str, commands: int) -> tuple[float, float]:
    """History events and timer events that a command adds, with those of fresh histories that are begun meanwhile."""
    described = await place.client.get_workflow_handle(case_id).describe()
    run, before = described.run_id, described.history_length
    for _ in range(commands):
        await place.post(f"/cases/{case_id}/commands", "mentor", CONTACT)
    events: list[HistoryEvent] = []
    while run:
        handle = place.client.get_workflow_handle(case_id, run_id=run)
        events += [event async for event in handle.fetch_history_events()][before:]
        run, before = events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id, 0
    kinds = Counter(event.event_type for event in events)
    timers = kinds[EventType.EVENT_TYPE_TIMER_STARTED] + kinds[EventType.EVENT_TYPE_TIMER_CANCELED]
    return len(events) / commands, timers / commands


async def one_round(place: Product, plain: Plain, bare: Client, number: int, ground: Ground) -> Round:
    """Bare and ours in turn, so that a change of the machine's speed meets both."""
    calls, rows = (40, 60) if ground.quick else (150, 400)
    cases = await in_delivery(place, _CLIENTS, f"R{number}")
    unprotected = await in_delivery(plain, _CLIENTS, f"P{number}")
    workflows = await bare_workflows(bare, _CLIENTS, f"round-{ground.run}-{number}")

    async def ours(index: int) -> None:
        await place.post(f"/cases/{cases[index % _CLIENTS]}/commands", "mentor", CONTACT)

    async def without(index: int) -> None:
        await plain.post(f"/cases/{unprotected[index % _CLIENTS]}/commands", "mentor", CONTACT)

    async def alone(index: int) -> None:
        handle = bare.get_workflow_handle(workflows[index % _CLIENTS])
        await handle.execute_update("act", CONTACT["content"])

    for warm in (ours, without, alone):
        await timed(warm, range(_CLIENTS), _CLIENTS)
    ours_one, plain_one, bare_one = await in_turn((ours, without, alone), range(calls))
    events, timers = await events_per_command(place, cases[0], 20)
    return Round(
        plain_one=plain_one,
        bare_one=bare_one,
        ours_one=ours_one,
        bare_many=await timed(alone, range(calls * 3), _CLIENTS),
        ours_many=await timed(ours, range(calls * 3), _CLIENTS),
        bare_settled=await bare_settled(bare, rows, f"settle-{ground.run}-{number}"),
        import_settled=await import_settled(place, rows, number, ground.folder),
        events=events,
        timer_events=timers,
    )


async def measure(ground: Ground) -> Findings:
    """All repetitions on one installation."""
    bare_worker = [sys.executable, "-m", "bench.bare", ground.temporal]
    with running(bare_worker, dict(os.environ), ground.folder / "bare.log"):
        async with product(ground) as place, plain_product(ground) as plain:
            bare = await Client.connect(ground.temporal)
            rounds = [await one_round(place, plain, bare, n, ground) for n in range(ground.repetitions)]
    return Findings(
        ratios={
            "command_p50_over_bare": [r["ours_one"]["p50"] / r["bare_one"]["p50"] for r in rounds],
            "commands_rate_over_bare": [r["ours_many"]["rate"] / r["bare_many"]["rate"] for r in rounds],
            "import_rate_over_bare": [r["import_settled"] / r["bare_settled"] for r in rounds],
            "secured_over_plain": [r["ours_one"]["p50"] / r["plain_one"]["p50"] for r in rounds],
            "events_per_command": [r["events"] for r in rounds],
            "timer_events_per_command": [r["timer_events"] for r in rounds],
        },
        figures={
            "Latency of a command, one client (p50)": Figures(
                unit="ms",
                rows={
                    "bare Update": Row(values=[1000 * r["bare_one"]["p50"] for r in rounds]),
                    "Zhuhang without protection": Row(values=[1000 * r["plain_one"]["p50"] for r in rounds]),
                    "Zhuhang": Row(values=[1000 * r["ours_one"]["p50"] for r in rounds]),
                },
            ),
            f"Commands, {_CLIENTS} clients": Figures(
                unit="1/s",
                rows={
                    "bare Updates": Row(values=[r["bare_many"]["rate"] for r in rounds]),
                    "Zhuhang": Row(values=[r["ours_many"]["rate"] for r in rounds]),
                },
            ),
            "New workflows, first workflow task done": Figures(
                unit="1/s",
                rows={
                    "bare": Row(values=[r["bare_settled"] for r in rounds]),
                    "Zhuhang, cases of an import": Row(values=[r["import_settled"] for r in rounds]),
                },
            ),
        },
        raw=rounds,
    )
