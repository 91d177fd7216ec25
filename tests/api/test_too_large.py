"""A case goes on whatever is written into it: what Temporal could not carry is refused, and the rest is handed on."""

from typing import Any

from tests.product import Product

NOTE = {"type": "annotate", "text": "备注"}
EVIDENCE = [{"type": f"kind {number}", "note": "证" * 500} for number in range(20)]
DESTINATION: dict[str, Any] = {"type": "register_destination", "code": "70", "evidence": EVIDENCE}


async def test_a_case_does_not_grow_beyond_what_can_be_carried(product: Product) -> None:
    case_id = await product.paired()
    graduate = f"graduate:{case_id}"
    answer = await product.do(case_id, graduate, DESTINATION, DESTINATION)
    for _ in range(20):
        answer = await product.do(case_id, graduate, DESTINATION, DESTINATION)
    assert (answer.status, answer.code) == (409, "case_too_large")
    assert answer.body["details"] == {"limit": 128}
    for _ in range(15):
        await product.accepted(case_id, "mentor-1", NOTE)
    await product.accepted(case_id, "mentor-1", DESTINATION)


async def test_long_texts_leave_a_case_that_goes_on(product: Product) -> None:
    """The texts are in the timeline, and not among what a run hands to the next."""
    case_id = await product.paired()
    long = {"type": "annotate", "text": "记" * 4000}
    for _ in range(15):
        await product.accepted(case_id, "mentor-1", *[long] * 20)
    assert (await product.accepted(case_id, "mentor-1", NOTE))["version"] > 300

    async def begun_anew() -> bool:
        status = await product.services.status.of(case_id)
        return status.live is not None and status.live.commands_in_run < 10

    await product.until(begun_anew, what="a new run has begun")
    answer = await product.do(case_id, "mentor-1", NOTE)
    assert answer.status == 200
