"""Record the histories that every later version of the workflows must be able to replay.

`python -m tests.workflows.record_golden 0.1.0` writes what `golden/` lacks of `0.1.0-*.json`, in plaintext, of
impossible people. Files of released versions are never recorded anew.
"""

import asyncio
import socket
import sys
import tempfile
from pathlib import Path

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from cli.clean_exit import run_and_leave
from services.temporal_server import find_server
from tests.conftest import Quiet
from tests.workflows import golden_beside, golden_cases
from tests.workflows.recorder import Recorder, Scene

# What each scene writes. A scene of which something is lacking is played.
SCENES: dict[Scene, tuple[str, ...]] = {
    golden_cases.life: ("life",),
    golden_cases.timers: ("timers",),
    golden_cases.second_run: ("second-run",),
    golden_cases.erased: ("erased", "erasure"),
    golden_cases.late: ("late",),
    golden_cases.asked: ("asked",),
    golden_cases.refused: ("refused",),
    golden_beside.batch: ("batch",),
    golden_beside.roster: ("import", "import-refused"),
    golden_beside.digest: ("digest", "digest-looked-again", "delivery"),
    golden_beside.training: ("training-class", "enrolled"),
    golden_beside.training_aside: ("training-class-aside", "enrolled-aside"),
    golden_beside.offboarding: ("offboarding",),
    golden_beside.reconciler: ("reconcile",),
}


async def record(version: str, folder: Path) -> None:
    """Play every scene of which a history is lacking."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = str(find_server(Quiet()).binary)
    environment = await WorkflowEnvironment.start_local(
        port=port, dev_server_existing_path=server, data_converter=pydantic_data_converter
    )
    async with environment:
        recorder = Recorder(environment.client, version, folder)
        for scene, names in SCENES.items():
            if any(recorder.lacks(name) for name in names):
                await scene(recorder)


def main() -> int:
    """Record the version named on the command line."""
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(record(sys.argv[1], Path(scratch)))
    return 0


if __name__ == "__main__":
    run_and_leave(main)
