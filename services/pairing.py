"""Finding a mentor with room (结对), inside one transaction, so that no capacity is ever exceeded."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from models.case.kernel import MentorAnswer, ReserveMentor, Role
from models.tables import Reservation, Staff
from services.database import reading, replace, writing

MENTOR_ROLES = (Role.MENTOR, Role.COUNSELOR, Role.DEPARTMENT_SUPERVISOR, Role.SCHOOL_SUPERVISOR)


class MentorPool:
    """The mentors of one database and the places that open cases take with them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = writing(engine)
        self._reading = reading(engine)

    def reserve(self, need: ReserveMentor, today: date) -> MentorAnswer:
        """Reserve the case's one place with the wanted mentor, or with the best by the rules: same college first,
        experienced mentors for the highest risk, then the lightest load.

        The answer's problem is `mentor_unknown`, `mentor_absent`, `mentor_excluded` or `no_capacity`.
        """
        with Session(self._engine) as session:
            # The row locks (PostgreSQL) or the write lock (SQLite) let one reservation at a time count places.
            staff = list(session.exec(_candidates(need).with_for_update()).all())
            loads = self._loads(session, need, staff)
            if need.mentor_id is not None:
                answer = self._wanted(need, staff, loads, today)
            else:
                answer = self._best(need, staff, loads, today)
            if answer.mentor_id is not None:
                place = Reservation(case_id=need.case_id, mentor_id=answer.mentor_id)
                replace(session.connection(), place)
            session.commit()
            return answer

    def suggest(self, need: ReserveMentor, today: date) -> MentorAnswer:
        """The best by the rules for a case, without reserving anything or waiting for those who do. The answer's
        problem is `no_capacity`."""
        with Session(self._reading) as session:
            staff = list(session.exec(_candidates(need)).all())
            return self._best(need, staff, self._loads(session, need, staff), today)

    def _loads(self, session: Session, need: ReserveMentor, staff: list[Staff]) -> dict[str, int]:
        """The other cases of each of the staff. Those of everybody else, a million of them, are not counted."""
        count = select(Reservation.mentor_id, func.count()).where(
            col(Reservation.mentor_id).in_([mentor.id for mentor in staff]),
            Reservation.case_id != need.case_id,
        )
        return dict(session.exec(count.group_by(Reservation.mentor_id)).all())

    def _wanted(
        self, need: ReserveMentor, staff: list[Staff], loads: dict[str, int], today: date
    ) -> MentorAnswer:
        if not staff:
            return MentorAnswer(mentor_id=None, problem="mentor_unknown")
        (mentor,) = staff
        if mentor.id in need.excluded:
            return MentorAnswer(mentor_id=None, problem="mentor_excluded")
        if not present(mentor, today):
            return MentorAnswer(mentor_id=None, problem="mentor_absent")
        if loads.get(mentor.id, 0) >= _room(mentor, need):
            return MentorAnswer(mentor_id=None, problem="no_capacity")
        return MentorAnswer(mentor_id=mentor.id)

    def _best(
        self, need: ReserveMentor, staff: list[Staff], loads: dict[str, int], today: date
    ) -> MentorAnswer:
        fitting = [mentor for mentor in staff if could_take(mentor, need, loads, today)]
        if not fitting:
            return MentorAnswer(mentor_id=None, problem="no_capacity")

        return MentorAnswer(mentor_id=min(fitting, key=lambda mentor: rank(mentor, need, loads)).id)


def _candidates(need: ReserveMentor) -> SelectOfScalar[Staff]:
    """The wanted mentor, or all of the school."""
    query = select(Staff).where(Staff.school_id == need.school_id, col(Staff.role).in_(MENTOR_ROLES))
    if need.mentor_id is not None:
        query = query.where(Staff.id == need.mentor_id)
    return query.order_by(col(Staff.id))


def rank(mentor: Staff, need: ReserveMentor, loads: Mapping[str, int]) -> tuple[bool, bool, bool, float, str]:
    """The place of a mentor among those who could take a case; the least is the best."""
    load = loads.get(mentor.id, 0)
    return (
        mentor.department_id != need.department_id,
        need.experienced and not mentor.experienced,
        load >= need.soft_load,
        load / _room(mentor, need),
        mentor.id,
    )


def could_take(mentor: Staff, need: ReserveMentor, loads: Mapping[str, int], today: date) -> bool:
    """Whether a mentor may be proposed for a case: there, not excluded, and with room."""
    return (
        mentor.role in (Role.MENTOR, Role.COUNSELOR)
        and mentor.id not in need.excluded
        and present(mentor, today)
        and loads.get(mentor.id, 0) < _room(mentor, need)
    )


def _room(mentor: Staff, need: ReserveMentor) -> int:
    return min(mentor.capacity, need.hard_cap)


def present(mentor: Staff, today: date) -> bool:
    """Whether a mentor is neither away nor gone on a day."""
    if mentor.departed_on is not None and mentor.departed_on <= today:
        return False
    if mentor.absent_from is None or mentor.absent_from > today:
        return True
    return mentor.absent_until is not None and mentor.absent_until < today
