"""Who may sign on, the sessions that began with it, and the tokens of machines. No secret is kept readable."""

from datetime import datetime

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field

from models.tables.types import Instant, Table


class Account(Table, table=True):
    """Sign-on of one person. `id` is the actor's: a staff id, or `graduate:<case_id>`; without `password_hash`
    (argon2id) only the school's own sign-on opens it. `login` is unique within the school, whose installation asks
    for it.

    `must_change`: the password is a first one that somebody else knows, taken until `one_time_until`. `totp` and
    `totp_pending` are sealed secrets, `totp_step` the last 30-second step whose code was taken, `recovery` the
    hashes of the recovery codes left, as JSON. `failed` counts failures in a row.
    """

    __table_args__ = (UniqueConstraint("school_id", "login"),)

    id: str = Field(primary_key=True)
    school_id: str = Field(index=True)
    login: str
    password_hash: str | None = None
    must_change: bool = False
    one_time_until: datetime | None = Field(default=None, sa_type=Instant)
    totp: str | None = None
    totp_pending: str | None = None
    totp_step: int = 0
    recovery: str = Field(default="[]", sa_type=Text)
    failed: int = 0
    failed_at: datetime | None = Field(default=None, sa_type=Instant)
    locked_until: datetime | None = Field(default=None, sa_type=Instant)
    disabled: bool = False
    demo: bool = False
    created_at: datetime = Field(sa_type=Instant)
    created_by: str
    password_at: datetime | None = Field(default=None, sa_type=Instant)
    signed_on_at: datetime | None = Field(default=None, sa_type=Instant)


class SignOnSession(Table, table=True):
    """A sign-on that lasts. `token_hash` is the SHA-256 of its 256-bit random token.

    `how`: password, command_line, oidc, cas. It ends at `ends_at` at the latest, earlier when nothing was asked
    for `idle_seconds`, or with `revoked_at`. `ticket_hash`: the SHA-256 of the CAS ticket that it began with.
    `id_token`: the OpenID provider's, sealed, until the session ends.
    """

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    actor_id: str = Field(index=True)
    school_id: str
    how: str
    second_factor: bool
    created_at: datetime = Field(sa_type=Instant)
    last_seen_at: datetime = Field(sa_type=Instant)
    idle_seconds: int
    ends_at: datetime = Field(index=True, sa_type=Instant)
    address: str
    agent: str
    ticket_hash: str | None = Field(default=None, index=True)
    id_token: str | None = Field(default=None, sa_type=Text)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class ApiToken(Table, table=True):
    """A machine's credential, acting as its owner, narrowed to `scopes` (permission names, separated by spaces)."""

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    name: str
    owner_id: str = Field(index=True)
    school_id: str = Field(index=True)
    scopes: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
