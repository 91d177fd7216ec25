"""What sign-on asks for and answers."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from models.base import Model
from models.case.kernel import Role

Must = Literal["change_password", "enrol_totp", "confirm_totp"]
"""What a session has to do before anything else."""

Password = Annotated[SecretStr, Field(min_length=1, max_length=200)]
Code = Annotated[SecretStr, Field(min_length=1, max_length=40)]
Scope = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+)*$", max_length=60)]


class SignOnDraft(Model):
    """`totp`: the code of the authenticator, or a recovery code. A browser takes the session as a `cookie`;
    without it the answer has its token, for `Authorization: Bearer`."""

    account: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password
    totp: Code | None = None
    cookie: bool = True


class SignOffDraft(Model):
    """`everywhere`: end all one's sessions, not this one alone."""

    everywhere: bool = False


class SignedOff(Model):
    """The session has ended. `provider`: the page of the school's own sign-on that ends the session there, to which
    the browser should go next; it comes back to Zhuhang."""

    provider: str | None


class PasswordDraft(Model):
    """A change of one's own password."""

    current: Password
    new: Password


class TotpDraft(Model):
    """The code that an authenticator shows; or, to prove a second factor in use, a recovery code."""

    code: Code


class SessionGranted(Model):
    """A session that began, or goes on under a new id. `token` is given only where there is no cookie;
    `csrf_token` goes into X-CSRF-Token; `must` names what has to be done before anything else."""

    actor_id: str
    session_id: str
    csrf_token: str
    ends_at: datetime
    must: Must | None
    token: str | None = None


class TotpConfirmed(SessionGranted):
    """`recovery_codes` of a new second factor are shown this once; each is taken once, in place of a code."""

    recovery_codes: list[str]


class TotpBegun(Model):
    """A second factor that waits for its first code. `uri` is what an authenticator reads as a QR code."""

    secret: str
    uri: str


class Me(Model):
    """Who asks, and what the session or token may do. `scopes` are those of an API token."""

    actor_id: str
    role: Role
    school_id: str
    department_id: str | None
    case_id: str | None
    how: str
    credential_id: str
    ends_at: datetime
    must: Must | None
    csrf_token: str | None
    scopes: list[str] | None


class SessionView(Model):
    """A session as its owner, or an administrator, sees it. `current`: the one that asks."""

    id: str
    actor_id: str
    how: str
    second_factor: bool
    created_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    address: str
    agent: str
    current: bool


class AccountDraft(Model):
    """An account for a member of staff; `account` is typed at sign-on, by default the staff id."""

    staff_id: Annotated[str, Field(min_length=1, max_length=100)]
    account: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@-]{1,60}$")] | None = None


class AccountChange(Model):
    """`disabled`: nobody signs on with it, and its sessions and tokens end. `unlock`: forget the failures."""

    disabled: bool | None = None
    unlock: bool = False


class ResetDraft(Model):
    """`second_factor`: it is lost as well, and is set up anew."""

    second_factor: bool = False


class AccountView(Model):
    """An account as the administrator sees it. `id` is that of the person; `account` is typed at sign-on."""

    id: str
    account: str
    disabled: bool
    locked: bool
    must_change: bool
    second_factor: bool
    demo: bool
    created_at: datetime
    signed_on_at: datetime | None


class FirstPassword(Model):
    """A one-time first password, shown this once and taken until `valid_until`. `link` leads to a page at which the
    person chooses a password without typing this one; it ends with it."""

    id: str
    account: str
    first_password: str
    link: str
    valid_until: datetime


class TokenDraft(Model):
    """A new token. `scopes` are names of permissions that its owner has; `days` until it expires."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    scopes: Annotated[frozenset[Scope], Field(min_length=1, max_length=50)]
    days: Annotated[int, Field(ge=1, le=366)] = 30


class TokenView(Model):
    """A token without its secret."""

    id: str
    name: str
    owner_id: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class TokenMade(TokenView):
    """A new token with its secret, which is shown this once."""

    token: str
