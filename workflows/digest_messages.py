"""What the digest and its deliveries are given and answer."""

from datetime import datetime

from models.base import Model
from models.digest_times import DigestTimes

DELIVERY_WORKFLOW = "delivery"
LOOK_AGAIN = "look_again"


class DigestInput(Model):
    """A school, and when its last digest went out (None at the beginning)."""

    school_id: str
    last_at: datetime | None = None


class DigestSchedule(Model):
    """The times of the digest, and how often a message that fails is tried (`retry_seconds` before the second
    try, then twice as long each time)."""

    times: DigestTimes
    attempts: int
    retry_seconds: int


class CollectInput(Model):
    """Gather what is due by `until` and what no digest has told. `since` comes from digests that 0.1.0 began."""

    school_id: str
    period: str
    until: datetime
    since: datetime | None = None


class DeliveryInput(Model):
    """Messages that are to leave the product."""

    ids: list[str]
    schedule: DigestSchedule


class SendInput(Model):
    """A try to send these messages; the `last` one gives up those that fail."""

    ids: list[str]
    last: bool
