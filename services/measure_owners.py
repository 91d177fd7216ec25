"""Who the measures of a plan are given to."""

from sqlalchemy import Engine
from sqlmodel import Session

from models.case.kernel import Refused
from models.case.plan import OWNERS, SetPlan
from models.tables import Staff
from services.errors import Conflict


def check_owners(engine: Engine, school_id: str, command: SetPlan) -> None:
    """A measure belongs to somebody who is there to see to it. Raises Conflict (`owner_unknown`)."""
    named = {item.owner_id for goal in command.goals for item in goal.measures if item.owner_id}
    with Session(engine) as session:
        found = {owner_id: session.get(Staff, owner_id) for owner_id in named}
    for owner_id, person in sorted(found.items()):
        if (
            person is None
            or person.school_id != school_id
            or person.departed_on is not None
            or person.role not in OWNERS
        ):
            refused = Refused("owner_unknown", owner_id=owner_id)
            raise Conflict(refused.code, refused.zh, refused.en, **refused.details)
