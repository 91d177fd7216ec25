"""`python -m bench.sizing`: what installations of three sizes need, by simulating their peak hour and their morning.

Prints the table of `docs/sizing.md`. What it reckons with is in `sizing.yaml`; chance comes from a fixed seed.
"""

import heapq
import math
import sys
from pathlib import Path
from random import Random
from typing import Any

import yaml

_INPUTS = Path(__file__).with_name("sizing.yaml")
_SIMULATED = 20_000
_MOST_SHARDS = 16_384
_PARTS = ("worker", "api", "temporal", "postgresql")


def wait_p99(rate: float, seconds: float, servers: int, seed: int) -> float:
    """Seconds that 99 of 100 wait at most, where calls come at random, `rate` a second, and each takes one of the
    servers for about `seconds`."""
    random = Random(seed)  # noqa: S311 - a simulation
    free = [0.0] * servers
    now = 0.0
    waits: list[float] = []
    for _ in range(_SIMULATED):
        now += random.expovariate(rate)
        begin = max(now, heapq.heappop(free))
        waits.append(begin - now)
        heapq.heappush(free, begin + random.expovariate(1 / seconds))
    waits.sort()
    return waits[int(len(waits) * 0.99)]


def processes(rate: float, seconds: float, busy: float, wait: float) -> int:
    """The fewest single-threaded processes that are no busier than that and let nobody wait longer."""
    count = max(1, math.ceil(rate * seconds / busy))
    while wait_p99(rate, seconds, count, seed=count) > wait:
        count += 1
    return count


def shards(rate: float, seconds: float, wait: float) -> int:
    """The fewest shards, a power of two and at least four, each of which writes one thing at a time."""
    count = 4
    while count < _MOST_SHARDS and wait_p99(rate / count, seconds, 1, seed=count) > wait:
        count *= 2
    return count


def morning(schools: int, people: int, seconds: float, cpu_seconds: float, workers: int) -> float:
    """Seconds until the last message is out: a message of a school takes `seconds`, of which `cpu_seconds` are the
    worker's, and sixteen schools go at a time in each worker process, which has one core."""
    free = [0.0] * min(schools, workers * 16)
    for school in range(schools):
        mine = people // schools + (school < people % schools)
        heapq.heapreplace(free, free[0] + mine * seconds)
    return max(*free, people * cpu_seconds / min(schools, workers))


def for_the_morning(schools: int, people: int, seconds: float, cpu_seconds: float, limit: float) -> int:
    """The fewest worker processes by which the last message is out in time, if any number is enough."""
    count = 1
    while count < schools and morning(schools, people, seconds, cpu_seconds, count) > limit:
        count += 1
    return count


def needs(cases: int, given: dict[str, Any]) -> dict[str, str]:
    """What so many cases need, line by line."""
    measured, assumed = given["measured"], given["assumed"]
    cpu = {part: measured["cpu_ms"][part] / 1000 for part in _PARTS}
    a_year = cases * assumed["commands_of_a_case_a_year"]
    a_day = a_year / assumed["working_days"]
    peak = a_day * assumed["share_of_the_peak_hour"] / 3600
    busy = assumed["busy_at_most"]
    count = {part: processes(peak, cpu[part], busy, cpu[part]) for part in ("worker", "api")}
    cores = {part: max(1, math.ceil(peak * cpu[part] / busy)) for part in _PARTS}
    lives = a_year / measured["commands_of_a_life"]
    people = math.ceil(cases / assumed["cases_of_a_person"])
    schools = max(1, cases // assumed["cases_of_a_school"])
    due = cases * assumed["due_on_the_worst_morning"]
    marks = due / (assumed["night_hours"] * 3600)
    message = (measured["message_seconds"], measured["message_cpu_seconds"])
    last = morning(schools, people, *message, count["worker"])
    return {
        "cases": f"{cases:,}",
        "schools": f"{schools:,}",
        "commands on a working day": f"{a_day:,.0f}",
        "commands a second in the peak hour": f"{peak:.2f}",
        "worker processes": f"{count['worker']}",
        "API processes": f"{count['api']}",
        "Temporal shards": f"{shards(peak, measured['shard_write_ms'] / 1000, measured['shard_write_ms'] / 5000)}",
        "cores: workers and API": f"{cores['worker'] + cores['api']}",
        "cores: Temporal": f"{cores['temporal']}",
        "cores: PostgreSQL": f"{cores['postgresql']}",
        "ledger after a year": f"{lives * measured['ledger_bytes_of_a_life'] / 2**30:,.1f} GiB",
        "Temporal's store after a year": f"{lives * measured['temporal_bytes_of_a_life'] / 2**30:,.1f} GiB",
        "commits a second in the peak hour": f"{peak * measured['commits_of_a_command']:,.1f}",
        "marks a second in the night before the worst morning": f"{marks:.2f}",
        "people told at nine": f"{people:,}",
        "worker processes for all of them by one minute past": str(
            for_the_morning(schools, people, *message, assumed["morning_seconds"])
        ),
        "last message after nine, with those of the peak hour": f"{last:,.0f} s",
    }


def table() -> str:
    """The table as Markdown."""
    given: dict[str, Any] = yaml.safe_load(_INPUTS.read_text(encoding="utf-8"))
    columns = {name: needs(cases, given) for name, cases in given["scales"].items()}
    lines = [f"| | {' | '.join(columns)} |", "|---|" + "--:|" * len(columns)]
    for line in next(iter(columns.values())):
        lines.append(f"| {line} | {' | '.join(column[line] for column in columns.values())} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
