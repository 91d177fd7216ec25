"""Writing a case's events into the ledger: idempotent, and in any order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, delete
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
from services.database import insert_missing, writing
from services.keys import Keys
from workflows.messages import Projection


@dataclass
class LedgerRows:
    """Everything that the ledger holds of one state, but for its events."""

    case: CaseRow
    hardships: list[CaseHardship] = field(default_factory=list[CaseHardship])
    deadlines: list[CaseDeadline] = field(default_factory=list[CaseDeadline])
    referrals: list[CaseReferral] = field(default_factory=list[CaseReferral])
    reservation: Reservation | None = None


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

    def open(self, opened: Sequence[Projection]) -> None:
        """The same for cases that are new, in a few statements for all of them. What the ledger knows stays."""
        with Session(self._engine) as session:
            ids = [projection.state.case_id for projection in opened]
            known = set(session.exec(select(CaseRow.case_id).where(col(CaseRow.case_id).in_(ids))).all())
            for projection in opened:
                if projection.state.case_id in known:
                    self._project(session, projection)
            new = [projection for projection in opened if projection.state.case_id not in known]
            rows = [self.rows_of(projection.state) for projection in new]
            policies = {projection.state.policy.digest_of_content: projection.state for projection in new}
            insert_missing(session, [_policy(state) for state in policies.values()])
            # Whoever is first writes the row; on PostgreSQL the other one fails here and comes again.
            session.add_all(row.case for row in rows)
            session.flush()
            insert_missing(
                session, [_event(projection.state, item) for projection in new for item in projection.events]
            )
            session.add_all(child for row in rows for child in (*row.hardships, *row.deadlines))
            session.commit()

    def _project(self, session: Session, projection: Projection) -> None:
        state = projection.state
        insert_missing(session, [_event(state, item) for item in projection.events])
        insert_missing(session, [row for item in projection.events for row in _notices(state, item)])
        current = session.exec(select(CaseRow.version).where(CaseRow.case_id == state.case_id)).first()
        if current is not None and current > state.version:
            return
        insert_missing(session, [_policy(state)])
        self._replace(session, self.rows_of(state))

    def rows_of(self, state: CaseState) -> LedgerRows:
        """What the ledger should hold of a state."""
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
        return LedgerRows(
            case=row,
            hardships=[CaseHardship(case_id=state.case_id, type=kind) for kind in summary.hardship_types],
            deadlines=[_deadline(state, line) for line in lines],
            referrals=[_referral(state, referral) for referral in state.referrals.values()],
            reservation=_reservation(state),
        )

    def _replace(self, session: Session, rows: LedgerRows) -> None:
        case_id = rows.case.case_id
        session.merge(rows.case)
        for table in (CaseHardship, CaseDeadline, CaseReferral):
            session.exec(delete(table).where(col(table.case_id) == case_id))
        session.flush()
        session.add_all((*rows.hardships, *rows.deadlines, *rows.referrals))
        if rows.reservation is None:
            session.exec(delete(Reservation).where(col(Reservation.case_id) == case_id))
        else:
            session.merge(rows.reservation)


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


def _notices(state: CaseState, item: Recorded) -> list[CaseNotice]:
    return [
        CaseNotice(case_id=state.case_id, school_id=state.school_id, at=item.at, **notice.model_dump())
        for notice in notices(state, item)
    ]


def _reservation(state: CaseState) -> Reservation | None:
    """The mentor's place that the case takes; a closed case gives it back."""
    pairing = state.pairing
    holder = pairing.proposal.mentor_id if pairing.proposal else pairing.mentor_id
    if holder is None or state.closed:
        return None
    return Reservation(case_id=state.case_id, mentor_id=holder)
