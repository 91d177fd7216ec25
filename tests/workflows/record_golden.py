"""Record the histories that every later version of the workflows must be able to replay.

`python -m tests.workflows.record_golden 0.1.0` writes `golden/0.1.0-*.json`, in plaintext, of impossible people.
Files of released versions are never recorded anew.
"""

import asyncio
import socket
import sys
import tempfile
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from cli.clean_exit import run_and_leave
from services.reconcile_start import start_reconciler
from services.settings import Settings
from services.temporal_server import find_server
from services.vault import Vault
from tests.conftest import Quiet
from tests.product import POLICIES
from tests.workflows.life import SCHOOL, Lives
from worker import build_worker
from workflows.erasure_messages import erasure_workflow_id

GOLDEN = Path(__file__).parent / "golden"
# The first slice, and the wait for the second.
_EVENTS_RECORDED = 16


@asynccontextmanager
async def _lives(client: Client, folder: Path, policy: Path) -> AsyncGenerator[Lives]:
    settings = Settings(data_dir=folder, school_code=SCHOOL, policy=policy, task_queue=folder.name)
    folder.mkdir()
    lives = Lives(client, settings)
    with ThreadPoolExecutor(16) as executor:
        async with build_worker(client, settings, Vault.of(settings), executor):
            yield lives


async def _save(lives: Lives, case_id: str, name: str) -> None:
    history = await lives.handle(case_id).fetch_history()
    (GOLDEN / f"{name}.json").write_text(history.to_json(), encoding="utf-8")


async def record(version: str, folder: Path) -> None:
    """Four cases: a whole life, one whose timers fire, one that has continued as a new run, one that is kept for
    its time and erased, with its erasure; and the reconciler of a school."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = str(find_server(Quiet()).binary)
    environment = await WorkflowEnvironment.start_local(
        port=port, dev_server_existing_path=server, data_converter=pydantic_data_converter
    )
    async with environment:
        async with _lives(environment.client, folder / "life", POLICIES / "national.yaml") as lives:
            case_id = await lives.open()
            await lives.live(case_id)
            await _save(lives, case_id, f"{version}-life")
        async with _lives(environment.client, folder / "timers", POLICIES / "seconds.yaml") as lives:
            case_id = await lives.open()
            proof = [{"type": "LIFTED_POVERTY", "proof": "证明"}]
            await lives.do(
                case_id, "counselor", type="confirm_eligibility", decision="open", hardship_types=proof
            )
            await lives.do(case_id, "counselor", type="propose_mentor")
            while not (await lives.state(case_id)).pairing.exhausted_at:  # noqa: ASYNC110
                await asyncio.sleep(1)
            await _save(lives, case_id, f"{version}-timers")
        short = folder / "short.yaml"
        short.write_text("extends: national\nid: short\nversion: 1\ntitle: 短\ncontinue_after_commands: 4\n")
        async with _lives(environment.client, folder / "runs", short) as lives:
            case_id = await lives.open()
            await lives.live(case_id)
            await _save(lives, case_id, f"{version}-second-run")
        async with _lives(environment.client, folder / "erased", POLICIES / "seconds.yaml") as lives:
            case_id = await lives.open()
            await lives.withdrawn(case_id)
            for workflow_id, name in ((case_id, "erased"), (erasure_workflow_id(case_id), "erasure")):
                while not await lives.ended(workflow_id):  # noqa: ASYNC110
                    await asyncio.sleep(1)
                await _save(lives, workflow_id, f"{version}-{name}")
        await record_reconciler(environment.client, version, folder)


async def record_reconciler(client: Client, version: str, folder: Path) -> None:
    """The first slice of a round."""
    async with _lives(client, folder / "reconciled", POLICIES / "national.yaml") as lives:
        await lives.open()
        hurried = Settings(task_queue="reconciled", school_code=SCHOOL, reconcile_seconds=1)
        await start_reconciler(client, hurried)
        handle = client.get_workflow_handle(f"reconcile-{SCHOOL}")
        while (await handle.describe()).history_length < _EVENTS_RECORDED:  # noqa: ASYNC110
            await asyncio.sleep(1)
        history = await handle.fetch_history()
        (GOLDEN / f"{version}-reconcile.json").write_text(history.to_json(), encoding="utf-8")


def main() -> int:
    """Record the version named on the command line."""
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(record(sys.argv[1], Path(scratch)))
    return 0


if __name__ == "__main__":
    run_and_leave(main)
