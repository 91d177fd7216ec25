"""The plan of faults, fixed by its seed: what strikes when, for how long."""

from random import Random
from typing import Literal

from models.base import Model

FaultKind = Literal["kill", "pause", "away", "full_disk", "slow_mail"]
Strike = tuple[FaultKind, tuple[str, ...]]

# Seconds: how long a fault lasts, at least and at most.
_LASTS: dict[FaultKind, tuple[float, float]] = {
    "kill": (0, 0),
    "pause": (5, 15),
    "away": (60, 120),
    "full_disk": (8, 15),
    "slow_mail": (20, 40),
}
# Seconds between the end of a fault and the next one.
_CALM = (2.0, 9.0)
# What runs beside the next faults.
_BACKGROUND: frozenset[FaultKind] = frozenset({"slow_mail"})


class PlannedFault(Model):
    """A fault: `parts` are struck together, `at` seconds after the load began, for `seconds`."""

    at: float
    kind: FaultKind
    parts: tuple[str, ...]
    seconds: float

    @property
    def end(self) -> float:
        return self.at + self.seconds

    def __str__(self) -> str:
        lasting = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.at:6.1f} s  {self.kind} {', '.join(self.parts)}{lasting}"


class Parts(Model):
    """The parts of an installation by what may be done to them."""

    names: tuple[str, ...]

    @property
    def struck(self) -> tuple[str, ...]:
        """What is killed, and what is paused."""
        return tuple(name for name in self.names if name != "proxy")

    @property
    def workers(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if name.startswith("worker"))


def plan_faults(seed: int, parts: Parts, minutes: float, *, disk: bool) -> list[PlannedFault]:
    """The faults of a run of so many minutes: every kind and every part once, as far as there is time, then as it
    falls. Equal seeds on equal parts give equal plans."""
    random = Random(f"chaos/{seed}")  # noqa: S311  (a plan, no secret)
    end = minutes * 60
    wanted = _each_once(random, parts, disk=disk)
    planned: list[PlannedFault] = []
    at = random.uniform(*_CALM)
    while True:
        if not wanted:
            wanted.append(_any(random, parts, disk=disk))
        kind, struck = wanted.pop(0)
        if not _fits(kind, end):
            continue
        seconds = round(min(random.uniform(*_LASTS[kind]), end / 3), 1)
        fault = PlannedFault(at=round(at, 1), kind=kind, parts=struck, seconds=seconds)
        if fault.end > end:
            return planned
        planned.append(fault)
        at = (at if kind in _BACKGROUND else fault.end) + random.uniform(*_CALM)


def _fits(kind: FaultKind, end: float) -> bool:
    """Minutes without a worker need a run of minutes."""
    return kind != "away" or end >= 2 * _LASTS[kind][0]


def _each_once(random: Random, parts: Parts, *, disk: bool) -> list[Strike]:
    wanted: list[Strike] = [("away", parts.workers), ("slow_mail", ("mail",))]
    for name in parts.struck:
        wanted.append(("kill", (name,)))
        wanted.append(("pause", (name,)))
    if disk:
        wanted.append(("full_disk", ("disk",)))
    random.shuffle(wanted)
    return wanted


def _any(random: Random, parts: Parts, *, disk: bool) -> Strike:
    kinds: tuple[FaultKind, ...] = ("kill", "pause", "slow_mail", "full_disk")
    kind = random.choices(kinds, (6, 3, 1, 1 if disk else 0))[0]
    match kind:
        case "kill":
            return kind, tuple(random.sample(parts.struck, random.choice((1, 1, 2))))
        case "pause":
            return kind, (random.choice(parts.struck),)
        case "slow_mail":
            return kind, ("mail",)
        case _:
            return kind, ("disk",)
