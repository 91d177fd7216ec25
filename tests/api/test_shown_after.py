"""The file that an answer shows is the one that everybody reads from the ledger."""

import asyncio
from typing import Any

from pydantic import TypeAdapter

from models.case.kernel import Actor, Role
from models.case.machine import AnyCommand
from services.commands import CommandKey
from tests.api.test_life import EMPLOYMENT
from tests.product import Product

CONTACT = {"type": "record_contact", "method": "phone", "content": "电话联系"}
COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)


async def shown(product: Product, case_id: str, actor: str, *commands: dict[str, Any]) -> dict[str, Any]:
    """The file with the answer, which is what the actor reads then."""
    answered = (await product.accepted(case_id, actor, *commands))["case"]
    assert answered == (await product.get(f"/cases/{case_id}", actor)).body
    return answered


async def acted_elsewhere(product: Product, case_id: str) -> None:
    """A contact by way of another process."""
    mentor = Actor(
        id="mentor-1", role=Role.MENTOR, school_id=product.settings.school_code, department_id="cs"
    )
    contact = COMMANDS.validate_python(CONTACT)
    await product.services.commands.send(case_id, [contact], mentor, CommandKey(f"{case_id}-elsewhere"))


async def test_through_a_life(product: Product) -> None:
    case_id = await product.delivering()
    for command in (
        CONTACT,
        {"type": "record_service", "service_type": "career_guidance", "method": "phone", "content": "已办"},
        {"type": "enrol_training", "course": "宏志助航"},
        {"type": "complete_training", "enrolment_id": "t1", "score_after": 88},
        EMPLOYMENT,
    ):
        await shown(product, case_id, "mentor-1", command)
    verify: dict[str, Any] = {"type": "verify_destination", "destination_id": "d1"}
    await shown(product, case_id, "college", verify | {"level": "department"})
    await shown(product, case_id, "career-centre", verify | {"level": "school"})
    closure = {"type": "request_closure", "reason": "destination_verified", "outcome": "已就业"}
    await shown(product, case_id, "mentor-1", closure)
    closed = await shown(product, case_id, "college", {"type": "approve_closure"})
    assert closed["stage"] == "closed"


async def test_with_what_was_done_elsewhere_meanwhile(product: Product) -> None:
    case_id = await product.delivering()
    await shown(product, case_id, "mentor-1", CONTACT)
    await acted_elsewhere(product, case_id)
    assert (await shown(product, case_id, "mentor-1", CONTACT))["contacts"] == 3


async def test_with_all_that_is_done_at_one_moment(product: Product) -> None:
    case_id = await product.delivering()
    answers = await asyncio.gather(*(product.accepted(case_id, "mentor-1", CONTACT) for _ in range(5)))
    assert all(answer["case"]["version"] >= answer["version"] for answer in answers)
    assert (await shown(product, case_id, "mentor-1", CONTACT))["contacts"] == 6


async def test_to_nobody_whose_right_ends_with_the_act(product: Product) -> None:
    case_id = await product.eligible()
    await product.accepted(case_id, "college", {"type": "propose_mentor", "mentor_id": "mentor-2"})
    declined = await product.accepted(case_id, "mentor-2", {"type": "decline_pairing", "reason": "无暇"})
    assert declined["case"] is None
    assert declined["events"]
