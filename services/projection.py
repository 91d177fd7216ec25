"""Writing a case's events into the ledger: idempotent, and in any order."""

from collections.abc import Iterable

from sqlalchemy import Engine, delete
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select

from models.case.machine import Recorded
from models.case.notices import notices
from models.case.referral import Referral
from models.case.state import CaseState
from models.case.summary import DeadlineLine, deadline_lines, summarize
from models.tables import (
    CaseDeadline,
    CaseEvent,
    CaseHardship,
    CaseNotice,
    CaseReferral,
    CaseRow,
    PolicyVersion,
    Reservation,
)
from models.tables.types import Table
from services.database import writing
from services.keys import Keys
from workflows.messages import Projection


class Ledger:
    """The ledger of one database."""

    def __init__(self, engine: Engine, keys: Keys) -> None:
        self._engine = writing(engine)
        self._keys = keys

    def project(self, projections: Iterable[Projection]) -> None:
        """Bring the ledger to these states, in one transaction.

        Events are added once by their place; a row is replaced by a newer version only, so a repeated or
        late call changes nothing.
        """
        with Session(self._engine) as session:
            for projection in projections:
                self._project(session, projection)
            session.commit()

    def _project(self, session: Session, projection: Projection) -> None:
        state = projection.state
        for item in projection.events:
            _add(session, _event(state, item))
            for notice in notices(state, item):
                row = CaseNotice(
                    case_id=state.case_id, school_id=state.school_id, at=item.at, **notice.model_dump()
                )
                _add(session, row)
        current = session.exec(select(CaseRow.version).where(CaseRow.case_id == state.case_id)).first()
        if current is not None and current > state.version:
            return
        _add(session, _policy(state))
        self._replace(session, state)

    def _replace(self, session: Session, state: CaseState) -> None:
        lines = deadline_lines(state)
        summary = summarize(state, lines)
        id_number = state.profile.id_number
        columns = summary.model_dump(exclude={"hardship_types"})
        row = CaseRow(
            case_id=state.case_id,
            version=state.version,
            school_id=state.school_id,
            department_id=state.department_id,
            cohort=state.cohort,
            student_no=state.profile.student_no,
            id_number_key=self._keys.id_number_key(state.school_id, id_number) if id_number else None,
            name=state.profile.name,
            opened_at=state.opened_at,
            updated_at=state.updated_at,
            policy_ref=state.policy.ref,
            policy_digest=state.policy.digest_of_content,
            roster_digest=state.roster_digest,
            state=state.model_dump_json(exclude={"policy"}),
            **columns,
        )
        session.merge(row)
        children: list[Table] = [
            CaseHardship(case_id=state.case_id, type=kind) for kind in summary.hardship_types
        ]
        children += [_deadline(state, line) for line in lines]
        children += [_referral(state, referral) for referral in state.referrals.values()]
        for table in (CaseHardship, CaseDeadline, CaseReferral):
            session.exec(delete(table).where(col(table.case_id) == state.case_id))
        session.flush()
        session.add_all(children)
        _reserve(session, state)


def _add(session: Session, row: Table) -> None:
    """Insert the row unless it is there."""
    values = row.model_dump()
    dialect = session.get_bind().dialect.name
    make = sqlite_insert if dialect == "sqlite" else postgresql_insert
    session.exec(make(type(row)).values(values).on_conflict_do_nothing())


def _event(state: CaseState, item: Recorded) -> CaseEvent:
    return CaseEvent(
        case_id=state.case_id,
        seq=item.seq,
        at=item.at,
        type=item.event.type,
        actor_id=item.actor_id,
        actor_role=item.actor_role,
        data=item.event.model_dump_json(),
    )


def _policy(state: CaseState) -> PolicyVersion:
    policy = state.policy
    return PolicyVersion(
        ref=policy.ref,
        digest=policy.digest_of_content,
        document=policy.model_dump_json(),
        published_at=state.opened_at,
    )


def _deadline(state: CaseState, line: DeadlineLine) -> CaseDeadline:
    deadline = line.deadline
    return CaseDeadline(
        case_id=state.case_id,
        key=deadline.key,
        school_id=state.school_id,
        department_id=state.department_id,
        mentor_id=state.pairing.mentor_id,
        clock=deadline.clock,
        subject=deadline.subject,
        owner=deadline.owner,
        since=deadline.since,
        due_on=deadline.due.on,
        due_at=deadline.due.at,
        rung=line.rung,
        paused=state.hold is not None,
    )


def _referral(state: CaseState, referral: Referral) -> CaseReferral:
    return CaseReferral(
        case_id=state.case_id,
        referral_id=referral.id,
        school_id=state.school_id,
        department_id=state.department_id,
        kind=referral.kind,
        receiver=referral.to,
        sender_id=referral.sender_id,
        status=referral.status,
        sent_at=referral.sent_at,
        answered_at=referral.answered_at,
        changed_at=referral.changed_at,
        acknowledged_at=referral.acknowledged_at,
    )


def _reserve(session: Session, state: CaseState) -> None:
    """Keep the mentor's place while the case is open, and give it back when it is not."""
    pairing = state.pairing
    holder = pairing.proposal.mentor_id if pairing.proposal else pairing.mentor_id
    if holder is None or state.closed:
        session.exec(delete(Reservation).where(col(Reservation.case_id) == state.case_id))
    else:
        session.merge(Reservation(case_id=state.case_id, mentor_id=holder))
