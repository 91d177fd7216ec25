"""A worker killed while it writes the digest: another one writes it soon after."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client

from tests.running import running_processes

SCHOOL = "90085"
# Far below what the writing of a digest may take at all.
SOON_SECONDS = 90


@pytest.mark.timeout(300)
async def test_a_digest_is_not_late_because_a_worker_died(tmp_path: Path) -> None:
    chosen = {"ZHUHANG_POLICY": "seconds", "ZHUHANG_SCHOOL_CODE": SCHOOL}
    async with running_processes(tmp_path, **chosen) as running:
        client = await Client.connect(f"127.0.0.1:{running.environment['ZHUHANG_TEMPORAL_PORT']}")
        digest = client.get_workflow_handle(f"digest-{SCHOOL}")

        async def is_writing() -> bool:
            waited_for = (await digest.describe()).raw_description.pending_activities
            return [(each.activity_type.name, each.state) for each in waited_for] == [
                ("collect_digest", PendingActivityState.PENDING_ACTIVITY_STATE_STARTED)
            ]

        database = tmp_path / "data" / "zhuhang.db"
        with closing(sqlite3.connect(database, isolation_level=None, timeout=60)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with asyncio.timeout(SOON_SECONDS):
                while not await is_writing():  # noqa: ASYNC110  (other processes)
                    await asyncio.sleep(0.05)
            run_id = (await digest.describe()).run_id
            await running.kill("worker")
            other.execute("ROLLBACK")
        async with asyncio.timeout(SOON_SECONDS):
            while (await digest.describe()).run_id == run_id:  # noqa: ASYNC110  (other processes)
                await asyncio.sleep(0.2)
        before = (await client.get_workflow_handle(digest.id, run_id=run_id).fetch_history()).to_json()
        assert "ACTIVITY_TASK_COMPLETED" in before
