"""The settings of sign-on, part of `services.settings.Settings`."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from models.case.kernel import Role


class SignOnSettings(BaseSettings):
    """How long sessions last, what a password must be, and when guessing is stopped."""

    session_idle_minutes: int = Field(
        default=30, ge=1, le=1440, description="A session in which nothing is asked for so long ends."
    )
    session_hours: int = Field(default=12, ge=1, le=168, description="Longest life of a session.")
    command_line_minutes: int = Field(
        default=15, ge=1, le=1440, description="Life of the session that the command line makes for itself."
    )
    session_keep_days: int = Field(
        default=90, ge=1, description="Days for which ended sessions stay in the list."
    )
    token_max_days: int = Field(default=90, ge=1, le=366, description="Longest life of an API token.")

    password_min_length: int = Field(default=12, ge=8, le=64, description="Least characters of a password.")
    first_password_days: int = Field(
        default=14, ge=1, le=90, description="Days for which a one-time first password is taken."
    )
    password_memory_mb: int = Field(default=64, ge=8, le=1024, description="Memory of argon2id, in MB.")
    password_passes: int = Field(default=3, ge=1, le=20, description="Passes of argon2id.")
    password_lanes: int = Field(default=4, ge=1, le=16, description="Lanes of argon2id.")
    password_checks: int = Field(
        default=4, ge=1, le=64, description="Passwords checked at the same time; others wait."
    )

    lock_after: int = Field(
        default=5, ge=1, le=100, description="Failures in a row after which an account is locked for a while."
    )
    lock_seconds: int = Field(
        default=30, ge=1, description="Seconds of the first lock; doubled by each further failure."
    )
    lock_longest_seconds: int = Field(default=1800, ge=1, description="Longest lock, in seconds.")
    lock_forget_hours: int = Field(default=24, ge=1, description="Hours after which failures are forgotten.")

    totp_roles: Annotated[frozenset[Role], NoDecode] = Field(
        default=frozenset({Role.DEPARTMENT_SUPERVISOR, Role.SCHOOL_SUPERVISOR, Role.ADMINISTRATOR}),
        description="Roles that sign on with a second factor, separated by spaces.",
    )

    @field_validator("totp_roles", mode="before")
    @classmethod
    def _split_roles(cls, value: object) -> object:
        return value.split() if isinstance(value, str) else value
