"""Time on a real server, with service standards in seconds: every rung arrives, once, and people are told."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.product import ELIGIBLE, Product

RUNGS = ["before_due", "due", "overdue", "college", "school"]


async def _reached(product: Product, case_id: str, clock: str) -> list[dict[str, Any]]:
    events = await product.timeline(case_id)
    return [
        event["data"]
        for event in events
        if event["type"] == "rung_reached" and event["data"]["clock"] == clock
    ]


async def test_every_rung_of_a_neglected_file_arrives_once(quick: Product) -> None:
    case_id = await quick.open_case()

    async def whole_ladder() -> bool:
        return len(await _reached(quick, case_id, "confirm_eligibility")) >= len(RUNGS)

    await quick.until(whole_ladder, what="five rungs")
    reached = await _reached(quick, case_id, "confirm_eligibility")
    assert [rung["rung"] for rung in reached] == RUNGS
    assert [rung["audience"] for rung in reached] == ["department:cs"] * 4 + ["school:90002"]
    # Nothing is left to wait for, so nothing comes twice.
    status = (await quick.get(f"/cases/{case_id}/workflow", "college")).body
    assert status["live"]["next_wake"] is None
    inbox = (await quick.get("/inbox", "career-centre")).body
    told = Counter(notice["case_id"] for notice in inbox["notices"])
    assert told[case_id] == 1


async def test_a_silent_mentor_is_reminded_then_the_next_is_asked(quick: Product) -> None:
    case_id = await quick.open_case()
    await quick.accepted(case_id, "counselor", ELIGIBLE)
    first = (await quick.accepted(case_id, "counselor", {"type": "propose_mentor", "mentor_id": "mentor-1"}))[
        "case"
    ]
    assert first["pairing"]["proposal"]["mentor_id"] == "mentor-1"

    async def second() -> Any:
        proposal = (await quick.get(f"/cases/{case_id}", "college")).body["pairing"]["proposal"]
        return proposal and proposal["mentor_id"] != "mentor-1" and proposal["mentor_id"]

    mentor = await quick.until(second, what="another mentor is asked")
    assert [rung["audience"] for rung in await _reached(quick, case_id, "answer_pairing")][:2] == [
        "staff:mentor-1"
    ] * 2
    assert (await quick.do(case_id, "mentor-1", {"type": "accept_pairing"})).code == "not_yours"
    assert (await quick.do(case_id, mentor, {"type": "accept_pairing"})).status == 200


async def test_a_hold_stops_the_clocks_and_ends_by_itself(quick: Product) -> None:
    case_id = await quick.paired()
    waiting = (await quick.get(f"/cases/{case_id}", "college")).body["waiting_since"]
    answer = await quick.do(
        case_id, "college", {"type": "place_hold", "reason": "住院", "until": _in_seconds(4)}
    )
    assert answer.status == 200
    assert answer.case["no_deadline_reason"] == "on_hold"
    held_at = answer.body["version"]

    async def ended() -> bool:
        return any(event["type"] == "hold_ended" for event in await quick.timeline(case_id))

    await quick.until(ended, what="the hold ends by itself")
    after = [event["type"] for event in await quick.timeline(case_id) if event["seq"] > held_at]
    assert after[0] == "hold_ended"
    assert (await quick.get(f"/cases/{case_id}", "college")).body["waiting_since"] == waiting


def _in_seconds(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
