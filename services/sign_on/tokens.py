"""API tokens: credentials of machines, which expire and may do less than their owners."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.access import access_policy
from models.case.kernel import Actor, Role
from models.tables import ApiToken
from models.views.sign_on import TokenDraft, TokenMade, TokenView
from services.database import writing
from services.errors import NotFound, Unprocessable
from services.sign_on.credentials import TOKEN_PREFIX, Credentials, hash_of
from services.sign_on.record import SignOnEvent, SignOnRecord
from services.sign_on.settings import SignOnSettings

_SECRET_BYTES = 32


class ApiTokens:
    """The tokens of one database, school by school."""

    def __init__(
        self, engine: Engine, credentials: Credentials, record: SignOnRecord, settings: SignOnSettings
    ) -> None:
        self._engine = engine
        self._credentials = credentials
        self._record = record
        self._most_days = settings.token_max_days

    def create(self, actor: Actor, draft: TokenDraft, address: str, now: datetime) -> TokenMade:
        """A token that acts as oneself. Raises Unprocessable (`scope_not_yours`,
        `token_lives_too_long`)."""
        unknown = draft.scopes - access_policy().for_tokens(actor.role)
        if unknown:
            raise Unprocessable(
                "scope_not_yours",
                f"您没有或令牌不能带有这些权限：{'、'.join(sorted(unknown))}。",
                f"You have not, or a token may not carry: {', '.join(sorted(unknown))}.",
                scopes=sorted(unknown),
            )
        if draft.days > self._most_days:
            raise Unprocessable(
                "token_lives_too_long",
                f"令牌有效期最长 {self._most_days} 天。",
                f"A token lives {self._most_days} days at most.",
            )
        secret = TOKEN_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        row = ApiToken(
            id="t-" + secrets.token_hex(8),
            token_hash=hash_of(secret),
            name=draft.name,
            owner_id=actor.id,
            school_id=actor.school_id,
            scopes=" ".join(sorted(draft.scopes)),
            created_at=now,
            expires_at=now + timedelta(days=draft.days),
        )
        view = _view(row)
        with Session(writing(self._engine)) as session:
            session.add(row)
            session.commit()
        self._record.note(SignOnEvent("token_created", actor.id, address, "session", subject_id=view.id))
        return TokenMade(**view.model_dump(), token=secret)

    def valid(self, actor: Actor, now: datetime) -> Sequence[TokenView]:
        """The tokens that still count: one's own, an administrator's all of the school."""
        query = select(ApiToken).where(
            ApiToken.school_id == actor.school_id,
            col(ApiToken.revoked_at).is_(None),
            ApiToken.expires_at > now,
        )
        if actor.role != Role.ADMINISTRATOR:
            query = query.where(ApiToken.owner_id == actor.id)
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(col(ApiToken.created_at).desc())).all()
        return [_view(row) for row in rows]

    def revoke(self, actor: Actor, token_id: str, address: str, now: datetime) -> None:
        """End a token: one's own, or as administrator any of the school. Raises NotFound (`token_unknown`)."""
        with Session(writing(self._engine)) as session:
            row = session.get(ApiToken, token_id)
            keeper = actor.role == Role.ADMINISTRATOR
            if row is None or row.school_id != actor.school_id or not (keeper or row.owner_id == actor.id):
                raise NotFound("token_unknown", "没有找到该令牌。", "There is no such token.")
            row.revoked_at = row.revoked_at or now
            owner = row.owner_id
            session.commit()
        self._credentials.forget(owner)
        self._record.note(SignOnEvent("token_revoked", actor.id, address, "session", subject_id=token_id))


def _view(row: ApiToken) -> TokenView:
    fields = row.model_dump(include=set(TokenView.model_fields) - {"scopes"})
    return TokenView(**fields, scopes=row.scopes.split())
