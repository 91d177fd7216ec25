"""Who is acting: from a staff id, or a graduate's own case, to an `Actor` with role and scope."""

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlmodel import Session, select

from models.case.kernel import Actor, Role
from models.tables import BreakGlass, CaseRow, Delegation, Staff
from services.break_glass import open_now
from services.database import reading
from services.delegations import counts_on
from services.errors import UnknownActor
from services.school_day import today

GRADUATE_PREFIX = "graduate:"


class Actors:
    """The directory of those who may act."""

    def __init__(self, engine: Engine) -> None:
        self._engine = reading(engine)

    def find(self, actor_id: str) -> Actor:
        """The actor of a staff id, or of `graduate:<case_id>`. Raises UnknownActor."""
        with Session(self._engine) as session:
            if actor_id.startswith(GRADUATE_PREFIX):
                row = session.get(CaseRow, actor_id.removeprefix(GRADUATE_PREFIX))
                if row is None or row.erased_at is not None:
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
