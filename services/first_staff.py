"""The two with whom a school begins, by the names that it knows them by. In one database each school has its own."""

from sqlmodel import Session, col, select

from models.first_actors import CAREER_CENTRE_ACTOR, SETUP_ACTOR
from models.tables import Staff


def first_staff(session: Session, school_id: str) -> dict[str, str]:
    """Their staff ids by name; those of a school that came later carry its code, as ids are unique over all."""
    found: dict[str, str] = {}
    for name in (SETUP_ACTOR, CAREER_CENTRE_ACTOR):
        ids = (name, later_id(name, school_id))
        query = select(Staff.id).where(Staff.school_id == school_id, col(Staff.id).in_(ids))
        mine = set(session.exec(query).all())
        staff_id = next((item for item in ids if item in mine), None)
        if staff_id is not None:
            found[name] = staff_id
    return found


def later_id(name: str, school_id: str) -> str:
    """The staff id under which a school has one of the two whose name another school took first."""
    return f"{name}-{school_id}"
