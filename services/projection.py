"""Writing a case's events into the ledger: idempotent, and in any order."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opentelemetry import trace
from sqlalchemy import Connection, Engine, Row, bindparam, delete, select
from sqlmodel import Session, col

from models.case.machine import Recorded
from models.case.state import CaseState
from models.case.summary import deadline_lines, summarize
from models.tables import (
    CaseDeadline,
    CaseEvent,
    CaseHardship,
    CaseNotice,
    CaseReferral,
    CaseRow,
    ErasureCertificate,
    PolicyVersion,
    Reservation,
)
from models.tables.types import Table
from services.certificates import certificate_of
from services.data_key import KeyDestroyed
from services.database import insert_missing, insert_new, reading, replace, sent_together, writing
from services.ledger_rows import (
    LedgerRows,
    deadline_row,
    notice_rows,
    policy_row,
    referral_row,
    reservation_row,
)
from services.sealed import NAME, STUDENT_NO, event_place, state_place
from services.states import States
from services.unhappened import Met, Told, met, take_back
from services.vault import IndexKind, Vault
from workflows.messages import BriefProjection, Projection

_tracer = trace.get_tracer(__name__)

_DELETE = {
    table: delete(table).where(col(table.case_id) == bindparam("id"))
    for table in (CaseHardship, CaseDeadline, CaseReferral, Reservation)
}
_WRITTEN = (
    select(col(CaseRow.version), col(CaseRow.updated_at), col(CaseRow.parts))
    .where(col(CaseRow.case_id) == bindparam("id"))
    # Two writers of one case wait for each other (SQLite takes one writer at a time anyway).
    .with_for_update()
)


@dataclass(frozen=True)
class _Sealed:
    """What is to be written of a state; `policy` unless the ledger has it."""

    state: CaseState
    recorded: list[Recorded]
    rows: LedgerRows
    events: list[CaseEvent]
    policy: PolicyVersion | None
    choosing: bool


class Ledger:
    """The ledger of one database."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = writing(engine)
        self._reading = reading(engine)
        self._vault = vault
        self._states = States(vault)

    def completed(self, projection: Projection | BriefProjection) -> Projection:
        """The projection with its policy. Raises NoResultFound where the ledger does not have it."""
        if isinstance(projection, Projection):
            return projection
        with Session(self._reading) as session:
            policy = self._states.policy(session, projection.policy_digest)
        return Projection.model_construct(
            state=projection.state.under(policy), events=projection.events, choosing=projection.choosing
        )

    def project(self, projections: Iterable[Projection], *, whole: bool = False) -> None:
        """Bring the ledger to these states, in one transaction.

        Events are added once by their place, and take that of events that never happened; a row is
        replaced by one of its own or a newer version only, so a repeated or late call changes nothing. What hangs
        on the row is written where it differs from what was written last, or, to repair it, `whole`.
        """
        # Sealed first: nobody waits for a key while holding the ledger's lock.
        sealed = [found for each in projections if (found := self._sealed(each)) is not None]
        with _tracer.start_as_current_span("write the ledger"), self._engine.begin() as connection:
            for item in sealed:
                self._project(connection, item, whole=whole)

    def open(self, opened: Sequence[Projection]) -> None:
        """The same for cases that are new, in a few statements for all of them. What the ledger knows stays."""
        ids = [projection.state.case_id for projection in opened]
        self._vault.warm(ids)
        sealed = [found for each in opened if (found := self._sealed(each)) is not None]
        with self._engine.begin() as connection:
            known = set(connection.scalars(select(col(CaseRow.case_id)).where(col(CaseRow.case_id).in_(ids))))
            new = [item for item in sealed if item.state.case_id not in known]
            for item in sealed:
                if item.state.case_id in known:
                    self._project(connection, item)
            policies = {item.policy.digest: item.policy for item in new if item.policy}
            insert_missing(connection, list(policies.values()))
            insert_missing(connection, [item.rows.case for item in new])
            # A case that wrote a newer row of its own in this very moment keeps it, with what hangs on it.
            written = select(col(CaseRow.case_id), col(CaseRow.version)).where(col(CaseRow.case_id).in_(ids))
            versions = {row.case_id: row.version for row in connection.execute(written)}
            rows = [item.rows for item in new if versions[item.state.case_id] == item.state.version]
            insert_missing(connection, [event for item in new for event in item.events])
            insert_missing(connection, [child for row in rows for child in row.hardships])
            insert_missing(connection, [child for row in rows for child in row.deadlines])

    def _sealed(self, projection: Projection) -> _Sealed | None:
        """What is to be written; nothing of a case whose key was destroyed meanwhile."""
        state = projection.state
        try:
            events = self.event_rows(state.case_id, projection.events)
            rows = self.rows_of(state)
        except KeyDestroyed:
            return None
        policy = None if self._states.has_read(rows.case.policy_digest) else policy_row(state)
        return _Sealed(state, projection.events, rows, events, policy, projection.choosing)

    def _project(self, connection: Connection, sealed: _Sealed, *, whole: bool = False) -> None:
        state, events = sealed.state, sealed.events
        written = connection.execute(_WRITTEN, {"id": state.case_id}).one_or_none()
        is_first = False
        if written is None:
            if state.version > 1 and _forgotten(connection, state.case_id):
                # A try that was delayed until the case had been erased.
                return
            is_first, written = _begin(connection, sealed.rows.case)
        before: dict[str, Any] = json.loads(written.parts) if written is not None else {}
        told = Told.taken_from(before)
        if written is not None and events and written.version >= events[0].seq:
            match met(connection, events, self.same):
                case Met.SAME, _:
                    pass
                case Met.LATER, _:
                    return
                case Met.EARLIER, first:
                    told.add(take_back(connection, state.case_id, first.seq, first.at))
                    written, before = None, {}
        notices = _notices(connection, sealed, told)
        with sent_together(connection):
            insert_missing(connection, events)
            insert_missing(connection, notices)
            _add_documents(connection, sealed)
            # One version has two times where its first try was given up; that one may be the last to come through.
            if written is None or (written.version, written.updated_at) <= (state.version, state.updated_at):
                if told:
                    sealed.rows.case.parts = json.dumps(told.put_into(json.loads(sealed.rows.case.parts)))
                _write(connection, sealed.rows, {} if whole else before, is_first=is_first)
                # A late try of the version that is there knows nothing of a place reserved since.
                is_new = written is None or written.version < state.version
                if not sealed.choosing and (is_new or whole or not events):
                    _set_reservation(connection, state.case_id, sealed.rows.reservation)

    def rows_of(self, state: CaseState) -> LedgerRows:
        """What the ledger should hold of a state."""
        lines = deadline_lines(state)
        summary = summarize(state, lines)
        profile, case_id, seal = state.profile, state.case_id, self._vault.seal
        columns = summary.model_dump(exclude={"hardship_types"})
        row = CaseRow(
            case_id=state.case_id,
            version=state.version,
            school_id=state.school_id,
            department_id=state.department_id,
            cohort=state.cohort,
            student_no=seal(case_id, profile.student_no, STUDENT_NO),
            student_no_key=self._vault.index(state.school_id, "student_no", profile.student_no),
            id_number_key=self._index(state, "id_number", profile.id_number),
            phone_key=self._index(state, "phone", profile.phone),
            name=seal(case_id, profile.name, NAME),
            name_key=self._vault.index(state.school_id, "name", profile.name),
            opened_at=state.opened_at,
            updated_at=state.updated_at,
            policy_ref=state.policy.ref,
            policy_digest=state.policy.digest_of_content,
            state=seal(case_id, state.model_dump_json(exclude={"policy"}), state_place(state.version)),
            **columns,
        )
        rows = LedgerRows(
            case=row,
            hardships=[CaseHardship(case_id=state.case_id, type=kind) for kind in summary.hardship_types],
            deadlines=[deadline_row(state, line) for line in lines],
            referrals=[referral_row(state, referral) for referral in state.referrals.values()],
            reservation=reservation_row(state),
        )
        row.parts = json.dumps(
            {str(table.__tablename__): _fingerprint(found) for table, found in rows.children().items()}
        )
        return rows

    def _index(self, state: CaseState, kind: IndexKind, value: str | None) -> str | None:
        return self._vault.index(state.school_id, kind, value) if value else None

    def same(self, one: CaseEvent, other: CaseEvent) -> bool:
        """Whether two rows tell the same event. Raises SealBroken."""
        if one.model_dump(exclude={"data"}) != other.model_dump(exclude={"data"}):
            return False
        data = [
            json.loads(self._vault.open(row.case_id, row.data, event_place(row.seq))) for row in (one, other)
        ]
        return data[0] == data[1]

    def event_rows(self, case_id: str, events: Iterable[Recorded]) -> list[CaseEvent]:
        """What the ledger should hold of events."""
        return [self._event(case_id, item) for item in events]

    def _event(self, case_id: str, item: Recorded) -> CaseEvent:
        return CaseEvent(
            case_id=case_id,
            seq=item.seq,
            at=item.at,
            type=item.event.type,
            actor_id=item.actor_id,
            actor_role=item.actor_role,
            data=self._vault.seal(case_id, item.event.model_dump_json(), event_place(item.seq)),
        )


