"""Suggestions to even out what mentors carry: who has too much, or is away, and who of the department has room."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from models.case.kernel import Actor, ReserveMentor
from models.case.pairing import reservation
from models.tables import CaseRow, Reservation, Staff
from models.views.supervision import Rebalance, RebalanceCause, RebalanceSuggestion
from services.absence import uncovered_on
from services.access import readable, shown
from services.masking import name_for
from services.pairing import MENTOR_ROLES, could_take, rank
from services.sealed import NAME, open_all
from services.states import States
from services.supervised import OPEN, department_of
from services.vault import Vault

# So many cases are looked at; what was moved makes way for the others.
_MOST = 100


@dataclass(frozen=True)
class Movable:
    """A case that should go to somebody else: what its next mentor must meet, and whose it is."""

    need: ReserveMentor
    mentor: Staff
    cause: RebalanceCause


def takers(
    cases: Sequence[Movable], staff: Sequence[Staff], loads: Mapping[str, int], today: date
) -> Iterator[tuple[Movable, Staff | None, int]]:
    """For each case the best of its own department by the rules of pairing, with the room that one had before, as
    if the cases before it had been moved already; None where nobody has room."""
    planned = dict(loads)
    for case in cases:
        need = case.need
        fitting = [
            mentor
            for mentor in staff
            if mentor.department_id == need.department_id
            and mentor.id != case.mentor.id
            and could_take(mentor, need, planned, today)
        ]
        if not fitting:
            yield case, None, 0
            continue
        best = min(fitting, key=lambda mentor: rank(mentor, need, planned))
        load = planned.get(best.id, 0)
        planned[best.id] = load + 1
        yield case, best, min(best.capacity, need.hard_cap) - load


class Rebalancer:
    """Reads the ledger of one database."""

    def __init__(self, engine: Engine, states: States, vault: Vault) -> None:
        self._engine = engine
        self._states = states
        self._vault = vault

    def suggest(self, actor: Actor, today: date, *, department: str | None) -> Rebalance:
        """What a supervisor could move. Raises NotAllowed."""
        department = department_of(actor, department)
        with Session(self._engine) as session:
            query = select(Staff, uncovered_on(today)).where(
                Staff.school_id == actor.school_id, col(Staff.role).in_(MENTOR_ROLES)
            )
            people = session.exec(query.order_by(col(Staff.name), col(Staff.id))).all()
            loads = _loads(session, [person.id for person, _ in people])
            rows: list[tuple[CaseRow, Staff, RebalanceCause]] = []
            for person, uncovered in people:
                cause, count = _surplus(person, loads.get(person.id, 0), today, uncovered=uncovered)
                if cause is not None and len(rows) < _MOST:
                    found = self._cases(session, actor, person, department, min(count, _MOST - len(rows)))
                    rows.extend((row, person, cause) for row in found)
            self._vault.warm(row.case_id for row, _, _ in rows)
            cases = [
                Movable(reservation(self._states.of(session, row), None), person, cause)
                for row, person, cause in rows
            ]
            plan = list(takers(cases, [person for person, _ in people], loads, today))
            names = self._names(session, actor, [case.need.case_id for case, taker, _ in plan if taker])
        return Rebalance(
            suggestions=[
                RebalanceSuggestion(
                    case_id=case.need.case_id,
                    display=names[case.need.case_id],
                    department_id=case.need.department_id,
                    cause=case.cause,
                    from_id=case.mentor.id,
                    from_name=case.mentor.name,
                    to_id=taker.id,
                    to_name=taker.name,
                    to_room=room,
                )
                for case, taker, room in plan
                if taker is not None
            ],
            without_taker=sum(taker is None for _, taker, _ in plan),
        )

    def _cases(
        self, session: Session, actor: Actor, person: Staff, department: str | None, count: int
    ) -> Sequence[CaseRow]:
        """The open cases to move: those that this mentor has had for the shortest time, since the least is lost."""
        query = select(CaseRow).where(readable(actor), CaseRow.mentor_id == person.id, OPEN)
        if department is not None:
            query = query.where(CaseRow.department_id == department)
        order = (col(CaseRow.assigned_since).desc(), col(CaseRow.case_id))
        return session.exec(query.order_by(*order).limit(count)).all()

    def _names(self, session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, str]:
        query = select(CaseRow.case_id, CaseRow.name, shown(actor, "name")).where(
            readable(actor), col(CaseRow.case_id).in_(ids)
        )
        rows = session.exec(query).all()
        names = open_all(self._vault, NAME, [(case_id, sealed) for case_id, sealed, _ in rows])
        return {
            case_id: name_for(name or case_id, plain=plain)
            for (case_id, _, plain), name in zip(rows, names, strict=True)
        }


def _loads(session: Session, ids: Sequence[str]) -> dict[str, int]:
    counted = select(Reservation.mentor_id, func.count()).where(col(Reservation.mentor_id).in_(ids))
    return dict(session.exec(counted.group_by(Reservation.mentor_id)).all())


def _surplus(person: Staff, load: int, today: date, *, uncovered: bool) -> tuple[RebalanceCause | None, int]:
    """Why, and how many cases should leave this mentor."""
    if person.departed_on is not None and person.departed_on <= today:
        return "departed", _MOST
    if uncovered:
        return "absent", _MOST
    return ("overfull", load - person.capacity) if load > person.capacity else (None, 0)
