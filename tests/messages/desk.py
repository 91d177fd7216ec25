"""A school's ledger and the writer of its digests, without anything running."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.case.kernel import staff
from models.tables import CaseNotice, Delivery
from services.database import writing
from services.digest import DigestWriter

SCHOOL = "90013"
MORNING = datetime(2026, 11, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Desk:
    """One person of a school, what the ledger has for them, and the writer of their digests."""

    engine: Engine
    writer: DigestWriter

    def notice(self, case_id: str, at: datetime, kind: str = "plan_set", *, seq: int = 1) -> None:
        row = CaseNotice(
            case_id=case_id,
            seq=seq,
            audience=staff("m1"),
            school_id=SCHOOL,
            kind=kind,
            subject="",
            at=at,
        )
        with Session(writing(self.engine)) as session:
            session.add(row)
            session.commit()

    def digest(self, day: int) -> list[str]:
        moment = MORNING + day * DAY
        return self.writer.collect(SCHOOL, moment.date().isoformat(), moment)

    def told(self) -> dict[str, int]:
        """How many notices each digest told."""
        with Session(self.engine) as session:
            rows = session.exec(select(Delivery).order_by(col(Delivery.period))).all()
        counts = {row.period: re.search(r"通知 (\d+) 条", row.subject) for row in rows}
        return {period[-2:]: int(found[1]) for period, found in counts.items() if found}
