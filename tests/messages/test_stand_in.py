"""Who stands in for a colleague is told each day of the colleague's work as well, for as long as it lasts."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from models.case.kernel import Role, staff
from models.tables import CaseDeadline, Delegation, Delivery, Staff
from models.tables.types import Table
from services.database import writing
from tests.messages.desk import DAY, MORNING, SCHOOL, Desk

FIRST, SECOND = date(2026, 11, 2), date(2026, 11, 3)


def keep(desk: Desk, *rows: Table) -> None:
    with Session(writing(desk.engine)) as session:
        session.add_all(rows)
        session.commit()


def colleague(staff_id: str) -> Staff:
    fields = {"id": staff_id, "school_id": SCHOOL, "name": "测试导师", "role": Role.MENTOR}
    return Staff.model_validate(fields | {"capacity": 5, "created_at": MORNING - DAY})


def delegation(number: int, to_id: str, **fields: Any) -> Delegation:
    """Somebody who stands in for `m1`, on the first day unless it is said otherwise."""
    given = {"id": f"dlg-{number}", "school_id": SCHOOL, "from_id": "m1", "to_id": to_id, "reason": "病假"}
    days = {"from_on": FIRST, "until_on": FIRST, "created_by": "m1", "created_at": MORNING - DAY}
    return Delegation.model_validate(given | days | fields)


def deadline(case_id: str, owner: str, due_at: datetime) -> CaseDeadline:
    fields = {"case_id": case_id, "key": "contact", "school_id": SCHOOL, "department_id": "cs"}
    clock = {"clock": "contact", "subject": "", "owner": staff(owner), "since": MORNING - 9 * DAY}
    return CaseDeadline.model_validate(fields | clock | {"mentor_id": owner, "due_at": due_at})


def digests(desk: Desk, cases: Iterable[str]) -> dict[tuple[str, str], tuple[str, set[str]]]:
    """By person and day: what the subject counts, and which of the cases are named."""
    with Session(desk.engine) as session:
        rows = session.exec(select(Delivery)).all()
    return {
        (row.staff_id, row.period[-2:]): (row.subject, {case_id for case_id in cases if case_id in row.body})
        for row in rows
    }


def test_a_stand_in_is_told_of_the_work_that_is_covered(desk: Desk) -> None:
    cases = {"case-late", "case-own", "case-soon"}
    keep(
        desk,
        *(colleague(name) for name in ("m2", "m3", "m4")),
        deadline("case-late", "m1", MORNING - timedelta(hours=1)),
        deadline("case-soon", "m1", MORNING),
        deadline("case-own", "m2", MORNING),
        # Twice the same one, who counts once; one who no longer stands in, and one who does from tomorrow.
        delegation(1, "m2"),
        delegation(2, "m2", from_on=FIRST - DAY),
        delegation(3, "m3", revoked_at=MORNING - timedelta(hours=2)),
        delegation(4, "m4", from_on=SECOND, until_on=SECOND),
    )
    desk.notice("case-late", MORNING - DAY)
    desk.digest(0)
    desk.digest(1)
    found = digests(desk, cases)
    absent, covering = {"case-late", "case-soon"}, cases
    assert {key: named for key, (_, named) in found.items()} == {
        ("m1", "02"): absent,
        ("m2", "02"): covering,
        ("m1", "03"): absent,
        ("m2", "03"): {"case-own"},
        ("m4", "03"): absent,
    }
    assert "待办 2 项，逾期 2 项，通知 1 条" in found["m1", "02"][0]
    assert "待办 3 项，逾期 3 项，通知 1 条" in found["m2", "02"][0]
