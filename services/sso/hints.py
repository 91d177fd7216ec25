"""The provider's word for a sign-on, kept sealed while the session lasts: by it the provider ends its own."""

from sqlalchemy import Engine
from sqlmodel import Session

from models.tables import SignOnSession
from services.data_key import KeyDestroyed, SealBroken
from services.sign_on.second_factor import seal_subject
from services.vault import Vault


class Hints:
    """The ID tokens of one database. They name a person, and open with the person's key."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def seal(self, actor_id: str, id_token: str) -> str:
        """As the session keeps it. Raises Unavailable (`keys_unavailable`), KeyDestroyed."""
        subject = seal_subject(actor_id)
        self._vault.ensure([subject])
        return self._vault.seal(subject, id_token, _place(actor_id))

    def of(self, session_id: str) -> tuple[str | None, str | None]:
        """How a session began, and its ID token if it has one that can be opened. Raises Unavailable
        (`keys_unavailable`)."""
        with Session(self._engine) as session:
            row = session.get(SignOnSession, session_id)
        if row is None or row.id_token is None:
            return row.how if row else None, None
        try:
            return row.how, self._vault.open(seal_subject(row.actor_id), row.id_token, _place(row.actor_id))
        except (KeyDestroyed, SealBroken):
            return row.how, None


def _place(actor_id: str) -> str:
    return f"id_token\0{actor_id}"
