"""A sign-on under way at the provider: kept sealed in a cookie of the browser that began it.

It binds the provider's answer to that browser: an answer that somebody else fetched for himself signs nobody on
(login CSRF, RFC 6749 §10.12).
"""

import base64
import hmac
import secrets
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken
from pydantic import BaseModel, ValidationError

from services.sso.errors import StateLost
from services.vault import Vault

Way = Literal["oidc", "cas"]
# Long enough to find one's password and second factor.
PENDING_SECONDS = 600


class Pending(BaseModel):
    """`state` goes through the provider and comes back; `nonce` comes back in the ID token; `verifier` (PKCE) is
    shown when the code is redeemed; `then` is the page to go on with."""

    way: Way
    state: str
    nonce: str = ""
    verifier: str = ""
    then: str


class Pendings:
    """Seals and opens them with a key of the installation."""

    def __init__(self, vault: Vault) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(vault.derive("sso pending")))

    @staticmethod
    def begin(way: Way, then: str) -> Pending:
        """A new one, with fresh random values of 256 bits each."""
        return Pending(
            way=way,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(32),
            then=then,
        )

    def seal(self, pending: Pending) -> str:
        """The text for the cookie."""
        return self._fernet.encrypt(pending.model_dump_json().encode()).decode()

    def open(self, way: Way, sealed: str | None, state: str | None) -> Pending:
        """The sign-on that this browser began, for the answer with this state. Raises StateLost."""
        try:
            text = self._fernet.decrypt((sealed or "").encode(), ttl=PENDING_SECONDS)
            pending = Pending.model_validate_json(text)
        except (InvalidToken, ValidationError):
            raise StateLost from None
        if pending.way != way or not hmac.compare_digest(pending.state.encode(), (state or "").encode()):
            raise StateLost
        return pending
