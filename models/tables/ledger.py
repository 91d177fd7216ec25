"""The ledger (帮扶台账) and the timeline, as the cases' events build them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field

from models.tables.types import Instant, Table, WriteNumber

_COUNTED = (
    "school_id",
    "department_id",
    "cohort",
    "stage",
    "primary_type",
    "closed_at",
    "mentor_id",
    "risk_level",
    "planned",
    "left_school",
    "services_due",
    "services_done",
    "services_confirmed",
    "destination_status",
    "destination_code",
    "settled",
    "opened_at",
    "erased_at",
    "case_id",
)


class CaseRow(Table, table=True):
    """One case, as of `version`, or, where `erased_at` is set, what is counted of one that is gone.

    `state` is the whole state as JSON but for the policy (`policy_ref`). `name`, `student_no` and `state` are sealed
    with the case's key; the columns that end in `_key` are keyed hashes of what they are named after, for finding it
    again; `parts` are the fingerprints, as JSON, of the rows that hang on this one, by table; `written` is the
    database's own number of the write (see `WriteNumber`).
    """

    __table_args__ = (
        Index("ix_case_scope_due", "school_id", "department_id", "next_due_at", "case_id"),
        Index("ix_case_due", "school_id", "next_due_at", "case_id"),
        Index("ix_case_opened", "school_id", "opened_at", "case_id"),
        Index("ix_case_updated", "school_id", "updated_at", "case_id"),
        Index("ix_case_mentor", "mentor_id", "next_due_at", "case_id"),
        Index("ix_case_proposed", "proposed_mentor_id"),
        Index("ix_case_student", "student_no_key"),
        Index("ix_case_id_number", "id_number_key"),
        Index("ix_case_phone", "phone_key"),
        Index("ix_case_name", "name_key"),
        # All that is counted of cases: a count reads the index alone.
        Index("ix_case_overview", *_COUNTED),
        Index("ix_case_written", "written"),
        Index("ix_case_retention", "school_id", "retention_ends_at", "case_id"),
    )

    case_id: str = Field(primary_key=True)
    version: int
    school_id: str
    department_id: str
    cohort: int
    student_no: str = Field(sa_type=Text)
    student_no_key: str
    id_number_key: str | None = None
    phone_key: str | None = None
    name: str = Field(sa_type=Text)
    name_key: str
    stage: str
    primary_type: str | None = None
    mentor_id: str | None = None
    proposed_mentor_id: str | None = None
    risk_level: str | None = None
    held_until: datetime | None = Field(default=None, sa_type=Instant)
    planned: bool = False
    left_school: bool = False
    services_due: int = 0
    services_done: int = 0
    services_confirmed: int = 0
    destination_code: str | None = None
    destination_status: str | None = None
    settled: bool = False
    closure_reason: str | None = None
    closure_requested: bool = False
    opened_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    waiting_since: datetime = Field(sa_type=Instant)
    assigned_since: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    legal_hold_since: datetime | None = Field(default=None, sa_type=Instant)
    erasure_requested_at: datetime | None = Field(default=None, sa_type=Instant)
    retention_ends_at: datetime | None = Field(default=None, sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)
    next_due_at: datetime | None = Field(default=None, sa_type=Instant)
    next_due_clock: str | None = None
    policy_ref: str
    policy_digest: str
    state: str = Field(sa_type=Text)
    parts: str = Field(default="{}", sa_type=Text)
    written: int | None = Field(
        default=None,
        sa_type=BigInteger,
        nullable=False,
        sa_column_kwargs={"default": WriteNumber(), "onupdate": WriteNumber()},
    )


class CaseHardship(Table, table=True):
    """A hardship type of a case (several are possible)."""

    __table_args__ = (Index("ix_hardship_type", "type", "case_id"),)

    case_id: str = Field(primary_key=True)
    type: str = Field(primary_key=True)


class CaseEvent(Table, table=True):
    """The timeline: never changed, only added to. `data` is the event as JSON, sealed with the case's key."""

    __table_args__ = (Index("ix_event_type", "type", "at"),)

    case_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    type: str
    actor_id: str
    actor_role: str
    data: str = Field(sa_type=Text)


class CaseDeadline(Table, table=True):
    """What somebody is due to do now in a case. `rung` is the last rung of the ladder that was reached."""

    __table_args__ = (
        Index("ix_deadline_owner", "owner", "due_at"),
        Index("ix_deadline_mentor", "mentor_id", "due_at"),
        Index("ix_deadline_due", "school_id", "due_at", "case_id", "key"),
        # All that is counted of deadlines comes behind what orders them.
        Index(
            "ix_deadline_scope",
            *("school_id", "department_id", "due_at", "case_id", "key"),
            *("clock", "rung", "paused"),
        ),
    )

    case_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    school_id: str
    department_id: str
    mentor_id: str | None = None
    clock: str
    subject: str
    owner: str
    since: datetime = Field(sa_type=Instant)
    due_on: date | None = None
    due_at: datetime = Field(sa_type=Instant)
    rung: str | None = None
    paused: bool = False


class CaseNotice(Table, table=True):
    """Somebody was told of an event. `audience` is a person, a department or a school; `period` is that of the
    digest that told it, None until one has."""

    __table_args__ = (
        Index("ix_notice_audience", "audience", "at"),
        Index("ix_notice_school", "school_id", "period", "at"),
    )

    case_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    audience: str = Field(primary_key=True)
    school_id: str
    kind: str
    subject: str
    at: datetime = Field(sa_type=Instant)
    period: str | None = None


class CaseReferral(Table, table=True):
    """A referral, for the partners' lists and the loop times."""

    __table_args__ = (
        Index("ix_referral_receiver", "receiver", "status"),
        # All that is counted of referrals comes behind what orders them.
        Index(
            "ix_referral_scope",
            *("school_id", "sent_at", "case_id", "referral_id"),
            *("department_id", "status", "answered_at", "acknowledged_at"),
        ),
    )

    case_id: str = Field(primary_key=True)
    referral_id: str = Field(primary_key=True)
    school_id: str
    department_id: str
    kind: str
    receiver: str
    sender_id: str
    status: str
    sent_at: datetime = Field(sa_type=Instant)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    acknowledged_at: datetime | None = Field(default=None, sa_type=Instant)
