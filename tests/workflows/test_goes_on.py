"""A case goes on where it is refused what it asks for, where people ask in vain, and where a class is silent."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import worker
from models.case.ladder import deadlines
from models.case.state import CaseState
from services.database import migrate
from services.settings import Settings
from tests.product import Product, running_api, running_product, running_worker, settings_for
from tests.training.test_class import enrol, found, shown
from workflows.messages import CASE_STATE
from workflows.training_class import TrainingClassWorkflow

_SHORT = "extends: {}\nid: short\nversion: 1\ntitle: 短\ncontinue_after_commands: {}\n"
_CLOSING = {"type": "request_closure", "reason": "withdrawn", "outcome": "退学"}


@asynccontextmanager
async def _office(settings: Settings) -> AsyncGenerator[Product]:
    """The application with its staff, and no worker."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings)
    async with running_api(settings) as product:
        await product.engage_staff()
        yield product


def _with_short_runs(settings: Settings, extends: str, commands: int) -> Settings:
    policy = settings.data_dir / "short.yaml"
    policy.parent.mkdir(parents=True, exist_ok=True)
    policy.write_text(_SHORT.format(extends, commands), encoding="utf-8")
    return settings.model_copy(update={"policy": policy})


async def _state(product: Product, case_id: str) -> CaseState:
    handle = product.services.client.get_workflow_handle(case_id)
    return await handle.query(CASE_STATE, result_type=CaseState)


async def test_a_case_that_closes_while_it_seeks_a_mentor_can_be_reopened(
    temporal_address: str, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, temporal_address, school="90046", policy="seconds")
    async with _office(settings) as product:
        async with running_worker(settings):
            case_id = await product.eligible()
            await product.accepted(case_id, "counselor", {"type": "propose_mentor", "mentor_id": "mentor-1"})
            await product.accepted(case_id, "counselor", _CLOSING)
            asked = next(
                item for item in deadlines(await _state(product, case_id)) if item.clock == "answer_pairing"
            )
        # Nobody works when the mentor's time is over, so that the case hears of the approval first.
        approval = asyncio.create_task(product.do(case_id, "college", {"type": "approve_closure"}))
        assert asked.lapses_at is not None
        await asyncio.sleep(max((asked.lapses_at - datetime.now(UTC)).total_seconds(), 0) + 0.1)
        async with running_worker(settings):
            answer = await approval
            assert answer.status == 200, answer.body
            assert (await _state(product, case_id)).pairing.seeking
            body = await product.accepted(case_id, "college", {"type": "reopen", "reason": "asked"})
            assert body["case"]["stage"] == "pairing"

            async def asks_again() -> bool:
                proposal = (await _state(product, case_id)).pairing.proposal
                return proposal is not None and proposal.mentor_id != "mentor-1"

            await product.until(asks_again, what="the next mentor is asked")


async def test_commands_refused_by_the_world_wear_a_run_like_others(
    temporal_address: str, tmp_path: Path
) -> None:
    settings = _with_short_runs(
        settings_for(tmp_path, temporal_address, school="90047"), "national", commands=2
    )
    async with running_product(settings) as product:
        for _ in range(3):
            await product.paired("leader")
        case_id = await product.eligible()
        handle = product.services.client.get_workflow_handle(case_id)
        first = (await handle.describe()).run_id
        for _ in range(4):
            answer = await product.do(case_id, "college", {"type": "propose_mentor", "mentor_id": "leader"})
            assert answer.code == "no_capacity"

        async def in_another_run() -> bool:
            return (await handle.describe()).run_id != first

        await product.until(in_another_run, what="the case has a fresh history")


async def test_a_silent_class_stops_nobodys_clock(
    temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _with_short_runs(
        settings_for(tmp_path, temporal_address, school="90048"), "seconds", commands=1
    )
    async with _office(settings) as product:
        async with running_worker(settings):
            class_id = await found(product, places=5)
            leaves, _ = await enrol(product, class_id)
            asks = await product.paired()
        async with _serving_no_classes(settings, monkeypatch):
            enrolment_id = (await _state(product, leaves)).trainings.popitem()[0]
            withdrawal = {"type": "withdraw_training", "enrolment_id": enrolment_id, "reason": "入职"}
            await product.accepted(leaves, "mentor-1", withdrawal)
            question = asyncio.create_task(
                product.do(asks, "mentor-1", {"type": "enrol_training", "class_id": class_id})
            )
            await product.until(lambda: _is_asking(product, asks), what="the class is asked")
            for case_id in (leaves, asks):
                until = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
                hold = {"type": "place_hold", "reason": "住院", "until": until}
                await product.accepted(case_id, "college", hold)

            async def both_held_and_over() -> bool:
                return all([(await _state(product, each)).hold is None for each in (leaves, asks)])

            await product.until(both_held_and_over, what="the holds end by themselves")
        async with running_worker(settings):
            await question

            async def all_told() -> bool:
                roll = {line["case_id"]: line["status"] for line in (await shown(product, class_id))["roll"]}
                return roll == {leaves: "withdrawn", asks: "enrolled"}

            await product.until(all_told, what="the class has heard of both")


@asynccontextmanager
async def _serving_no_classes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[None]:
    """A worker whose classes do not answer."""
    served = [each for each in worker.WORKFLOWS if each is not TrainingClassWorkflow]
    with monkeypatch.context() as patched:
        patched.setattr(worker, "WORKFLOWS", served)
        async with running_worker(settings):
            yield


async def _is_asking(product: Product, case_id: str) -> bool:
    description = await product.services.client.get_workflow_handle(case_id).describe()
    return any(
        each.activity_type.name == "reserve_place" for each in description.raw_description.pending_activities
    )
