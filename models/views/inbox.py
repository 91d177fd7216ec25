"""What a person finds in the inbox."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from models.base import Model

Section = Literal["due", "overdue", "waiting_for_others", "notices"]


class DeadlineEntry(Model):
    """Something due. `display` is the graduate's name for those who may read the case, else the case id."""

    case_id: str
    display: str
    department_id: str
    clock: str
    subject: str
    owner: str
    since: datetime
    due_on: date | None
    due_at: datetime
    rung: str | None
    overdue: bool
    zh: str
    en: str


class NoticeEntry(Model):
    """Something that happened. `kind` is an event type or `rung:<clock>:<rung>`."""

    case_id: str
    display: str
    seq: int
    kind: str
    clock: str | None
    rung: str | None
    subject: str
    audience: str
    at: datetime
    zh: str
    en: str


class InboxCounts(Model):
    """How many there are in all; `notices` counts those of the last days that were asked for."""

    due: int
    overdue: int
    waiting_for_others: int
    notices: int


class Inbox(Model):
    """One page of each section; `next_cursors` names the sections that go on."""

    due: list[DeadlineEntry] = Field(default_factory=list[DeadlineEntry])
    overdue: list[DeadlineEntry] = Field(default_factory=list[DeadlineEntry])
    waiting_for_others: list[DeadlineEntry] = Field(default_factory=list[DeadlineEntry])
    notices: list[NoticeEntry] = Field(default_factory=list[NoticeEntry])
    counts: InboxCounts
    next_cursors: dict[Section, str] = Field(default_factory=dict[Section, str])
