"""A command in a case that the worker has in memory, and in one that it must read again."""

import sys

from bench.installation import ZHUHANG, api_alone, running
from bench.life import CONTACT, in_delivery
from bench.measure import in_turn, timed
from bench.section import Figures, Findings, Ground, Row

ABOUT = "A command in a case with a long history that was evicted from the worker's memory, beside one that was not."
LIMIT_SECONDS = 420
_CASES, _CACHED = 8, 2


async def measure(ground: Ground) -> Findings:
    """Histories are made with all cases in memory, and then met by a worker that keeps two."""
    commands, calls = (30, 24) if ground.quick else (150, 56)
    async with api_alone(ground, "cold") as place:

        async def command(case_id: str) -> None:
            await place.post(f"/cases/{case_id}/commands", "mentor", CONTACT)

        with running([ZHUHANG, "worker"], place.environment, ground.folder / "worker.log"):
            cases = await in_delivery(place, _CASES, "C")

            async def build(number: int) -> None:
                await command(cases[number % _CASES])

            await timed(build, range(commands * _CASES), _CASES)
        handle = place.client.get_workflow_handle(cases[1])
        events = (await handle.describe()).history_length
        small = [sys.executable, "-m", "bench.small_cache", str(_CACHED)]
        with running(small, place.environment, ground.folder / "small.log"):

            async def cold(number: int) -> None:
                # By the time its turn comes again, the others have driven it out.
                await command(cases[1 + number % (_CASES - 1)])

            async def warm(_: int) -> None:
                await command(cases[0])

            await timed(cold, range(_CASES), 1)
            found = [
                await in_turn((cold, warm), range(calls), 2 * (_CASES - 1)) for _ in range(ground.repetitions)
            ]
    return Findings(
        ratios={"cold_over_warm": [cold["p50"] / warm["p50"] for cold, warm in found]},
        figures={
            f"A command after {events} events of history (p50)": Figures(
                unit="ms",
                rows={
                    "in memory": Row(values=[1000 * warm["p50"] for _, warm in found]),
                    "evicted": Row(values=[1000 * cold["p50"] for cold, _ in found]),
                },
            )
        },
        raw={"history_events": events, "timings": found},
    )
