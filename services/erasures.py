"""Reading what falls due for erasure, what is legally held, and the certificates of what was erased."""

import json
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.case.kernel import Actor
from models.tables import CaseRow, ErasureCertificate
from models.views.erasure import CertificateView, ErasureLine, ErasureStatus, RetentionLine
from models.views.page import Page
from services.access import readable, standings
from services.certificates import CertificateSeal
from services.errors import CaseErased, NotFound, ServiceError, case_unknown
from services.keyset import after, cursor_of, read_cursor

REMAINS = ("counts", "audit", "events_without_content", "certificate")
"""What is left of an erased case: see docs/erasure.md."""

_DECIDED = (col(ErasureCertificate.decided_at), col(ErasureCertificate.number))
_ENDING = (col(CaseRow.retention_ends_at), col(CaseRow.case_id))
_HELD = (col(CaseRow.legal_hold_since), col(CaseRow.case_id))


class Erasures:
    """The erasures of one database, for the career centre."""

    def __init__(self, engine: Engine, seal: CertificateSeal) -> None:
        self._engine = engine
        self._seal = seal

    def retention(
        self, actor: Actor, *, before: datetime | None, held: bool, cursor: str | None, limit: int
    ) -> Page[RetentionLine]:
        """Files that will be erased, the next first; with `held` those under a legal hold, the oldest hold first.

        Raises BadCursor.
        """
        order, name = (_HELD, "held") if held else (_ENDING, "retention")
        conditions = [readable(actor), order[0].is_not(None)]
        if not held:
            conditions.append(col(CaseRow.legal_hold_since).is_(None))
        if before is not None:
            conditions.append(col(CaseRow.retention_ends_at) < before)
        if cursor is not None:
            conditions.append(after(order, read_cursor(name, cursor, datetime, str)))
        with Session(self._engine) as session:
            rows = session.exec(select(CaseRow).where(*conditions).order_by(*order).limit(limit + 1)).all()
            items = [_kept(row) for row in rows[:limit]]
        more = None
        if len(rows) > limit:
            last = items[-1]
            since = last.legal_hold_since if held else last.retention_ends_at
            assert since is not None  # noqa: S101  (the query leaves out those without)
            more = cursor_of(name, (since, last.case_id))
        return Page(items=items, next_cursor=more)

    def erasures(self, actor: Actor, *, cursor: str | None, limit: int) -> Page[ErasureLine]:
        """Certificates, the newest first. Raises BadCursor."""
        query = select(ErasureCertificate).where(ErasureCertificate.school_id == actor.school_id)
        if cursor is not None:
            key = read_cursor("erasures", cursor, datetime, str)
            query = query.where(after(_DECIDED, key, descending=True))
        with Session(self._engine) as session:
            rows = session.exec(query.order_by(*(part.desc() for part in _DECIDED)).limit(limit + 1)).all()
        more = None
        if len(rows) > limit:
            last = rows[limit - 1]
            more = cursor_of("erasures", (last.decided_at, last.number))
        return Page(items=[_line(row) for row in rows[:limit]], next_cursor=more)

    def certificate(self, actor: Actor, number: str) -> CertificateView:
        """One certificate. Raises NotFound (`erasure_unknown`)."""
        with Session(self._engine) as session:
            row = session.get(ErasureCertificate, number)
        if row is None or row.school_id != actor.school_id:
            raise NotFound(
                "erasure_unknown",
                f"没有编号为 {number} 的删除证明。",
                f"There is no certificate of erasure {number}.",
            )
        fields = row.model_dump(include=set(CertificateView.model_fields) - {"removed"})
        return CertificateView(
            **fields,
            status=_status(row),
            removed=json.loads(row.removed),
            remains=REMAINS,
            genuine=self._seal.is_genuine(row) if row.completed_at else None,
        )


def unreadable(session: Session, actor: Actor, case_id: str) -> ServiceError:
    """Why a case cannot be read: it was erased, for those who could read it, else it does not exist."""
    query = select(ErasureCertificate).where(ErasureCertificate.case_id == case_id)
    certificate = session.exec(query).first()
    if certificate is None or not standings(actor, certificate):
        return case_unknown()
    return CaseErased(certificate.number)


def _kept(row: CaseRow) -> RetentionLine:
    return RetentionLine.model_validate(row.model_dump(include=set(RetentionLine.model_fields)))


def _line(row: ErasureCertificate) -> ErasureLine:
    fields = row.model_dump(include=set(ErasureLine.model_fields))
    return ErasureLine(**fields, status=_status(row))


def _status(row: ErasureCertificate) -> ErasureStatus:
    return "done" if row.completed_at else "running"
