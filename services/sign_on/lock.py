"""When guessing is stopped: an account is locked for a while after some failures, longer after each further one."""

from datetime import datetime, timedelta

from models.tables import Account
from services.sign_on.settings import SignOnSettings


def lock_seconds(failed: int, settings: SignOnSettings) -> int:
    """Seconds for which an account is locked after so many failures in a row."""
    over = failed - settings.lock_after
    if over < 0:
        return 0
    # Beyond 2**30 every setting is exceeded.
    return min(settings.lock_seconds * 2 ** min(over, 30), settings.lock_longest_seconds)


def is_locked(account: Account, now: datetime) -> bool:
    """Whether nobody may try now."""
    return account.locked_until is not None and now < account.locked_until


def count_attempt(account: Account, settings: SignOnSettings, now: datetime) -> None:
    """Count an attempt as failed before it is looked at, so that many at the same time are no way round; one that
    succeeds is forgiven."""
    if account.failed_at is not None and now - account.failed_at > timedelta(
        hours=settings.lock_forget_hours
    ):
        account.failed = 0
    account.failed += 1
    account.failed_at = now
    seconds = lock_seconds(account.failed, settings)
    account.locked_until = now + timedelta(seconds=seconds) if seconds else None


def forgive_attempt(account: Account) -> None:
    """The attempt just counted was no failure, but no success yet either."""
    account.failed = max(0, account.failed - 1)
    account.locked_until = None


def forgive_all(account: Account) -> None:
    """The right person was there."""
    account.failed, account.failed_at, account.locked_until = 0, None, None
