"""Signing on with a local account, and what people do with their own: password and second factor."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col

from models.case.kernel import Actor
from models.tables import Account
from services.actors import Actors
from services.database import writing
from services.errors import Conflict, UnknownActor
from services.sign_on.attempts import Attempts, WrongError
from services.sign_on.errors import TotpRequired
from services.sign_on.lock import forgive_all, forgive_attempt
from services.sign_on.passwords import Passwords
from services.sign_on.record import SignOnEvent, SignOnRecord
from services.sign_on.second_factor import SecondFactor
from services.sign_on.sessions import Granted, Sessions


@dataclass(frozen=True)
class Place:
    """From where a request comes: network address and browser."""

    address: str
    agent: str


class SignOn:
    """What a person of one school does with a local account. Hashing takes its time: call it in a thread."""

    def __init__(
        self,
        engine: Engine,
        school_id: str,
        actors: Actors,
        sessions: Sessions,
        passwords: Passwords,
        second_factor: SecondFactor,
        attempts: Attempts,
        record: SignOnRecord,
    ) -> None:
        self._engine = engine
        self._school_id = school_id
        self._actors = actors
        self._sessions = sessions
        self._passwords = passwords
        self._second_factor = second_factor
        self._attempts = attempts
        self._record = record

    def with_password(
        self, login: str, password: str, code: str | None, place: Place, now: datetime
    ) -> Granted:
        """Begin a session. Raises SignOnFailed whatever is wrong, and TotpRequired where only the code lacks."""
        whose = (col(Account.school_id) == self._school_id) & (col(Account.login) == login.strip().casefold())
        account, refused = self._attempts.begin(whose, now)
        right = self._passwords.verify(account.password_hash if account else None, password)
        try:
            if account is None or refused is not None:
                raise WrongError(refused or "account_unknown")
            actor = self._checked(account, right, now)
            second = self._second(account, code, now)
        except WrongError as wrong:
            raise self._attempts.failed(
                "sign_on", account, wrong.code, address=place.address, how="password", now=now
            ) from None
        fresh = self._passwords.rehashed(account.password_hash or "", password)

        def succeed(row: Account) -> None:
            forgive_all(row)
            row.signed_on_at = now
            # Unless the password was changed in this moment.
            if fresh is not None and row.password_hash == account.password_hash:
                row.password_hash = fresh

        self._attempts.change(account.id, succeed)
        granted = self._sessions.begin(
            actor, "password", address=place.address, agent=place.agent, now=now, second_factor=second
        )
        self._record.note(SignOnEvent("sign_on", actor.id, place.address, "password"))
        return granted

    def change_password(
        self, actor: Actor, session_id: str, current: str, new: str, place: Place, now: datetime
    ) -> Granted:
        """Change one's own password: all other sessions end, this one goes on under a new id.

        Raises SignOnFailed, Unprocessable (`password_unchanged`, and see `Passwords.check`).
        """
        account, refused = self._attempts.begin(col(Account.id) == actor.id, now)
        right = self._passwords.verify(account.password_hash if account else None, current)
        if account is None or refused is not None or not right:
            raise self._attempts.failed(
                "password_changed",
                account,
                refused or "password_wrong",
                address=place.address,
                how="session",
                now=now,
            )
        self._attempts.change(account.id, forgive_all)
        self._passwords.check(new, account.login, before=current)
        digest = self._passwords.hash(new)

        def take(row: Account) -> None:
            row.password_hash, row.password_at = digest, now
            row.must_change, row.one_time_until = False, None

        self._attempts.change(account.id, take)
        self._record.note(SignOnEvent("password_changed", actor.id, place.address, "session"))
        self._sessions.revoke_all(actor.id, now, but=session_id)
        return self._sessions.renew(session_id, now)

    def begin_totp(self, actor: Actor, place: Place, *, proven: bool) -> tuple[str, str]:
        """Begin to set up the second factor; one in use stays so until the new one is confirmed. The secret,
        and the address that an authenticator reads.

        `proven`: the session was begun with the one in use. Raises Conflict (`account_missing`,
        `totp_in_use`).
        """
        with Session(writing(self._engine)) as session:
            account = session.get(Account, actor.id, with_for_update=True)
            if account is None:
                raise _account_missing()
            if account.totp is not None and not proven:
                raise Conflict(
                    "totp_in_use",
                    "二次验证已启用；如验证器丢失，请用恢复码，或请系统管理员重置。",
                    "A second factor is in use; if the authenticator is lost, use a recovery code or ask the "
                    "administrator to reset it.",
                )
            secret, uri = self._second_factor.begin(account)
            session.commit()
        self._record.note(SignOnEvent("totp_begun", actor.id, place.address, "session"))
        return secret, uri

    def confirm_totp(
        self, actor: Actor, session_id: str, code: str, place: Place, now: datetime
    ) -> tuple[Granted, list[str]]:
        """Confirm a new second factor by its first code, or prove the one in use: the session goes on under a
        new id and counts as proven. The recovery codes of a new one are never shown again.

        Raises SignOnFailed, Conflict (`account_missing`).
        """
        account, refused = self._attempts.begin(col(Account.id) == actor.id, now)
        if account is None:
            raise _account_missing()
        codes: list[str] | None = None

        def confirm(row: Account) -> None:
            nonlocal codes
            codes = self._second_factor.confirm(row, code, now)
            if codes is None and self._second_factor.takes(row, code, now):
                codes = []
            if codes is not None:
                forgive_all(row)

        if refused is None:
            self._attempts.change(account.id, confirm)
        if codes is None:
            raise self._attempts.failed(
                "totp_confirmed",
                account,
                refused or "code_wrong",
                address=place.address,
                how="session",
                now=now,
            )
        self._record.note(SignOnEvent("totp_confirmed", actor.id, place.address, "session"))
        return self._sessions.renew(session_id, now, second_factor=True), codes

    def _checked(self, account: Account, right: bool, now: datetime) -> Actor:
        """Whose account it is. Raises WrongError."""
        if not right:
            raise WrongError("password_wrong")
        if account.one_time_until is not None and account.one_time_until <= now:
            raise WrongError("first_password_expired")
        try:
            return self._actors.find(account.id)
        except UnknownActor:
            raise WrongError("person_departed") from None

    def _second(self, account: Account, code: str | None, now: datetime) -> bool:
        """Whether a second factor was given. Raises WrongError, TotpRequired."""
        if account.totp is None:
            return False
        if code is None:
            self._attempts.change(account.id, forgive_attempt)
            raise TotpRequired
        taken = False

        def take(row: Account) -> None:
            nonlocal taken
            taken = self._second_factor.takes(row, code, now)

        self._attempts.change(account.id, take)
        if not taken:
            raise WrongError("code_wrong")
        return True


def _account_missing() -> Conflict:
    return Conflict(
        "account_missing",
        "您没有本地账号；请向系统管理员申请。",
        "You have no local account; ask the administrator for one.",
    )
