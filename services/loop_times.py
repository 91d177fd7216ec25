"""How long the loop of a referral takes (转介闭环), over many referrals, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, SQLColumnExpression, extract, func, select
from sqlmodel import col

from models.tables import CaseReferral
from models.views.supervision import LoopTime, ReferralLoop, ReferralStatusCount


def referral_loop(connection: Connection, where: Sequence[ColumnElement[bool]]) -> ReferralLoop:
    """The referrals by status, and how long answers and whole loops take."""
    status, seen = col(CaseReferral.status), col(CaseReferral.acknowledged_at)
    query = select(status, func.count().label("count"), func.count(seen).label("acknowledged")).where(*where)
    rows = connection.execute(query.group_by(status).order_by(status))
    return ReferralLoop(
        by_status=[ReferralStatusCount.model_validate(row) for row in rows.mappings()],
        to_answer=_loop_time(connection, where, col(CaseReferral.answered_at)),
        to_close=_loop_time(connection, where, seen),
    )


def _loop_time(
    connection: Connection, where: Sequence[ColumnElement[bool]], end: SQLColumnExpression[datetime | None]
) -> LoopTime:
    hours = _hours(connection, col(CaseReferral.sent_at), end)
    both = [*where, end.is_not(None)]
    count, mean = connection.execute(select(func.count(), func.avg(hours)).where(*both)).one()
    if not count:
        return LoopTime(count=0, mean_hours=None, median_hours=None)
    # The one in the middle, or the two.
    middle = select(hours).where(*both).order_by(hours).offset((count - 1) // 2).limit(2 - count % 2)
    values = [float(value) for value in connection.execute(middle).scalars()]
    return LoopTime(
        count=count,
        mean_hours=round(float(mean), 2),
        median_hours=round(sum(values) / len(values), 2),
    )


def _hours(connection: Connection, start: Any, end: Any) -> ColumnElement[Any]:
    if connection.dialect.name == "sqlite":
        return (func.julianday(end) - func.julianday(start)) * 24
    return extract("epoch", end - start) / 3600
