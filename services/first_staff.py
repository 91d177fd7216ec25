"""The two with whom a school begins, by the names that it knows them by. In one database each school has its own."""

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from models.case.kernel import Role
from models.first_actors import CAREER_CENTRE_ACTOR, SETUP_ACTOR
from models.tables import School, Staff
from services.database import writing

_FIRST = (
    (SETUP_ACTOR, "系统管理员", Role.ADMINISTRATOR),
    (CAREER_CENTRE_ACTOR, "就业指导中心", Role.SCHOOL_SUPERVISOR),
)


def ensure_school(engine: Engine, school_id: str, name: str, province: str) -> None:
    """Make the school known, with its first staff; does nothing where it is. Several processes may do it at once."""
    with Session(writing(engine)) as session:
        if session.get(School, school_id) is not None:
            return
        session.add(School(id=school_id, name=name, province=province))
        for staff_id, title, role in _FIRST:
            taken = session.get(Staff, staff_id) is not None
            session.add(
                Staff(
                    # Another school of the same database has it.
                    id=later_id(staff_id, school_id) if taken else staff_id,
                    school_id=school_id,
                    name=title,
                    role=role,
                    created_at=datetime.now(UTC),
                )
            )
        try:
            session.commit()
        except IntegrityError:
            session.rollback()
            if session.get(School, school_id) is None:
                raise


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
