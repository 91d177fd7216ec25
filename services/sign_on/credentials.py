"""Whose request it is: from the secret of a session or API token to its owner."""

import hashlib
import hmac
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, Update, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from models.case.kernel import Actor
from models.tables import Account, ApiToken, SignOnSession
from models.views.sign_on import Must
from services.actors import Actors
from services.caller import How
from services.database import reading, writing
from services.errors import SignOnRequired, UnknownActor
from services.sign_on.settings import SignOnSettings

SESSION_PREFIX = "zhs_"
TOKEN_PREFIX = "zhu_"  # noqa: S105  (by it scanners find lost tokens)
# What was revoked is taken for so long at the most; while the database is away the last known answer serves.
_FRESH_SECONDS = 2.0
_REMEMBERED = 10_000


@dataclass
class Recognised:
    """The owner of a credential. `must` names what a session has to do before anything else; `permissions` are
    the scopes of an API token."""

    actor: Actor
    how: How
    credential_id: str
    token_hash: str
    ends_at: datetime
    idle: timedelta | None
    last_seen_at: datetime
    must: Must | None = None
    second_factor: bool = False
    permissions: frozenset[str] | None = None
    read_at: float = 0.0

    def valid(self, now: datetime) -> bool:
        """Whether it has neither expired nor been idle for too long."""
        idle_end = None if self.idle is None else self.last_seen_at + self.idle
        return now < self.ends_at and (idle_end is None or now < idle_end)


def hash_of(secret: str) -> str:
    """Under which a secret is kept. It has 256 random bits: a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token_of(secret: str) -> str:
    """The token that proves that a request comes from our own page: only who was given it can send it along."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


class Credentials:
    """Recognises sessions and tokens, mostly from memory."""

    def __init__(self, engine: Engine, actors: Actors, settings: SignOnSettings) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._actors = actors
        self._totp_roles = settings.totp_roles
        self._known: dict[str, Recognised] = {}
        self._used: dict[str, Recognised] = {}
        self._guard = threading.Lock()

    def known(self, secret: str, now: datetime) -> Recognised | None:
        """The owner, if read a moment ago. Raises SignOnRequired."""
        found = self._known.get(hash_of(secret))
        if found is None or time.monotonic() - found.read_at >= _FRESH_SECONDS:
            return None
        return self._used_now(found, now)

    def find(self, secret: str, now: datetime) -> Recognised:
        """The owner, as the database says. Raises SignOnRequired."""
        key = hash_of(secret)
        before = self._known.get(key)
        try:
            found = self._read(secret, key)
        except SQLAlchemyError:
            if before is None:
                raise
            return self._used_now(before, now)
        except SignOnRequired:
            self._forget([key])
            raise
        if before is not None:
            found.last_seen_at = max(found.last_seen_at, before.last_seen_at)
        with self._guard:
            # The one that was read longest ago goes first.
            self._known.pop(key, None)
            self._known[key] = found
            if len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
        return self._used_now(found, now)

    def forget(self, actor_id: str) -> None:
        """Read everything of this person anew: something was revoked or changed."""
        with self._guard:
            keys = [key for key, item in self._known.items() if item.actor.id == actor_id]
        self._forget(keys)

    def forget_secret(self, secret: str) -> None:
        """Read this one anew."""
        self._forget([hash_of(secret)])

    def write_uses(self) -> None:
        """Write down when each credential was last used. Called now and then; does nothing where none was."""
        with self._guard:
            used, self._used = self._used, {}
        if not used:
            return
        try:
            with Session(writing(self._engine)) as session:
                for item in used.values():
                    session.connection().execute(_use(item))
                session.commit()
        except SQLAlchemyError:
            with self._guard:
                self._used = used | self._used
            raise

    def _forget(self, keys: list[str]) -> None:
        with self._guard:
            for key in keys:
                self._known.pop(key, None)

    def _used_now(self, found: Recognised, now: datetime) -> Recognised:
        if not found.valid(now):
            raise SignOnRequired
        found.last_seen_at = now
        self._used[found.token_hash] = found
        return found

    def _read(self, secret: str, key: str) -> Recognised:
        with Session(self._reading) as session:
            found = (
                self._token(session, key) if secret.startswith(TOKEN_PREFIX) else self._session(session, key)
            )
            if found is None:
                raise SignOnRequired
            return found

    def _session(self, session: Session, key: str) -> Recognised | None:
        row = session.exec(select(SignOnSession).where(SignOnSession.token_hash == key)).first()
        if row is None or row.revoked_at is not None:
            return None
        account = session.get(Account, row.actor_id)
        actor = self._actor(row.actor_id, account)
        return Recognised(
            actor=actor,
            how="command_line" if row.how == "command_line" else "session",
            credential_id=row.id,
            token_hash=key,
            ends_at=row.ends_at,
            idle=timedelta(seconds=row.idle_seconds),
            last_seen_at=row.last_seen_at,
            must=self._must(row, account, actor),
            second_factor=row.second_factor,
            read_at=time.monotonic(),
        )

    def _must(self, row: SignOnSession, account: Account | None, actor: Actor) -> Must | None:
        if row.how == "password" and account is not None and account.must_change:
            return "change_password"
        if row.second_factor:
            return None
        if account is not None and account.totp is not None:
            return "confirm_totp"
        return "enrol_totp" if actor.role in self._totp_roles else None

    def _token(self, session: Session, key: str) -> Recognised | None:
        row = session.exec(select(ApiToken).where(ApiToken.token_hash == key)).first()
        if row is None or row.revoked_at is not None:
            return None
        return Recognised(
            actor=self._actor(row.owner_id, session.get(Account, row.owner_id)),
            how="token",
            credential_id=row.id,
            token_hash=key,
            ends_at=row.expires_at,
            idle=None,
            last_seen_at=row.last_used_at or row.created_at,
            permissions=frozenset(row.scopes.split()),
            read_at=time.monotonic(),
        )

    def _actor(self, actor_id: str, account: Account | None) -> Actor:
        if account is not None and account.disabled:
            raise SignOnRequired
        try:
            return self._actors.find(actor_id)
        except UnknownActor:
            raise SignOnRequired from None


def _use(item: Recognised) -> Update:
    if item.how == "token":
        token = update(ApiToken).where(col(ApiToken.id) == item.credential_id)
        return token.values(last_used_at=item.last_seen_at)
    session = update(SignOnSession).where(col(SignOnSession.id) == item.credential_id)
    return session.values(last_seen_at=item.last_seen_at)
