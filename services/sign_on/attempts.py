"""Attempts to prove who one is: counted before they are looked at, refused while the account is locked."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Engine
from sqlmodel import Session, select

from models.tables import Account
from services.database import writing
from services.sign_on.errors import SignOnFailed
from services.sign_on.lock import count_attempt, is_locked
from services.sign_on.record import Act, SignOnEvent, SignOnRecord
from services.sign_on.settings import SignOnSettings


class WrongError(Exception):
    """The attempt fails for this reason (a code), which the person asking is not told."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Attempts:
    """Counts, and tells of failures."""

    def __init__(self, engine: Engine, settings: SignOnSettings, record: SignOnRecord) -> None:
        self._engine = engine
        self._settings = settings
        self._record = record

    def begin(self, whose: ColumnElement[bool], now: datetime) -> tuple[Account | None, str | None]:
        """The account, with the attempt counted; and the reason where it is in vain, whatever it says."""
        with Session(writing(self._engine), expire_on_commit=False) as session:
            account = session.exec(select(Account).where(whose).with_for_update()).first()
            if account is None:
                return None, "account_unknown"
            if account.disabled:
                return account, "account_disabled"
            if is_locked(account, now):
                return account, "account_locked"
            count_attempt(account, self._settings, now)
            session.commit()
            return account, None

    def change(self, account_id: str, change: Callable[[Account], object]) -> None:
        """Change an account in a transaction of its own."""
        with Session(writing(self._engine)) as session:
            account = session.get(Account, account_id, with_for_update=True)
            if account is not None:
                change(account)
            session.commit()

    def failed(
        self, act: Act, account: Account | None, code: str, *, address: str, how: str, now: datetime
    ) -> SignOnFailed:
        """Tell of a failure, and of the lock that it led to; the answer, which is the same for all of them."""
        about = account.id if account is not None else ""
        self._record.note(SignOnEvent(act, about, address, how, code))
        counted = code not in ("account_locked", "account_disabled")
        if account is not None and counted and is_locked(account, now):
            self._record.note(SignOnEvent("account_locked", about, address, how))
        return SignOnFailed()
