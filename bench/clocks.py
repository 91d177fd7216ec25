"""Cases of which we know when their first clock runs out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

from temporalio.client import Client

from models.case.intake import Source
from models.case.kernel import Actor, Role
from models.case.ladder import next_wake
from models.case.machine import Opening, open_case
from models.case.profile import Profile
from models.policy import Policy
from services.cases import CaseOpener
from services.database import create_engine_from
from services.policies import load_policies
from services.settings import Settings
from services.vault import Vault

_TOGETHER = 32
_PAGE = 200


async def in_parallel(start: Callable[[int], Awaitable[object]], count: int) -> None:
    """Start so many, some at a time."""
    room = asyncio.Semaphore(_TOGETHER)

    async def one(number: int) -> None:
        async with room:
            await start(number)

    await asyncio.gather(*map(one, range(count)))


def policy_of(file: Path, policy_id: str) -> Policy:
    """The service standards of that id in the file."""
    return next(policy for policy in load_policies(file) if policy.id == policy_id)


def openings(
    settings: Settings, policy: Policy, student_numbers: Sequence[str], department_id: str, at: datetime
) -> list[Opening]:
    """New files of a department that were all opened at that moment."""
    vault, school = Vault.of(settings), settings.school_code
    counselor = Actor(id="counselor", role=Role.COUNSELOR, school_id=school, department_id=department_id)
    return [
        Opening(
            case_id=vault.case_id(school, number),
            school_id=school,
            department_id=department_id,
            cohort=at.year,
            opened_at=at,
            opened_by=counselor,
            profile=Profile(student_no=number, name="测试"),
            declared=(),
            roster_digest="",
            source=Source(),
            policy=policy,
        )
        for number in student_numbers
    ]


def first_times(opened: Sequence[Opening]) -> list[datetime]:
    """When each of them has something due first, in order."""
    wakes = (next_wake(open_case(item)[0]) for item in opened)
    return sorted(wake for wake in wakes if wake is not None)


async def start_cases(client: Client, settings: Settings, opened: list[Opening]) -> None:
    """Start the workflows, and write the ledger's first rows."""
    vault, engine = Vault.of(settings), create_engine_from(settings)
    opener = CaseOpener(client, engine, vault, (), settings)
    await asyncio.to_thread(vault.ensure, [item.case_id for item in opened])
    await in_parallel(lambda number: opener.start(opened[number], projected=True), len(opened))
    for first in range(0, len(opened), _PAGE):
        await asyncio.to_thread(opener.project, opened[first : first + _PAGE])
    engine.dispose()
