"""Training classes as lists show them; the class workflow is the authority."""

from datetime import date, datetime

from sqlalchemy import Text
from sqlmodel import Field

from models.tables.types import Instant, Table


class TrainingClass(Table, table=True):
    """A class (宏志助航 or the school's own). `status`: open, finished, cancelled; `state` is the whole class
    as JSON, sealed with the class's key."""

    id: str = Field(primary_key=True)
    school_id: str = Field(index=True)
    course: str
    owner_id: str
    places: int
    starts_on: date
    ends_on: date
    status: str
    enrolled: int = 0
    waiting: int = 0
    completed: int = 0
    version: int = 0
    state: str = Field(sa_type=Text)
    updated_at: datetime = Field(sa_type=Instant)
