"""Commands a second with one worker process and with two."""

from contextlib import AbstractContextManager

from bench.installation import api_alone, part, running
from bench.life import CONTACT, in_delivery
from bench.measure import timed
from bench.section import Figures, Findings, Ground, Row

ABOUT = "Commands of sixteen clients with one worker process and with two, which share the machine with all the rest."
LIMIT_SECONDS = 240
_CLIENTS = 16


async def measure(ground: Ground) -> Findings:
    """The second worker comes and goes."""
    calls = 100 if ground.quick else 300
    rates: dict[str, list[float]] = {"one process": [], "two processes": []}
    async with api_alone(ground, "workers") as place:

        def worker(number: int) -> AbstractContextManager[object]:
            log = ground.folder / f"worker-{number}.log"
            return running(part("worker", place.settings, number - 1), place.environment, log)

        with worker(1):
            cases = await in_delivery(place, _CLIENTS * 2, "W")

            async def command(number: int) -> None:
                await place.post(f"/cases/{cases[number % len(cases)]}/commands", "mentor", CONTACT)

            async def rate() -> float:
                # Cases move to a new worker's memory first, and back again.
                await timed(command, range(len(cases) * 2), _CLIENTS)
                return (await timed(command, range(calls), _CLIENTS))["rate"]

            for _ in range(ground.repetitions):
                rates["one process"].append(await rate())
                with worker(2):
                    rates["two processes"].append(await rate())
    return Findings(
        ratios={},
        figures={
            "Commands, by worker processes": Figures(
                unit="1/s", rows={name: Row(values=values) for name, values in rates.items()}
            )
        },
    )
