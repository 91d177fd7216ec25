"""Mentors who are away while nobody stands in for them: supervisors see who, and are told once of the cases."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, Engine, and_, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, select

from models.case.kernel import Role, department, school
from models.tables import CaseRow, Delegation, Staff
from services.database import writing
from services.delegations import counts_on
from services.notices import beside_events
from services.pairing import MENTOR_ROLES
from services.school_day import date_of

_KIND = "mentor_uncovered"


def uncovered_on(day: date) -> ColumnElement[bool]:
    """The mentors who are absent or have left on a day, and for whom nobody who is there stands in."""
    stand_in = aliased(Staff)
    covered = (
        exists()
        .where(col(Delegation.from_id) == col(Staff.id), counts_on(day))
        .where(col(stand_in.id) == col(Delegation.to_id), ~_away_on(stand_in, day))
    )
    return and_(col(Staff.role).in_(MENTOR_ROLES), _away_on(Staff, day), ~covered)


def _away_on(person: type[Staff], day: date) -> ColumnElement[bool]:
    until = col(person.absent_until)
    # Neither is unknown where its date is missing, so that its opposite is true there.
    absent = and_(
        col(person.absent_from).is_not(None),
        col(person.absent_from) <= day,
        or_(until.is_(None), until >= day),
    )
    return or_(absent, and_(col(person.departed_on).is_not(None), col(person.departed_on) <= day))


def tell_of_uncovered(engine: Engine, school_id: str, now: datetime) -> None:
    """Tell supervisors of the open cases whose mentor is away uncovered, once for as long as it lasts."""
    day = date_of(now)
    lacking, told_on = uncovered_on(day), col(Staff.uncovered_told_on)
    query = (
        select(Staff, lacking)
        .where(Staff.school_id == school_id, or_(lacking, told_on.is_not(None)))
        .with_for_update(of=Staff)
    )
    with Session(writing(engine)) as session:
        for person, uncovered in session.exec(query).all():
            if not uncovered:
                person.uncovered_told_on = None
            elif person.uncovered_told_on is None and _tell(session, person, now):
                person.uncovered_told_on = day
        session.commit()


def _tell(session: Session, person: Staff, now: datetime) -> bool:
    """Write the notices; False where no case lacks anybody."""
    cases = session.exec(
        select(CaseRow).where(CaseRow.mentor_id == person.id, col(CaseRow.closed_at).is_(None))
    ).all()
    for case in cases:
        told = {department(case.department_id)}
        if person.role == Role.DEPARTMENT_SUPERVISOR:
            # Who would be told may be who is away.
            told.add(school(case.school_id))
        session.add_all(beside_events(case, _KIND, person.id, sorted(told), now))
    return bool(cases)
