"""The one place where everything about sign-on is told: who signed on, who failed and why, what was revoked."""

import logging
from dataclasses import dataclass
from typing import Literal

_LOG = logging.getLogger(__name__)

Act = Literal[
    "sign_on",
    "sign_off",
    "session_revoked",
    "account_locked",
    "password_changed",
    "totp_begun",
    "totp_confirmed",
    "token_created",
    "token_revoked",
    "account_created",
    "account_reset",
    "account_changed",
]


@dataclass(frozen=True)
class SignOnEvent:
    """One thing that happened, or was refused with a `code` that the person asking is not told.

    `actor_id` is who did it, empty where an account that nobody has was tried; `subject_id` whom it is about,
    where that is somebody or something else.
    """

    act: Act
    actor_id: str
    address: str
    how: str
    code: str | None = None
    subject_id: str = ""


class SignOnRecord:
    """Tells the log. Holds no name and no secret: ids alone."""

    def note(self, event: SignOnEvent) -> None:
        """Tell it before it is answered."""
        # The command line, which has a terminal and no log, stays quiet.
        told = {"act": event.act, "actor_id": event.actor_id, "how": event.how, "code": event.code}
        _LOG.info("sign-on", extra=told | {"subject_id": event.subject_id})
