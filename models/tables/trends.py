"""What stood on each day, for trends over weeks."""

from datetime import date

from sqlmodel import Field

from models.tables.types import Table


class DailyCount(Table, table=True):
    """A figure of a department on a day, as it stood at the day's first digest. `figure` is a field of
    `DepartmentTotals`, `overdue`, or `stage.<stage>`."""

    school_id: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    department_id: str = Field(primary_key=True)
    figure: str = Field(primary_key=True)
    count: int
