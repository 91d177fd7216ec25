"""The one place where everything about sign-on is told: who signed on, who failed and why, what was revoked."""

import logging
from dataclasses import dataclass
from typing import Literal

from models.audit import Outcome
from services.audit import Audit
from services.caller import Stranger

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


_ACTS: dict[Act, str] = {
    "sign_on": "sign_on",
    "sign_off": "sign_off",
    "session_revoked": "session.revoke",
    "account_locked": "sign_on.locked",
    "password_changed": "password.change",
    "totp_begun": "second_factor.change",
    "totp_confirmed": "second_factor.change",
    "token_created": "token.change",
    "token_revoked": "token.change",
    "account_created": "account.change",
    "account_reset": "account.change",
    "account_changed": "account.change",
}


class SignOnRecord:
    """Tells the audit of the school, and the log. Holds no name and no secret: ids alone."""

    def __init__(self, audit: Audit, school_id: str) -> None:
        self._audit = audit
        self._school_id = school_id

    def note(self, event: SignOnEvent) -> None:
        """Tell it before it is answered. Raises Unavailable (`audit_unavailable`)."""
        self._audit.record_now(
            Stranger(event.address, self._school_id, event.actor_id, event.how),
            _ACTS[event.act],
            outcome=Outcome.DONE if event.code is None else Outcome.REFUSED,
            code=event.code,
            detail={"event": event.act, "subject": event.subject_id},
        )
        # The command line, which has a terminal and no log, stays quiet.
        told = {"act": event.act, "actor_id": event.actor_id, "how": event.how, "code": event.code}
        _LOG.info("sign-on", extra=told | {"subject_id": event.subject_id})
