"""Sessions made on the installation's own machine, where whoever may open the database may act as anybody."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session

from services.actors import Actors
from services.audit import Audit
from services.first_staff import first_staff
from services.settings import Settings
from services.sign_on.credentials import Credentials
from services.sign_on.record import SignOnEvent, SignOnRecord
from services.sign_on.sessions import Sessions
from services.vault import Vault

_ADDRESS = "local"


class LocalSessions:
    """Begins sessions without a password, for the command line, the sample school and tests."""

    def __init__(self, engine: Engine, settings: Settings, vault: Vault | None = None) -> None:
        self._engine = engine
        self._school_id = settings.school_code
        self._actors = Actors(engine)
        self._sessions = Sessions(engine, Credentials(engine, self._actors, settings), settings)
        self._lifetime = timedelta(minutes=settings.command_line_minutes)
        self._audit = Audit(engine, vault or Vault.of(settings), settings.data_dir)
        self._record = SignOnRecord(self._audit, settings.school_code)

    def token(self, actor_id: str, lifetime: timedelta | None = None) -> str:
        """The secret of a session that acts as a member of staff, or as a graduate, for 15 minutes or as the
        settings say. `admin` and `career-centre` are the installation's own school's. Raises UnknownActor."""
        with Session(self._engine) as session:
            own = first_staff(session, self._school_id)
        actor = self._actors.find(own.get(actor_id, actor_id))
        granted = self._sessions.begin(
            actor,
            "command_line",
            address=_ADDRESS,
            agent="",
            now=datetime.now(UTC),
            second_factor=True,
            lifetime=lifetime or self._lifetime,
        )
        self._record.note(SignOnEvent("sign_on", actor.id, _ADDRESS, "command_line"))
        # The process may have nothing more to tell; where another one keeps the chain, that takes the entry in.
        self._audit.stop()
        return granted.token
