"""The second factor: time-based codes (RFC 6238) and recovery codes, each taken once."""

import hashlib
import json
import secrets
from datetime import datetime

import pyotp
from pyotp.totp import TOTP

from models.tables import Account
from services.actors import GRADUATE_PREFIX
from services.vault import Vault

_STEP_SECONDS = 30
_RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
_ISSUER = "Zhuhang"
_STAFF_SUBJECT = "sign-on"


class SecondFactor:
    """Makes and checks second factors. What it changes in an account is written by its caller."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def begin(self, account: Account) -> tuple[str, str]:
        """A new secret that waits for its first code; the secret and the address for the authenticator."""
        secret = pyotp.random_base32()
        account.totp_pending = self._seal(account.id, secret)
        return secret, TOTP(secret).provisioning_uri(name=account.login, issuer_name=_ISSUER)

    def confirm(self, account: Account, code: str, now: datetime) -> list[str] | None:
        """Put the waiting secret to use; the recovery codes, or None where the code is wrong."""
        if account.totp_pending is None:
            return None
        step = _step_of(self._open(account.id, account.totp_pending), code, now, after=0)
        if step is None:
            return None
        account.totp, account.totp_pending, account.totp_step = account.totp_pending, None, step
        codes = ["-".join(_letters(5) for _ in range(2)) for _ in range(_RECOVERY_CODES)]
        account.recovery = json.dumps([_hashed(item) for item in codes])
        return codes

    def takes(self, account: Account, code: str, now: datetime) -> bool:
        """Whether the code of the authenticator, or the recovery code, is right; it is used up then."""
        if account.totp is None:
            return False
        step = _step_of(self._open(account.id, account.totp), code, now, after=account.totp_step)
        if step is not None:
            account.totp_step = step
            return True
        left: list[str] = json.loads(account.recovery)
        if _hashed(code) not in left:
            return False
        account.recovery = json.dumps([item for item in left if item != _hashed(code)])
        return True

    def _seal(self, account_id: str, text: str) -> str:
        subject = seal_subject(account_id)
        self._vault.ensure([subject])
        return self._vault.seal(subject, text, _context(account_id))

    def _open(self, account_id: str, sealed: str) -> str:
        return self._vault.open(seal_subject(account_id), sealed, _context(account_id))


def forget_second_factor(account: Account) -> None:
    """The account is without one, until it is set up anew."""
    account.totp, account.totp_pending, account.recovery = None, None, "[]"


def _step_of(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The time step, one earlier or later allowed, whose code this is and which is later than `after`."""
    given = "".join(code.split())
    present = int(now.timestamp()) // _STEP_SECONDS
    totp = TOTP(secret)
    for step in (present - 1, present, present + 1):
        if step > after and secrets.compare_digest(totp.at(step * _STEP_SECONDS).encode(), given.encode()):
            return step
    return None


def seal_subject(account_id: str) -> str:
    """Whose key seals what belongs to an account. A graduate's goes with the key of the case when that is
    erased."""
    return (
        account_id.removeprefix(GRADUATE_PREFIX) if account_id.startswith(GRADUATE_PREFIX) else _STAFF_SUBJECT
    )


def _context(account_id: str) -> str:
    return f"totp\0{account_id}"


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def _hashed(code: str) -> str:
    # 49 random bits, and every wrong one counts towards the lock: a fast hash is enough.
    return hashlib.sha256(code.strip().lower().replace("-", "").encode()).hexdigest()
