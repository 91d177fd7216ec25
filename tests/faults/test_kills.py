"""Processes killed under load: what was acknowledged stands, once, in workflow, ledger and audit, and nobody missed a
reminder. The load and its judge are those of `make chaos`."""

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client

from bench.chaos.drill import drill
from bench.chaos.faults import Faults
from bench.chaos.load import Size
from bench.chaos.mail import mail_server
from bench.chaos.plan import PlannedFault
from bench.chaos.record import Answered, Record, read_record
from bench.chaos.target import Target, embedded
from models.case.intake import Source
from models.case.kernel import Actor, Role
from models.roster.rows import RosterRow
from services.cases import CaseOpener
from services.database import create_engine_from
from services.policies import load_policies
from services.settings import Settings, load_settings
from services.temporal import connect
from services.vault import Vault
from tests.deploy.test_temporal_cluster import ports
from workflows.reconcile_messages import RECONCILE_WORKFLOW, ReconcileInput

HURRIED = Path(__file__).with_name("hurried.yaml")
# Parts in the order in which they are killed.
VICTIMS = ("worker", "api", "temporal", "worker")
SIZE = Size(clients=4, cases=4, imports=1, rows=4)
# Far below what the comparison of a slice may take at all.
SOON_SECONDS = 90


@dataclass
class Struck:
    """An installation under fault."""

    target: Target
    settings: Settings
    record: Record
    faults: Faults
    folder: Path

    async def kill(self, part: str) -> None:
        await self.faults.carry_out([PlannedFault(at=0, kind="kill", parts=(part,), seconds=0)])

    def acknowledged(self) -> int:
        lines = read_record(self.record.path)
        return sum(isinstance(line, Answered) and line.acknowledged for line in lines)

    async def kill_each(self) -> None:
        """One part after the other, each once people have got on with their work."""
        for part in ("", *VICTIMS):
            before = self.acknowledged()
            if part:
                await self.kill(part)
            async with asyncio.timeout(SOON_SECONDS):
                while self.acknowledged() < before + 8:  # noqa: ASYNC110  (other processes have to come back)
                    await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
async def struck(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Struck]:
    folder = tmp_path_factory.mktemp("kills")
    record = Record(folder / "record.jsonl")
    port, mail_port = ports(3), ports(1)
    with mail_server(mail_port, record) as mail:
        async with embedded(folder / "data", port, mail_port, HURRIED) as target:
            with patch.dict(os.environ, target.environment, clear=True):
                settings = load_settings()
            yield Struck(target, settings, record, Faults(target, record, mail, None), folder)
    record.close()


@pytest.mark.timeout(600)
async def test_nothing_is_lost_doubled_or_missed(struck: Struck) -> None:
    done = await drill(
        struck.target,
        struck.settings,
        struck.record,
        size=SIZE,
        seed=1,
        folder=struck.folder,
        strike=struck.kill_each,
    )
    assert struck.faults.kills == {"worker": 2, "api": 1, "temporal": 1}
    assert {name: found for name, found in done.verdict.losses.items() if found} == {}
    assert done.broken == {}
    assert done.verdict.cases == SIZE.cases + SIZE.rows


@pytest.mark.timeout(300)
async def test_a_slice_is_compared_soon_after_its_worker_died(struck: Struck) -> None:
    settings = struck.settings
    client = await connect(settings, Vault.of(settings))
    # A case that has ended is looked at again for seconds.
    await client.get_workflow_handle(await _a_case(client, settings)).terminate()
    compared = await client.start_workflow(
        RECONCILE_WORKFLOW,
        ReconcileInput(school_id=settings.school_code, wait_seconds=1),
        id="reconcile-now",
        task_queue=settings.task_queue,
    )

    async def tries() -> list[int]:
        """Of the comparison that is being made: which try it is."""
        waited_for = (await compared.describe()).raw_description.pending_activities
        begun = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        return [each.attempt for each in waited_for if each.state == begun]

    async def until_try(number: int) -> None:
        async with asyncio.timeout(SOON_SECONDS):
            while await tries() != [number]:  # noqa: ASYNC110  (other processes)
                await asyncio.sleep(0.05)

    await until_try(1)
    await struck.kill("worker")
    await until_try(2)
    await compared.terminate()


async def _a_case(client: Client, settings: Settings) -> str:
    engine, vault = create_engine_from(settings), Vault.of(settings)
    opener = CaseOpener(client, engine, vault, load_policies(settings.policy), settings)
    somebody = Actor(id="counselor", role=Role.COUNSELOR, school_id=settings.school_code, department_id="cs")
    row = RosterRow(student_no="K9999999", name="测试", cohort=2027)
    opening = opener.opening(somebody, row, "cs", datetime.now(UTC), Source())
    await opener.open(opening)
    engine.dispose()
    return opening.case_id
