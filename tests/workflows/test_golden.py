"""The histories of every release replay with the workflows of today."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from services.sandbox import sandbox
from worker import WORKFLOWS

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))


def test_there_are_histories_to_replay() -> None:
    assert len(GOLDEN) >= 3


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
async def test_a_released_history_replays(path: Path) -> None:
    history = WorkflowHistory.from_json("golden", path.read_text(encoding="utf-8"))
    replayer = Replayer(
        workflows=WORKFLOWS, data_converter=pydantic_data_converter, workflow_runner=sandbox()
    )
    await replayer.replay_workflow(history)
