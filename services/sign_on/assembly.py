"""The parts of sign-on, put together once."""

from dataclasses import dataclass

from sqlalchemy import Engine

from services.actors import Actors
from services.audit import Audit
from services.settings import Settings
from services.sign_on.accounts import Accounts
from services.sign_on.attempts import Attempts
from services.sign_on.credentials import Credentials
from services.sign_on.passwords import Passwords
from services.sign_on.record import SignOnRecord
from services.sign_on.second_factor import SecondFactor
from services.sign_on.sessions import Sessions
from services.sign_on.sign_on import SignOn
from services.sign_on.tokens import ApiTokens
from services.vault import Vault


@dataclass(frozen=True)
class SignOnParts:
    """Everything about sign-on that a request may need."""

    credentials: Credentials
    sessions: Sessions
    sign_on: SignOn
    accounts: Accounts
    tokens: ApiTokens
    record: SignOnRecord

    @classmethod
    def of(
        cls, engine: Engine, vault: Vault, actors: Actors, settings: Settings, audit: Audit
    ) -> "SignOnParts":
        """The parts for one database."""
        record = SignOnRecord(audit, settings.school_code)
        credentials = Credentials(engine, actors, settings)
        sessions = Sessions(engine, credentials, settings)
        passwords = Passwords(settings)
        attempts = Attempts(engine, settings, record)
        factor = SecondFactor(vault)
        return cls(
            credentials=credentials,
            sessions=sessions,
            sign_on=SignOn(
                engine, settings.school_code, actors, sessions, passwords, factor, attempts, record
            ),
            accounts=Accounts(engine, sessions, passwords, record, settings, settings.public_url),
            tokens=ApiTokens(engine, credentials, record, settings),
            record=record,
        )
