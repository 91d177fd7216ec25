"""Sessions: begun, listed, renewed, ended."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Engine, delete, update
from sqlmodel import Session, col, select

from models.case.kernel import Actor, Role
from models.tables import SignOnSession
from models.views.sign_on import SessionView
from services.database import writing
from services.errors import NotFound, SignOnRequired
from services.sign_on.credentials import SESSION_PREFIX, Credentials, csrf_token_of, hash_of
from services.sign_on.settings import SignOnSettings

SignOnWay = Literal["password", "command_line", "oidc", "cas"]
# Browsers name themselves last.
_AGENT_CHARACTERS = 200
_SECRET_BYTES = 32


@dataclass(frozen=True)
class Granted:
    """A session that has begun. `token` is its secret, which is kept nowhere; it ends at `ends_at` at the
    latest."""

    session_id: str
    actor_id: str
    token: str
    csrf_token: str
    ends_at: datetime


class Sessions:
    """The sessions of one database."""

    def __init__(self, engine: Engine, credentials: Credentials, settings: SignOnSettings) -> None:
        self._engine = engine
        self._credentials = credentials
        self._settings = settings

    def begin(
        self,
        actor: Actor,
        how: SignOnWay,
        *,
        address: str,
        agent: str,
        now: datetime,
        second_factor: bool,
        lifetime: timedelta | None = None,
        ticket_hash: str | None = None,
        id_token: str | None = None,
    ) -> Granted:
        """Begin a session of somebody who has proved who they are.

        `second_factor`: with more than a password. A `lifetime` of its own also allows idling for so long; by
        default both are those of the settings. With a `ticket_hash`, `revoke_ticket` ends it.
        """
        idle = lifetime or timedelta(minutes=self._settings.session_idle_minutes)
        ends_at = now + (lifetime or timedelta(hours=self._settings.session_hours))
        token = SESSION_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        row = SignOnSession(
            id="s-" + secrets.token_hex(8),
            token_hash=hash_of(token),
            actor_id=actor.id,
            school_id=actor.school_id,
            how=how,
            second_factor=second_factor,
            created_at=now,
            last_seen_at=now,
            idle_seconds=int(idle.total_seconds()),
            ends_at=ends_at,
            address=address,
            agent=agent[:_AGENT_CHARACTERS],
            ticket_hash=ticket_hash,
            id_token=id_token,
        )
        session_id = row.id
        with Session(writing(self._engine)) as session:
            session.add(row)
            session.commit()
        return Granted(session_id, actor.id, token, csrf_token_of(token), ends_at)

    def renew(self, session_id: str, now: datetime, *, second_factor: bool | None = None) -> Granted:
        """The same session under a new id and secret, because it may do more from now on; the old ones end.

        Raises SignOnRequired where it has ended meanwhile.
        """
        token = SESSION_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        with Session(writing(self._engine)) as session:
            row = session.get(SignOnSession, session_id, with_for_update=True)
            if row is None or row.revoked_at is not None:
                raise SignOnRequired
            row.id = "s-" + secrets.token_hex(8)
            row.token_hash = hash_of(token)
            row.last_seen_at = now
            row.second_factor = row.second_factor if second_factor is None else second_factor
            granted = Granted(row.id, row.actor_id, token, csrf_token_of(token), row.ends_at)
            session.commit()
        self._credentials.forget(granted.actor_id)
        return granted

    def running(self, actor: Actor, of: str | None, current: str, now: datetime) -> Sequence[SessionView]:
        """The running sessions: one's own; an administrator's also those `of` another person of the school.

        Raises NotFound (`account_unknown`).
        """
        whose = self._whose(actor, of)
        query = select(SignOnSession).where(
            SignOnSession.actor_id == whose,
            SignOnSession.school_id == actor.school_id,
            col(SignOnSession.revoked_at).is_(None),
            SignOnSession.ends_at > now,
        )
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(col(SignOnSession.created_at).desc())).all()
        return [
            SessionView(
                **row.model_dump(include=set(SessionView.model_fields) - {"current"}),
                current=row.id == current,
            )
            for row in rows
            if now < row.last_seen_at + timedelta(seconds=row.idle_seconds)
        ]

    def end(self, secret: str, now: datetime) -> None:
        """End the session of this secret, if there is one."""
        ended = update(SignOnSession).where(
            col(SignOnSession.token_hash) == hash_of(secret), col(SignOnSession.revoked_at).is_(None)
        )
        with Session(writing(self._engine)) as session:
            session.connection().execute(ended.values(revoked_at=now, id_token=None))
            session.commit()
        self._credentials.forget_secret(secret)

    def revoke(self, actor: Actor, session_id: str, now: datetime) -> str:
        """End one's own session, or as administrator anybody's of the school; answers whose it was.

        Raises NotFound (`session_unknown`).
        """
        with Session(writing(self._engine)) as session:
            row = session.get(SignOnSession, session_id)
            if row is None or not _may_end(actor, row):
                raise NotFound("session_unknown", "没有找到该会话。", "There is no such session.")
            row.revoked_at, row.id_token = row.revoked_at or now, None
            owner = row.actor_id
            session.commit()
        self._credentials.forget(owner)
        return owner

    def revoke_all(self, actor_id: str, now: datetime, *, but: str | None = None) -> None:
        """End all sessions of a person, `but` one."""
        ended = update(SignOnSession).where(
            col(SignOnSession.actor_id) == actor_id,
            col(SignOnSession.revoked_at).is_(None),
            col(SignOnSession.id) != (but or ""),
        )
        with Session(writing(self._engine)) as session:
            session.connection().execute(ended.values(revoked_at=now, id_token=None))
            session.commit()
        self._credentials.forget(actor_id)

    def revoke_ticket(self, ticket_hash: str, now: datetime) -> list[str]:
        """End the sessions that began with a CAS ticket; answers whose they were."""
        query = select(SignOnSession).where(
            SignOnSession.ticket_hash == ticket_hash, col(SignOnSession.revoked_at).is_(None)
        )
        with Session(writing(self._engine)) as session:
            rows = session.exec(query.with_for_update()).all()
            for row in rows:
                row.revoked_at, row.id_token = now, None
            owners = [row.actor_id for row in rows]
            session.commit()
        for owner in owners:
            self._credentials.forget(owner)
        return owners

    def prune(self, now: datetime) -> None:
        """Drop sessions that ended long ago."""
        long_ago = now - timedelta(days=self._settings.session_keep_days)
        with Session(writing(self._engine)) as session:
            session.connection().execute(delete(SignOnSession).where(col(SignOnSession.ends_at) < long_ago))
            session.commit()

    def _whose(self, actor: Actor, of: str | None) -> str:
        if of is None or of == actor.id:
            return actor.id
        if actor.role != Role.ADMINISTRATOR:
            raise account_unknown()
        return of


def account_unknown() -> NotFound:
    """The same answer for an account that does not exist and for one that is none of the asker's business."""
    return NotFound("account_unknown", "没有找到该账号。", "There is no such account.")


def _may_end(actor: Actor, row: SignOnSession) -> bool:
    keeper = actor.role == Role.ADMINISTRATOR and row.school_id == actor.school_id
    return keeper or row.actor_id == actor.id
