"""A command in a case that the worker has in memory, and in one that it must read again."""

from collections.abc import Sequence

from bench.installation import api_alone, part, running
from bench.life import CONTACT, in_delivery
from bench.measure import Timing, in_turn, timed
from bench.section import Figures, Findings, Ground, Row
from services.policies import load_policies

ABOUT = "A command in a case with a long history that was evicted from the worker's memory, beside one that was not."
LIMIT_SECONDS = 420
_CASES, _CACHED, _CALLS = 14, 10, 26
# Confirmed and assigned.
_BEFORE = 2
# What each case is asked for while it is measured, and one more: then it would start a fresh history.
_ROOM = 1 + -(-(_CASES + _CALLS) // (_CASES - 1))


async def measure(ground: Ground) -> Findings:
    """Histories nearly as long as they grow are made with all cases in memory, and then met by a worker that keeps
    few."""
    longest = 2 * load_policies()[0].continue_after_commands
    async with api_alone(ground, "cold") as place:

        async def command(case_id: str) -> None:
            await place.post(f"/cases/{case_id}/commands", "mentor", CONTACT)

        async def length(case_id: str) -> int:
            return (await place.client.get_workflow_handle(case_id).describe()).history_length

        worker = part("worker", place.settings, 0)
        with running(worker, place.environment, ground.folder / "worker.log"):
            built = await in_delivery(place, _CASES * ground.repetitions, "C")

            async def build(number: int) -> None:
                await command(built[number % len(built)])

            await timed(build, range((longest - _BEFORE - _ROOM) * len(built)), _CASES)
        events = await length(built[1])
        small = place.environment | {"ZHUHANG_CACHED_WORKFLOWS": str(_CACHED)}
        with running(worker, small, ground.folder / "small.log"):
            found: list[Sequence[Timing]] = []
            for first in range(0, len(built), _CASES):
                cases = built[first : first + _CASES]

                async def cold(number: int, cases: Sequence[str] = cases) -> None:
                    # By the time its turn comes again, the others have driven it out.
                    await command(cases[1 + number % (_CASES - 1)])

                async def warm(_: int, case_id: str = cases[0]) -> None:
                    await command(case_id)

                await timed(cold, range(_CASES), 1)
                found.append(await in_turn((cold, warm), range(_CALLS), 2 * (_CASES - 1)))
        grown = await length(built[1])
    return Findings(
        ratios={"cold_over_warm": [cold["p50"] / warm["p50"] for cold, warm in found]},
        figures={
            f"A command after {events} to {grown} events of history (p50)": Figures(
                unit="ms",
                rows={
                    "in memory": Row(values=[1000 * warm["p50"] for _, warm in found]),
                    "evicted": Row(values=[1000 * cold["p50"] for cold, _ in found]),
                },
            )
        },
        raw={"history_events": [events, grown], "timings": found},
    )