def _begin(connection: Connection, row: CaseRow) -> tuple[bool, Row[int, datetime, str] | None]:
    """Write the first row of a case. Where there was none, nothing could be waited for: another one may have come,
    which is then what was written before."""
    if insert_new(connection, row):
        return True, None
    return False, connection.execute(_WRITTEN, {"id": row.case_id}).one()


def _write(connection: Connection, rows: LedgerRows, before: dict[str, Any], *, is_first: bool) -> None:
    """Write the row of a case, unless it is the first and there, and what hangs on it, as far as its parts are not
    those from before."""
    case_id = rows.case.case_id
    if not is_first:
        replace(connection, rows.case)
    for table, children in rows.children().items():
        if before.get(table.__tablename__) != _fingerprint(children):
            connection.execute(_DELETE[table], {"id": case_id})
            insert_missing(connection, children)


def _notices(connection: Connection, sealed: _Sealed, told: Told) -> list[CaseNotice]:
    """Who is to be told of the events, some of it told by a digest already: that is taken out of `told`."""
    rows = [row for item in sealed.recorded for row in notice_rows(sealed.state, item)]
    if rows and told:
        # Those that stand there have their digest, or wait for it.
        place = col(CaseNotice.seq)
        there = set(
            connection.scalars(
                select(place).where(
                    col(CaseNotice.case_id) == sealed.state.case_id, place.in_({row.seq for row in rows})
                )
            )
        )
        for row in rows:
            if row.seq not in there:
                row.period = told.take(row)
    return rows


def _add_documents(connection: Connection, sealed: _Sealed) -> None:
    """The documents that events rest on or lead to."""
    if sealed.policy is not None:
        insert_missing(connection, [sealed.policy])
    if sealed.state.erasing:
        insert_missing(connection, [certificate_of(sealed.state)])


def _set_reservation(connection: Connection, case_id: str, reservation: Reservation | None) -> None:
    """With every version, since one may also come from a proposal that was refused in the end."""
    if reservation is None:
        connection.execute(_DELETE[Reservation], {"id": case_id})
    else:
        replace(connection, reservation)


def _forgotten(connection: Connection, case_id: str) -> bool:
    query = select(col(ErasureCertificate.number)).where(col(ErasureCertificate.case_id) == case_id)
    return connection.execute(query).first() is not None


def _fingerprint(rows: Sequence[Table]) -> str:
    text = "\n".join(row.model_dump_json() for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
