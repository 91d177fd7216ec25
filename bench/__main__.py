"""`python -m bench`: writes `bench/results/latest.json` and prints a table.

Ratios compare medians of the same run on the same server; single figures depend on the machine.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypedDict

from rich.console import Console
from rich.table import Table
from temporalio.api.enums.v1 import EventType

from bench.bare import QUEUE
from bench.installation import Installation, Side, installation
from bench.measure import Timing, in_turn, timed
from cli.clean_exit import run_and_leave
from samples.generate import write_csv
from samples.graduates import generate_rows, vocabulary

RESULTS = Path(__file__).parent / "results" / "latest.json"
CONFIRM = {
    "type": "confirm_eligibility",
    "decision": "open",
    "hardship_types": [{"type": "LIFTED_POVERTY", "proof": "证明"}],
}
ASSIGN = {"type": "assign_mentor", "mentor_id": "mentor", "reason": "专业对口"}
CONTACT = {"type": "record_contact", "method": "phone", "content": "电话联系，了解求职进展。"}
FIRST_PORT = 18700


class Sizes(TypedDict):
    """How much is measured in each repetition."""

    repetitions: int
    calls: int
    clients: int
    import_rows: int


class Round(TypedDict):
    """One repetition."""

    bare_one: Timing
    ours_one: Timing
    bare_many: Timing
    ours_many: Timing
    secured: Timing
    plain: Timing
    bare_settled_per_second: float
    import_settled_per_second: float


async def cases_in_delivery(place: Side, count: int, prefix: str) -> list[str]:
    """Cases with a mentor, so that contacts may be recorded."""

    async def make(number: int) -> str:
        draft = {"student_no": f"{prefix}{number:06d}", "name": "测试", "department_id": "cs"}
        case_id: str = (await place.post("/cases", "counselor", draft))["case_id"]
        await place.post(f"/cases/{case_id}/commands", "counselor", CONFIRM)
        await place.post(f"/cases/{case_id}/commands", "college", ASSIGN)
        return case_id

    return [await make(number) for number in range(count)]


async def bare_workflows(place: Installation, count: int, prefix: str) -> list[str]:
    """Bare workflows, each warm after one Update."""
    names = [f"{prefix}-{number}" for number in range(count)]
    for name in names:
        handle = await place.bare.start_workflow("bare", id=name, task_queue=QUEUE)
        await handle.execute_update("act", "")
    return names


async def bare_settled(place: Installation, count: int, prefix: str) -> float:
    """Bare workflows started and settled (first workflow task done) a second."""
    starts = asyncio.Semaphore(32)

    async def settle(number: int) -> None:
        async with starts:
            handle = await place.bare.start_workflow("bare", id=f"{prefix}-{number}", task_queue=QUEUE)
        async for event in handle.fetch_history_events(wait_new_event=True):
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                return

    started = time.perf_counter()
    await asyncio.gather(*map(settle, range(count)))
    return count / (time.perf_counter() - started)


def graduates(count: int, seed: int) -> Iterator[dict[str, str]]:
    """So many people who share no number with those of another seed."""
    college = vocabulary().colleges[0]
    numbers: set[str] = set()
    for row in generate_rows(2 * count * (seed + 1), 0, college):
        if row["id_number"] not in numbers:
            numbers.add(row["id_number"])
            if count * seed < len(numbers) <= count * (seed + 1):
                yield row


async def import_settled(place: Installation, count: int, seed: int, folder: Path) -> float:
    """Cases a second of an import: open, durable, in the ledger, and their first workflow task done."""
    file = folder / f"roster-{seed}.csv"
    fields = (
        "student_no",
        "name",
        "sex",
        "id_number",
        "phone",
        "department",
        "major",
        "graduates_on",
        "hardship",
    )
    write_csv(file, fields, graduates(count, seed))
    started = time.perf_counter()
    with file.open("rb") as roster:
        answer = await place.http.post(
            "/api/v1/imports",
            headers=place.bearer("career-centre"),
            files={"file": (file.name, roster)},
        )
    job: dict[str, Any] = answer.json()
    while job["status"] not in ("done", "refused"):
        await asyncio.sleep(0.1)
        path = f"/api/v1/imports/{job['id']}"
        job = (await place.http.get(path, headers=place.bearer("career-centre"))).json()
    if job["opened"] != count:
        raise RuntimeError(f"the import opened {job['opened']} of {count}: {job}")
    await first_tasks_done(place, count, job["id"])
    return count / (time.perf_counter() - started)


async def first_tasks_done(place: Installation, count: int, import_id: str) -> None:
    """Wait until every case of an import has done its first workflow task."""
    path = f"/api/v1/imports/{import_id}/rows?outcome=opened&limit=200"
    cursor = ""
    while True:
        url = path + (f"&cursor={cursor}" if cursor else "")
        page = (await place.http.get(url, headers=place.bearer("career-centre"))).json()
        for row in page["items"][-5:]:
            handle = place.client.get_workflow_handle(row["case_id"])
            async for event in handle.fetch_history_events(wait_new_event=True):
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                    break
        cursor = page["next_cursor"]
        if not cursor:
            return


async def events_per_command(place: Installation, case_id: str, commands: int) -> tuple[float, float]:
    """History events and timer events that a command adds."""
    handle = place.client.get_workflow_handle(case_id)
    before = (await handle.describe()).history_length
    for _ in range(commands):
        await place.post(f"/cases/{case_id}/commands", "mentor", CONTACT)
    events = [event async for event in handle.fetch_history_events()][before:]
    kinds = Counter(event.event_type for event in events)
    timers = kinds[EventType.EVENT_TYPE_TIMER_STARTED] + kinds[EventType.EVENT_TYPE_TIMER_CANCELED]
    return len(events) / commands, timers / commands


async def one_round(place: Installation, number: int, sizes: Sizes, folder: Path) -> Round:
    """Bare and ours in turn, so that a change of the machine's speed meets both."""
    clients, calls = sizes["clients"], sizes["calls"]
    cases = await cases_in_delivery(place, clients, f"R{number}")
    bare = await bare_workflows(place, clients, f"round-{number}")

    async def ours(index: int) -> None:
        await place.post(f"/cases/{cases[index % clients]}/commands", "mentor", CONTACT)

    unprotected = await cases_in_delivery(place.plain, clients, f"P{number}")

    async def plain(index: int) -> None:
        await place.plain.post(f"/cases/{unprotected[index % clients]}/commands", "mentor", CONTACT)

    async def alone(index: int) -> None:
        handle = place.bare.get_workflow_handle(bare[index % clients])
        await handle.execute_update("act", CONTACT["content"])

    for warm in (ours, plain, alone):
        await timed(warm, range(clients), clients)
    secured, without = await in_turn((ours, plain), range(calls))
    return Round(
        secured=secured,
        plain=without,
        bare_one=await timed(alone, range(calls), 1),
        ours_one=await timed(ours, range(calls), 1),
        bare_many=await timed(alone, range(calls * 3), clients),
        ours_many=await timed(ours, range(calls * 3), clients),
        bare_settled_per_second=await bare_settled(place, sizes["import_rows"], f"settle-{number}"),
        import_settled_per_second=await import_settled(place, sizes["import_rows"], number, folder),
    )


