"""An edit that would break the replay of running workflows fails at once, and a harmless one does not."""

import difflib

import pytest

from tests.workflows.sequences import FOLDER, read_sources, sequences
from worker import WORKFLOWS

MENDING = """
The workflow {name} asks Temporal for other things, or in another order, than workflows under way did before.
Guard the new way with `if workflow.patched("what-changes"):` and keep the old one in the other branch (CONTRIBUTING.md,
"Changing a workflow"); then write the sequences anew with `python -m tests.workflows.sequences`.
"""


def _sequence(workflow: str, module: str, before: str, after: str) -> str:
    """The sequence of a workflow after an edit of its source."""
    sources = read_sources()
    assert sources[module].count(before) == 1, f"{before!r} is not in the workflow any more"
    return sequences(sources | {module: sources[module].replace(before, after)})[workflow]


def test_every_workflow_has_its_sequence() -> None:
    served = {str(vars(workflow)["__temporal_workflow_definition"].name) for workflow in WORKFLOWS}
    assert sequences(read_sources()).keys() == served
    assert {path.stem for path in FOLDER.glob("*.txt")} == served


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_the_sequence_is_that_of_the_workflows_under_way(name: str) -> None:
    kept = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    now = sequences(read_sources()).get(name, "")
    changes = difflib.unified_diff(kept.splitlines(), now.splitlines(), "under way", "now", lineterm="")
    assert kept == now, MENDING.format(name=name) + "\n".join(changes)


@pytest.mark.parametrize(
    ("workflow", "module", "before", "after"),
    [
        pytest.param(
            "case",
            "case",
            "            await self._outbox.project()\n            if self._seeks():\n"
            "                await self._by_itself(ProposeNextMentor())\n",
            "            if self._seeks():\n"
            "                await self._by_itself(ProposeNextMentor())\n            await self._outbox.project()\n",
            id="activities change places",
        ),
        pytest.param(
            "case",
            "effects",
            '"leave_class",\n            effect',
            '"tell_class",\n            effect',
            id="another activity",
        ),
        pytest.param(
            "case",
            "case",
            "if self._effects.untold:",
            "if self._effects.untold and self._woken_by_timer:",
            id="under another condition",
        ),
        pytest.param(
            "case",
            "local_activities",
            "await workflow.execute_local_activity(",
            "await workflow.execute_activity(",
            id="not local",
        ),
        pytest.param(
            "case",
            "case",
            "wait_condition(self._must_rise, timeout=timeout)",
            "wait_condition(self._must_rise)",
            id="no timer",
        ),
        pytest.param(
            "erasure",
            "erasure",
            '"end_case", "destroy_case_key"',
            '"destroy_case_key", "end_case"',
            id="steps change places",
        ),
        pytest.param(
            "delivery",
            "digest",
            "            left = failed\n",
            "            await workflow.sleep(1)\n            left = failed\n",
            id="one more timer",
        ),
        pytest.param(
            "digest",
            "digest",
            'id=f"delivery-{given.school_id}-{period}"',
            'id=f"delivery-{period}"',
            id="another child",
        ),
    ],
)
def test_a_breaking_edit_shows(workflow: str, module: str, before: str, after: str) -> None:
    assert _sequence(workflow, module, before, after) != sequences(read_sources())[workflow]


@pytest.mark.parametrize(
    ("workflow", "module", "before", "after"),
    [
        ("case", "case", "    async def _settle(self)", "    # said otherwise\n    async def _settle(self)"),
        ("case", "outbox", "_QUICK_LIMIT = timedelta(seconds=3)", "_QUICK_LIMIT = timedelta(seconds=4)"),
        (
            "training_class",
            "training_class",
            "self._state = told(self._state, tell,",
            "self._state = told((self._state), tell,",
        ),
        (
            "erasure",
            "erasure",
            "for step in _STEPS:\n            await workflow.execute_activity(step,",
            "for act in _STEPS:\n            await workflow.execute_activity(act,",
        ),
        (
            "digest",
            "digest",
            "        until = workflow.now()\n",
            "        until = workflow.now()\n        unused = until\n",
        ),
    ],
    ids=["comment", "timeout", "brackets", "renamed local", "one more local"],
)
def test_a_harmless_edit_does_not(workflow: str, module: str, before: str, after: str) -> None:
    assert _sequence(workflow, module, before, after) == sequences(read_sources())[workflow]
