"""The audit as it is read: by those who supervise, and by the graduate whose file it is."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from models.audit import Outcome
from models.base import Model
from models.case.kernel import Moment

Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class AuditFilter(Model):
    """Which entries: those to which everything given applies; `since` inclusive, `until` exclusive."""

    case_id: Short | None = None
    actor_id: Short | None = None
    act: Short | None = None
    outcome: Outcome | None = None
    since: Moment | None = None
    until: Moment | None = None
    cursor: str | None = Field(default=None, max_length=500)
    limit: int = Field(default=50, ge=1, le=200)


class AuditLine(Model):
    """An entry. `begun` was written before an act that nothing else of the same `request_id` says to be refused or
    failed; `detail` holds ids, codes and keyed hashes."""

    seq: int
    id: str
    at: datetime
    actor_id: str
    actor_role: str
    how: str
    address: str
    act: str
    act_zh: str
    act_en: str
    case_id: str | None
    purpose: str | None
    outcome: Outcome
    code: str | None
    request_id: str | None
    detail: dict[str, str | int | list[str]]


class AccessLine(Model):
    """An access to one's file: who by role, department and name, what, and for which purpose where one was given.
    `department` and `name` are absent for the graduate, and for what the system did by itself."""

    at: datetime
    role: str
    department: str | None
    name: str | None
    act: str
    act_zh: str
    act_en: str
    purpose: str | None
    purpose_zh: str | None
    purpose_en: str | None
    outcome: Outcome
