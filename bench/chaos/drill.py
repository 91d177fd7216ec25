"""One drill: a load on an installation, something that strikes it meanwhile, and the verdict on what is left."""

from asyncio import TaskGroup
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from bench.chaos.caller import Caller
from bench.chaos.evidence import Collector
from bench.chaos.judge import judge
from bench.chaos.load import ACTORS, Load, Size
from bench.chaos.record import Asked, Record, read_record
from bench.chaos.target import Target
from bench.chaos.verdict import Verdict
from models.first_actors import SETUP_ACTOR
from services.database import create_engine_from
from services.settings import Settings
from services.sign_on.local import LocalSessions


@dataclass(frozen=True)
class Drilled:
    """The verdict, and how many answers there were that must never be given, such as a 500, by what they were."""

    verdict: Verdict
    broken: Mapping[str, int]


async def drill(
    target: Target,
    settings: Settings,
    record: Record,
    *,
    size: Size,
    seed: int,
    folder: Path,
    strike: Callable[[], Awaitable[None]],
) -> Drilled:
    """Load the installation until `strike` has ended, and judge. `folder` holds what is imported."""
    tokens = _tokens(settings, SETUP_ACTOR)
    random = Random(f"load/{seed}")  # noqa: S311  (a load, no secret)
    caller = Caller(target.base_url, tokens, record, random)
    load = Load(caller, random, size, folder)
    await load.furnish()
    tokens.update(_tokens(settings, *ACTORS))
    tokens.update(_tokens(settings, *await load.begin()))
    async with TaskGroup() as running:
        running.create_task(load.run())
        await strike()
        load.ending.set()
    await caller.close()
    await target.ready()
    verdict = await _judged(target, settings, record.path, tokens["college"])
    return Drilled(verdict, caller.broken)


def _tokens(settings: Settings, *actors: str) -> dict[str, str]:
    """A session for each, made on the installation's own machine."""
    engine = create_engine_from(settings)
    sessions = LocalSessions(engine, settings)
    tokens = {actor: sessions.token(actor, timedelta(hours=24)) for actor in actors}
    engine.dispose()
    return tokens


async def _judged(target: Target, settings: Settings, record_file: Path, token: str) -> Verdict:
    asked = [line for line in read_record(record_file) if isinstance(line, Asked)]
    people = sorted({number for line in asked for number in line.people})
    keys = sorted({line.key for line in asked})
    evidence = await Collector(target, settings, token).collect(people, keys)
    record_file.with_name("evidence.json").write_text(evidence.model_dump_json(indent=1), encoding="utf-8")
    return judge(read_record(record_file), evidence)
