"""Messages that leave the product, and what became of each."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from models.tables.types import Instant, Table


class Delivery(Table, table=True):
    """One message to one person over one channel. `status`: queued, sent, failed, retried, given_up.

    `period` names the digest it belongs to, so that nobody gets two for one day.
    """

    __table_args__ = (
        UniqueConstraint("staff_id", "period", "channel"),
        Index("ix_delivery_status", "school_id", "status"),
        Index("ix_delivery_created", "school_id", "created_at", "id"),
    )

    id: str = Field(primary_key=True)
    school_id: str
    staff_id: str
    period: str
    channel: str
    status: str
    subject: str
    body: str = Field(sa_type=Text)
    attempts: int = 0
    error: str | None = None
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
