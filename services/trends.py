"""Trends over weeks, from what was counted once a day."""

from collections import Counter
from datetime import date, datetime, timedelta

from sqlalchemy import Engine, func, select
from sqlmodel import col

from models.case.kernel import Actor
from models.tables import CaseDeadline, CaseRow, DailyCount
from models.views.supervision import DepartmentTotals, StageCount, Trends, TrendWeek
from services.database import insert_missing, writing
from services.overview import departments_of, overdue_of, stages_of
from services.school_day import date_of
from services.supervised import department_of, supervised

_KEYS = frozenset({"school_id", "department_id"})


class DayBook:
    """Writes down what stands, once a day."""

    def __init__(self, engine: Engine) -> None:
        self._engine = writing(engine)

    def write(self, school_id: str, now: datetime) -> None:
        """Count the school's departments for this day; a day that was counted stays as it is."""
        day = date_of(now)
        cases = [col(CaseRow.school_id) == school_id]
        with self._engine.begin() as connection:
            taken = select(func.count()).where(
                col(DailyCount.school_id) == school_id, col(DailyCount.day) == day
            )
            if connection.execute(taken).scalar_one():
                return
            late: Counter[str] = Counter()
            for item in overdue_of(connection, [col(CaseDeadline.school_id) == school_id], now):
                late[item.department_id] += item.count or 0
            rows: list[DailyCount] = []
            for item in departments_of(connection, cases):
                figures = item.model_dump(exclude=set(_KEYS)) | {"overdue": late[item.department_id]}
                rows += [_counted(day, item, name, count) for name, count in figures.items()]
            stages = stages_of(connection, cases)
            rows += [_counted(day, item, f"stage.{item.stage}", item.count) for item in stages]
            insert_missing(connection, rows)


class TrendReader:
    """Reads the trends of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def trends(self, actor: Actor, now: datetime, *, weeks: int, department: str | None) -> Trends:
        """The figures of each week, as they stood on the last day of it that was counted. Raises NotAllowed."""
        wanted = department_of(actor, department)
        with self._engine.connect() as connection:
            scope = supervised(connection, actor)
            day, figure = col(DailyCount.day), col(DailyCount.figure)
            query = select(day, figure, func.sum(col(DailyCount.count))).where(
                scope(DailyCount.school_id, DailyCount.department_id),
                day > date_of(now) - timedelta(weeks=weeks),
            )
            if wanted is not None:
                query = query.where(col(DailyCount.department_id) == wanted)
            rows = connection.execute(query.group_by(day, figure).order_by(day, figure)).all()
        days: dict[date, dict[str, int]] = {}
        for on, name, count in rows:
            days.setdefault(on, {})[name] = int(count)
        # The later days of a week take the place of the earlier ones.
        last = {on.isocalendar()[:2]: TrendWeek(day=on, figures=figures) for on, figures in days.items()}
        return Trends(weeks=list(last.values()))


def _counted(day: date, item: DepartmentTotals | StageCount, figure: str, count: int | None) -> DailyCount:
    place = {"school_id": item.school_id, "department_id": item.department_id}
    return DailyCount(**place, day=day, figure=figure, count=count or 0)
