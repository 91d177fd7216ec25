"""What a life leaves in Temporal and in the databases, and whether the thousandth command is as quick as the first."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TypedDict

import psycopg
from temporalio.api.enums.v1 import EventType

from bench.installation import Product, product
from bench.life import COMMANDS_OF_A_LIFE, CONTACT, in_delivery, lived
from bench.measure import in_turn, timed
from bench.section import Figures, Findings, Ground, Row, plain_url

ABOUT = (
    "Events, bytes, timers and billable actions of a life, bytes that it takes in the databases, and a case with a "
    "thousand commands beside a new one."
)
LIMIT_SECONDS = 420
_CLIENTS = 8
_LOOKED_AT = 5
# What Temporal Cloud's price list counts, beside local activities: one for each workflow task that has any.
_ACTIONS = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_TIMER_STARTED,
)


class Left(TypedDict):
    """What one life has left in its history."""

    events: int
    bytes: int
    timer_events: int
    actions: int


async def left(place: Product, case_id: str) -> Left:
    """Read it from the history."""
    events = [event async for event in place.client.get_workflow_handle(case_id).fetch_history_events()]
    kinds = Counter(event.event_type for event in events)
    local = {
        event.marker_recorded_event_attributes.workflow_task_completed_event_id
        for event in events
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
    }
    return Left(
        events=len(events),
        bytes=sum(event.ByteSize() for event in events),
        timer_events=kinds[EventType.EVENT_TYPE_TIMER_STARTED] + kinds[EventType.EVENT_TYPE_TIMER_CANCELED],
        actions=sum(kinds[kind] for kind in _ACTIONS) + len(local),
    )


def sizes(ground: Ground) -> dict[str, int]:
    """Bytes of each database of the server, indexes and dead rows included."""
    with psycopg.connect(plain_url(ground.postgresql)) as connection:
        rows = connection.execute("SELECT datname, pg_database_size(datname) FROM pg_database").fetchall()
    return {str(name): int(size) for name, size in rows}


def _grown(before: dict[str, int], after: dict[str, int], names: tuple[str, ...]) -> int:
    return sum(after[name] - before[name] for name in names if name in before)


async def measure(ground: Ground) -> Findings:
    """Lives first, then the long case."""
    lives, commands, turns = (12, 100, 20) if ground.quick else (96, 1000, 100)
    async with product(ground) as place:
        # Tables and caches begin with something in them.
        for number in range(3):
            await lived(place, f"W{number:06d}")
        before = await asyncio.to_thread(sizes, ground)
        case_ids: list[str] = []

        async def life(number: int) -> None:
            case_ids.append(await lived(place, f"H{number:06d}"))

        await timed(life, range(lives), _CLIENTS)
        after = await asyncio.to_thread(sizes, ground)
        found = [await left(place, case_id) for case_id in case_ids[:_LOOKED_AT]]
        old, new = await in_delivery(place, 2, "L")

        async def in_old(_: int) -> None:
            await place.post(f"/cases/{old}/commands", "mentor", CONTACT)

        async def in_new(_: int) -> None:
            await place.post(f"/cases/{new}/commands", "mentor", CONTACT)

        await timed(in_old, range(commands), 4)
        late, early = await in_turn((in_old, in_new), range(turns), 10)
    ledger, temporal = ("product_" + str(ground.first_port),), ("temporal", "temporal_visibility")

    def row(of: Callable[[Left], int]) -> Row:
        return Row(values=[float(of(item)) for item in found])

    return Findings(
        ratios={"latency_after_1000_over_first": [late["p50"] / early["p50"]]},
        figures={
            f"A life of {COMMANDS_OF_A_LIFE} commands in Temporal": Figures(
                unit="count",
                rows={
                    "history events": row(lambda item: item["events"]),
                    "of these of timers": row(lambda item: item["timer_events"]),
                    "billable actions": row(lambda item: item["actions"]),
                },
            ),
            "A life in a history": Figures(unit="bytes", rows={"history": row(lambda item: item["bytes"])}),
            "A life in the databases": Figures(
                unit="bytes",
                rows={
                    "ledger": Row(values=[_grown(before, after, ledger) / lives]),
                    "Temporal's store": Row(values=[_grown(before, after, temporal) / lives]),
                },
            ),
        },
        raw={"lives": found, "commands": commands, "after": late, "first": early},
    )