def middle(rounds: list[Round], ratio: Callable[[Round], float]) -> float:
    """The median of a ratio over the rounds."""
    return round(statistics.median(ratio(item) for item in rounds), 3)


async def run(sizes: Sizes) -> dict[str, Any]:
    """All measurements."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        async with installation(folder / "data", FIRST_PORT) as place:
            rounds = [await one_round(place, n, sizes, folder) for n in range(sizes["repetitions"])]
            (case_id,) = await cases_in_delivery(place, 1, "E")
            events, timers = await events_per_command(place, case_id, 50)
    return {
        "ratios": {
            "command_p50_over_bare": middle(rounds, lambda r: r["ours_one"]["p50"] / r["bare_one"]["p50"]),
            "secured_over_plain": middle(rounds, lambda r: r["secured"]["p50"] / r["plain"]["p50"]),
            "commands_rate_over_bare": middle(
                rounds, lambda r: r["ours_many"]["rate"] / r["bare_many"]["rate"]
            ),
            "import_rate_over_bare": middle(
                rounds, lambda r: r["import_settled_per_second"] / r["bare_settled_per_second"]
            ),
            "events_per_command": round(events, 2),
            "timer_events_per_command": round(timers, 2),
        },
        "sizes": sizes,
        "rounds": rounds,
        "load_average": os.getloadavg(),
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def main() -> int:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--import-rows", type=int, default=600)
    given = parser.parse_args()
    sizes = Sizes(
        repetitions=given.repetitions,
        calls=given.calls,
        clients=given.clients,
        import_rows=given.import_rows,
    )
    results = asyncio.run(run(sizes))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1), encoding="utf-8")
    table = Table("ratio", "value")
    for name, value in results["ratios"].items():
        table.add_row(name, f"{value:g}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    run_and_leave(main)
