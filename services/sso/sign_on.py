"""Sessions for those whom the school's own provider vouches for."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

import structlog
from anyio import to_thread
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from models.base import Model
from models.case.kernel import Actor
from models.tables import Account
from services.actors import Actors
from services.database import writing
from services.errors import ServiceError, Unavailable
from services.settings import Settings
from services.settings_security import secret_in
from services.sign_on.assembly import SignOnParts
from services.sign_on.record import SignOnEvent
from services.sign_on.sessions import Granted
from services.sign_on.sign_on import Place
from services.sso.cas import CasProvider, ended_tickets
from services.sso.errors import not_offered, not_registered
from services.sso.hints import Hints
from services.sso.identity import Identity, People
from services.sso.oidc import OidcProvider
from services.sso.pending import Pending, Pendings, Way
from services.vault import Vault

log = structlog.get_logger(__name__)

_PATH = "/api/v1/auth"
Provider = TypeVar("Provider", OidcProvider, CasProvider, OidcProvider | CasProvider)


class ProviderView(Model):
    """A way to sign on. `start` is where the browser goes to begin, for a local account it is the form's own
    route."""

    id: Literal["local", "oidc", "cas"]
    zh: str
    en: str
    start: str


@dataclass(frozen=True)
class Answer:
    """What the browser brings back from the provider. `sealed` is what it kept meanwhile; `proof` the code of
    OIDC or the ticket of CAS, empty where the provider refused; `issuer` the `iss` of OIDC."""

    sealed: str | None
    state: str | None
    proof: str
    issuer: str | None = None


class SchoolSignOn:
    """Sign-on by OIDC and CAS, as far as the settings have them."""

    def __init__(
        self,
        engine: Engine,
        vault: Vault,
        actors: Actors,
        sign_on: SignOnParts,
        settings: Settings,
    ) -> None:
        self._engine = engine
        self._sessions = sign_on.sessions
        self._record = sign_on.record
        self._settings = settings
        self._pendings = Pendings(vault)
        self._hints = Hints(engine, vault)
        self._home = f"{settings.public_url}/"
        self._people = People(actors, vault, settings.school_code)
        self._service = f"{settings.public_url}{_PATH}/cas/callback"
        self._oidc = _oidc_of(settings)
        self._cas = CasProvider(settings) if settings.cas_url and not settings.cas_gaps else None

    def providers(self) -> list[ProviderView]:
        """The ways to sign on."""
        settings = self._settings
        found = [ProviderView(id="local", zh="本地账号", en="Local account", start=f"{_PATH}/sign-on")]
        if self._oidc is not None:
            found.append(
                ProviderView(
                    id="oidc",
                    zh=settings.oidc_name_zh,
                    en=settings.oidc_name_en,
                    start=f"{_PATH}/oidc/start",
                )
            )
        if self._cas is not None:
            found.append(
                ProviderView(
                    id="cas",
                    zh=settings.cas_name_zh,
                    en=settings.cas_name_en,
                    start=f"{_PATH}/cas/start",
                )
            )
        return found

    async def begin(self, way: Way, then: str) -> tuple[str, str]:
        """The provider's page to send the browser to, and the sealed text that the browser keeps meanwhile.

        Raises NotFound (`sso_not_offered`), Unavailable (`identity_provider_unavailable`).
        """
        pending = self._pendings.begin(way, then)
        if way == "oidc":
            url = await _offered(self._oidc).begin(pending)
        else:
            url = _offered(self._cas).begin(self._service_of(pending))
        return url, self._pendings.seal(pending)

    async def finish(self, way: Way, answer: Answer, place: Place, now: datetime) -> tuple[Granted, str]:
        """A session for whom the provider vouches for, and the page to go on with.

        Raises NotFound (`sso_not_offered`), StateLost, SsoRefused, Forbidden (`not_registered`), Unavailable
        (`identity_provider_unavailable`).
        """
        provider = _offered(self._oidc if way == "oidc" else self._cas)
        try:
            pending = self._pendings.open(way, answer.sealed, answer.state)
            if isinstance(provider, OidcProvider):
                identity = await provider.finish(pending, answer.proof, answer.issuer)
            else:
                identity = await provider.finish(self._service_of(pending), answer.proof)
            ticket = _hash_of(answer.proof) if way == "cas" else None
            granted = await to_thread.run_sync(self._granted, identity, way, ticket, place, now)
        except ServiceError as error:
            self._record.note(SignOnEvent("sign_on", "", place.address, way, error.code))
            raise
        return granted, pending.then

    async def sign_out(self, session_id: str) -> str | None:
        """The provider's page that ends its own session, for the browser of a session that began there and has
        not ended yet; None where there is none, or the provider does not tell."""
        try:
            how, id_token = await to_thread.run_sync(self._hints.of, session_id)
            if how == "oidc" and self._oidc is not None:
                return await self._oidc.sign_out(id_token, self._home)
            if how == "cas" and self._cas is not None:
                return self._cas.sign_out(self._home)
        except Unavailable as error:
            # The own session ends all the same.
            log.warning("nobody can be signed out at the provider", code=error.code)
        return None

    def end_cas(self, logout_request: str, now: datetime) -> None:
        """End the sessions of the tickets in the CAS server's single logout request. Whoever knows a ticket may:
        CAS has no other proof. Raises NotFound (`sso_not_offered`)."""
        _offered(self._cas)
        for ticket in ended_tickets(logout_request):
            for actor_id in self._sessions.revoke_ticket(_hash_of(ticket), now):
                self._record.note(SignOnEvent("sign_off", actor_id, "", "cas"))

    def _service_of(self, pending: Pending) -> str:
        return f"{self._service}?state={pending.state}"

    def _granted(
        self, identity: Identity, way: Way, ticket_hash: str | None, place: Place, now: datetime
    ) -> Granted:
        actor = self._people.find(identity)
        self._open_account(actor, now)
        granted = self._sessions.begin(
            actor,
            way,
            address=place.address,
            agent=place.agent,
            now=now,
            second_factor=identity.strong,
            ticket_hash=ticket_hash,
            id_token=self._hints.seal(actor.id, identity.id_token) if identity.id_token else None,
        )
        self._record.note(SignOnEvent("sign_on", actor.id, place.address, way))
        return granted

    def _open_account(self, actor: Actor, now: datetime) -> None:
        """See that the account is not closed; those whose role needs a second factor get one, without a password,
        where it is kept. Raises Forbidden (`not_registered`)."""
        with Session(writing(self._engine)) as session:
            account = session.get(Account, actor.id)
            if account is not None:
                if account.disabled:
                    raise not_registered()
                account.signed_on_at = now
            elif actor.role in self._settings.totp_roles:
                session.add(_account(session, actor, now))
            try:
                session.commit()
            except IntegrityError:
                # Made in this moment by another sign-on of the same person.
                session.rollback()


def _account(session: Session, actor: Actor, now: datetime) -> Account:
    login = actor.id.casefold()
    taken = select(Account.id).where(Account.school_id == actor.school_id, Account.login == login)
    if session.exec(taken).first() is not None:
        # Somebody else's account has this name. Nobody types this one while it has no password.
        login = f"{login}-{secrets.token_hex(4)}"
    return Account(id=actor.id, school_id=actor.school_id, login=login, created_at=now, created_by=actor.id)


def _oidc_of(settings: Settings) -> OidcProvider | None:
    file = settings.oidc_client_secret_file
    if settings.oidc_gaps or file is None:
        return None
    return OidcProvider(settings, f"{settings.public_url}{_PATH}/oidc/callback", secret_in(file))


def _offered(provider: Provider | None) -> Provider:
    if provider is None:
        raise not_offered()
    return provider


def _hash_of(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
