"""Who is acting: from a staff id, or a graduate's own case, to an `Actor` with role and scope."""

import time
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from models.case.kernel import Actor, Role
from models.tables import BreakGlass, CaseRow, Delegation, Staff
from services.break_glass import open_now
from services.delegations import counts_on, today
from services.errors import UnknownActor

GRADUATE_PREFIX = "graduate:"
# A change of staff is seen after this many seconds at the latest; while the database is away the last
# known answer serves, so that an act is not lost over it.
_FRESH_SECONDS = 2.0


class Actors:
    """The directory of those who may act."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, tuple[float, Actor]] = {}

    def known(self, actor_id: str) -> Actor | None:
        """The actor, if read a moment ago."""
        cached = self._known.get(actor_id)
        fresh = cached is not None and time.monotonic() - cached[0] < _FRESH_SECONDS
        return cached[1] if cached is not None and fresh else None

    def find(self, actor_id: str) -> Actor:
        """The actor of a staff id, or of `graduate:<case_id>`. Raises UnknownActor."""
        cached = self._known.get(actor_id)
        try:
            actor = self._read(actor_id)
        except SQLAlchemyError:
            if cached is None:
                raise
            return cached[1]
        except UnknownActor:
            self._known.pop(actor_id, None)
            raise
        self._known[actor_id] = (time.monotonic(), actor)
        return actor

    def forget(self, actor_id: str) -> None:
        """Read this one anew: what the person may do has changed."""
        self._known.pop(actor_id, None)

    def _read(self, actor_id: str) -> Actor:
        with Session(self._engine) as session:
            if actor_id.startswith(GRADUATE_PREFIX):
                row = session.get(CaseRow, actor_id.removeprefix(GRADUATE_PREFIX))
                if row is None:
                    raise UnknownActor(actor_id)
                return Actor(
                    id=actor_id,
                    role=Role.GRADUATE,
                    school_id=row.school_id,
                    department_id=row.department_id,
                    case_id=row.case_id,
                )
            person = session.get(Staff, actor_id)
            if person is None or person.departed_on is not None:
                raise UnknownActor(actor_id)
            return Actor(
                id=person.id,
                role=Role(person.role),
                school_id=person.school_id,
                department_id=person.department_id,
                covering=_covering(session, person),
                reading=_reading(session, person),
            )


def _covering(session: Session, person: Staff) -> tuple[str, ...]:
    """For whom this person stands in today."""
    query = select(Delegation.from_id).where(
        Delegation.to_id == person.id, Delegation.school_id == person.school_id, counts_on(today())
    )
    return tuple(sorted(set(session.exec(query).all())))


def _reading(session: Session, person: Staff) -> tuple[str, ...]:
    """The cases that are open to this person for some hours."""
    query = select(BreakGlass.case_id).where(
        BreakGlass.actor_id == person.id,
        BreakGlass.school_id == person.school_id,
        open_now(datetime.now(UTC)),
    )
    return tuple(sorted(set(session.exec(query).all())))


def graduate_actor_id(case_id: str) -> str:
    """The actor id under which a graduate acts in their own file."""
    return GRADUATE_PREFIX + case_id
