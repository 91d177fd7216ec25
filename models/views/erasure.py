"""What is due to be erased, and what was."""

from datetime import datetime
from typing import Literal

from models.base import Model

ErasureStatus = Literal["running", "done"]


class RetentionLine(Model):
    """A file that is only kept: until when, and what stops its erasure. It names nobody."""

    case_id: str
    department_id: str
    cohort: int
    stage: str
    closed_at: datetime | None
    retention_ends_at: datetime | None
    legal_hold_since: datetime | None
    erasure_requested_at: datetime | None


class ErasureLine(Model):
    """An erasure. `status`: `done`, or `running` for the moments that it takes."""

    number: str
    case_id: str
    department_id: str
    ground: str
    status: ErasureStatus
    decided_at: datetime
    completed_at: datetime | None


class CertificateView(ErasureLine):
    """The certificate of an erasure. `genuine` is False when something in a completed one was changed.

    `events` counts what the file held; `removed` the rows deleted or emptied, by table; `remains` names what is
    left (see docs/erasure.md). Until `backups_until` the destroyed key may live in backups of the key store.
    """

    school_id: str
    requested_by: str
    requested_at: datetime
    approved_by: str
    ending: str
    kept_since: datetime
    retention_ends_at: datetime
    policy_ref: str
    events: int
    key_id: str | None
    key_destroyed_at: datetime | None
    removed: dict[str, int]
    remains: tuple[str, ...]
    backups_until: datetime | None
    genuine: bool | None
