"""Files that reach their end by themselves, on a real server with service standards in seconds."""

from typing import Any

from tests.erasure.ending import certified
from tests.product import Product


async def withdrawn(product: Product) -> str:
    """A case that is kept for six seconds more."""
    case_id = await product.paired()
    closure = {"type": "request_closure", "reason": "withdrawn", "outcome": "退学"}
    await product.accepted(case_id, "mentor-1", closure)
    await product.accepted(case_id, "college", {"type": "approve_closure"})
    return case_id


async def test_a_file_is_erased_at_the_end_of_its_time(quick: Product) -> None:
    case_id = await withdrawn(quick)
    number = await certified(quick, case_id)
    certificate = (await quick.get(f"/erasures/{number}", "career-centre")).body
    assert (certificate["ground"], certificate["approved_by"]) == ("retention_ended", "system")
    assert certificate["decided_at"] >= certificate["retention_ends_at"]
    assert (await quick.get(f"/cases/{case_id}", "mentor-1")).status == 410


async def test_a_legal_hold_stops_it_until_it_is_lifted(quick: Product) -> None:
    case_id = await withdrawn(quick)
    hold = {"type": "place_legal_hold", "reason": "劳动争议"}
    await quick.accepted(case_id, "career-centre", hold)

    async def ended() -> Any:
        return any(event["type"] == "retention_ended" for event in await quick.timeline(case_id))

    await quick.until(ended, what="the file has been kept for its time")
    events = [event["type"] for event in await quick.timeline(case_id)]
    assert "retention_near" in events
    assert "erasure_begun" not in events
    inbox = (await quick.get("/inbox?limit=200", "career-centre")).body["notices"]
    told = [notice["kind"] for notice in inbox if notice["case_id"] == case_id]
    assert "retention_near" in told
    status = (await quick.get(f"/cases/{case_id}/workflow", "career-centre")).body
    assert (status["status"], status["live"]["next_wake"]) == ("running", None)

    await quick.accepted(case_id, "career-centre", {"type": "lift_legal_hold", "reason": "已结案"})
    number = await certified(quick, case_id)
    assert (await quick.get(f"/erasures/{number}", "career-centre")).body["ground"] == "retention_ended"


async def test_reopening_stops_it(quick: Product) -> None:
    case_id = await withdrawn(quick)
    assert (await quick.get(f"/cases/{case_id}", "college")).body["retention_ends_at"] is not None
    await quick.accepted(case_id, "college", {"type": "reopen", "reason": "asked"})
    assert (await quick.get(f"/cases/{case_id}", "college")).body["retention_ends_at"] is None
