"""What earlier versions handed to workflows, and keep in the ledger, still loads, and nothing of it is dropped."""

import json
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter

from models.case.kernel import Context
from models.case.ladder import next_wake
from models.case.machine import decide
from models.case.state import CaseFacts
from models.training_class import TrainingClassState
from tests.core.people import COUNSELOR
from tests.workflows.life import COMMAND
from workflows.digest_messages import CollectInput, DeliveryInput, DigestInput
from workflows.erasure_messages import ErasureOrder
from workflows.messages import CaseInput, CommandAnswer, ImportInput
from workflows.offboarding_messages import OffboardingInput
from workflows.reconcile_messages import ReconcileInput

KEPT = sorted((Path(__file__).parent / "kept").glob("*.json"))
MODELS: tuple[type[Any], ...] = (
    CaseFacts,
    CaseInput,
    CollectInput,
    CommandAnswer,
    DeliveryInput,
    DigestInput,
    ErasureOrder,
    ImportInput,
    OffboardingInput,
    ReconcileInput,
    TrainingClassState,
)
BY_NAME = {model.__name__: model for model in MODELS}


def loaded(path: Path) -> Any:
    """By the very converter that reads what Temporal keeps."""
    converter = pydantic_data_converter.payload_converter
    payload = converter.to_payload(json.loads(path.read_bytes()))
    return converter.from_payload(payload, BY_NAME[path.stem.partition("-")[0]])


def lacking(now: Any, kept: Any, where: str = "") -> list[str]:
    """Where something that was kept is not there any more; what has been added does not count."""
    parts: list[tuple[str, Any, Any]]
    if isinstance(kept, dict) and isinstance(now, dict):
        left, right = cast("dict[str, Any]", now), cast("dict[str, Any]", kept)
        parts = [(name, left.get(name), value) for name, value in right.items()]
    elif isinstance(kept, list) and isinstance(now, list):
        longest = zip_longest(cast("list[Any]", now), cast("list[Any]", kept))
        parts = [(str(place), *pair) for place, pair in enumerate(longest)]
    else:
        return [] if now == kept else [where]
    return [found for name, mine, old in parts for found in lacking(mine, old, f"{where}/{name}")]


def test_each_kind_has_an_example() -> None:
    assert {path.stem.partition("-")[0] for path in KEPT} == set(BY_NAME)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_what_was_kept_is_still_read(path: Path) -> None:
    assert lacking(loaded(path).model_dump(mode="json"), json.loads(path.read_bytes())) == []


def test_a_carried_case_goes_on() -> None:
    (path,) = [path for path in KEPT if path.stem.startswith("CaseInput-carried")]
    carried = loaded(path).carried
    assert carried.earlier == {}
    state = carried.state
    actor = COUNSELOR.model_copy(update={"school_id": state.school_id, "department_id": state.department_id})
    note = COMMAND.validate_python({"type": "annotate", "text": "另有一事"})
    after, recorded = decide(state, [note], Context(actor, next_wake(state) or state.updated_at, None), {})
    assert (after.version, recorded[-1].event.type) == (state.version + 1, "annotated")
