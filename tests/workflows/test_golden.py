"""The histories of every release replay with the workflows of today."""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from services.workflow_runner import workflow_runner
from tests.workflows.record_golden import SCENES
from tests.workflows.recorder import GOLDEN
from worker import WORKFLOWS

HISTORIES = sorted(GOLDEN.glob("*.json"))


def _workflow_of(path: Path) -> str:
    started = json.loads(path.read_text(encoding="utf-8"))["events"][0]
    return started["workflowExecutionStartedEventAttributes"]["workflowType"]["name"]


def test_every_workflow_has_a_history() -> None:
    served = {str(vars(workflow)["__temporal_workflow_definition"].name) for workflow in WORKFLOWS}
    assert {_workflow_of(path) for path in HISTORIES} == served


def test_every_scene_is_recorded() -> None:
    recorded = {path.stem.partition("-")[2] for path in HISTORIES}
    assert recorded == {name for names in SCENES.values() for name in names}


@pytest.mark.parametrize("sandboxed", [True, False], ids=["sandboxed", "plainly"])
@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_released_history_replays(path: Path, *, sandboxed: bool) -> None:
    history = WorkflowHistory.from_json("golden", path.read_text(encoding="utf-8"))
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=pydantic_data_converter,
        workflow_runner=workflow_runner(sandboxed=sandboxed),
    )
    await replayer.replay_workflow(history)
