"""What the province is told of small groups."""

from models.views.supervision import (
    AfterLeaving,
    CohortCount,
    FunnelCount,
    HardshipCount,
    LoopTime,
    Overview,
    ReferralLoop,
    ReferralStatusCount,
    StageCount,
)
from services.small_counts import without_small_counts
from tests.messages.test_inbox import someone
from tests.product import Product

LOOP = ReferralLoop(
    by_status=[ReferralStatusCount(status="sent", count=7, acknowledged=1)],
    to_answer=LoopTime(count=2, mean_hours=3.5, median_hours=3.5),
    to_close=LoopTime(count=9, mean_hours=40.0, median_hours=38.0),
)
OVERVIEW = Overview(
    total=12,
    open=11,
    unassigned=0,
    unserved_count=1,
    overdue=4,
    settled=5,
    stages=[
        StageCount(school_id="1", department_id="cs", stage="intake", count=10),
        StageCount(school_id="1", department_id="cs", stage="pairing", count=2),
    ],
    funnel=[FunnelCount(step="opened", count=4)],
    hardship_types=[
        HardshipCount(type="ORPHAN", total=1, open=1, unassigned=0, packages_complete=0, settled=0)
    ],
    cohorts=[CohortCount(cohort=2027, open=11, closed=1)],
    departments=[],
    overdue_by_rung=[],
    destinations=[],
    referrals=LOOP,
    after_leaving=AfterLeaving(open=7, on_time=6, late=1, none_due=0),
)


def test_small_counts_are_left_out_and_no_difference_tells_them() -> None:
    told = without_small_counts(OVERVIEW, 5)
    assert (told.total, told.open, told.unassigned) == (10, 10, 0)
    assert (told.unserved_count, told.overdue, told.settled) == (None, None, 5)
    assert [item.count for item in told.stages] == [10, None]
    assert (told.cohorts[0].cohort, told.cohorts[0].closed) == (2027, None)
    assert (told.hardship_types[0].total, told.hardship_types[0].unassigned) == (None, 0)
    assert (told.after_leaving.on_time, told.after_leaving.late) == (5, None)
    assert (told.referrals.by_status[0].count, told.referrals.by_status[0].acknowledged) == (5, None)
    assert (told.referrals.to_answer.mean_hours, told.referrals.to_close.mean_hours) == (None, 40.0)


async def test_only_the_province_is_told_less(product: Product) -> None:
    observer = await someone(product, "provincial_observer")
    await product.open_case(cohort=2041)
    for actor, total in ((observer, None), ("career-centre", 1)):
        answer = await product.get("/supervision/overview?cohort=2041", actor)
        assert (answer.status, answer.body["total"]) == (200, total)
