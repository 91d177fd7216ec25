"""Ledger, overview, search and inbox at 12,000 and at 1,200,000 cases."""

import asyncio
from datetime import UTC, datetime
from typing import Any, get_args

from bench.scale.ledger import Answers, compare
from bench.scale.readers import GROUPS, Group
from bench.scale.seed import places, seed
from bench.section import Figures, Findings, Ground, Row
from services.rate_limits import Kind
from services.settings import Settings

ABOUT = (
    "Lists in every order and with every filter, paged deep, searches, inboxes and overviews of one school's people "
    "and of its province's observer, of a ledger of six schools and of one of six hundred."
)
LIMIT_SECONDS = 1200
_CASES_OF_A_SCHOOL = 2000
_SMALL, _LARGE, _QUICK = 6, 600, 12


def _settings(ground: Ground, name: str) -> Settings:
    folder = ground.folder / name
    folder.mkdir()
    unhurried: dict[str, Any] = {f"rate_{kind}": "1000000/minute" for kind in get_args(Kind)}
    return Settings(
        data_dir=folder,
        database_url=ground.database(f"ledger_{name}"),
        key_database_url=ground.database(f"ledger_{name}_keys"),
        temporal_address=ground.temporal,
        school_code=places(1, 1)[0].id,
        demo=False,
        **unhurried,
    )


async def measure(ground: Ground) -> Findings:
    """Seed both ledgers, then ask."""
    now = datetime.now(UTC)
    schools = {"small": _SMALL, "large": _QUICK if ground.quick else _LARGE}
    ledgers = {name: _settings(ground, name) for name in schools}
    for name, count in schools.items():
        await asyncio.to_thread(seed, ledgers[name], places(count, _CASES_OF_A_SCHOOL), now=now)
    place = places(1, _CASES_OF_A_SCHOOL)[0]
    found = await compare(ledgers["small"], ledgers["large"], place, now, ground.repetitions)
    return Findings(
        ratios={
            f"{group}_p99_growth": [item[group]["all"]["p99_growth"] for item in found] for group in GROUPS
        },
        figures={f"{group.capitalize()}: answers (p99)": _figures(group, found) for group in GROUPS},
        raw={"schools": schools, "cases_of_a_school": _CASES_OF_A_SCHOOL, "answers": found},
    )


def _figures(group: Group, found: list[dict[Group, Answers]]) -> Figures:
    rows: dict[str, Row] = {}
    for reader in found[0][group]["readers"]:
        pairs = [item[group]["readers"][reader] for item in found]
        rows[f"{reader}, small ledger"] = Row(values=[1000 * pair["small"]["p99"] for pair in pairs])
        rows[f"{reader}, large ledger"] = Row(values=[1000 * pair["large"]["p99"] for pair in pairs])
    return Figures(unit="ms", rows=rows)
