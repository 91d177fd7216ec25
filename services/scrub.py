"""Making the ledger forget a case: what is left is counted and belongs to nobody.

The counts move to a row under a random id, so that nothing leads from the case's id, which is a keyed hash of school
and student number, to a college, a year or a destination.
"""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlmodel import col

from models.tables import (
    Account,
    ApiToken,
    Attachment,
    Batch,
    BatchItem,
    BreakGlass,
    CaseDeadline,
    CaseEvent,
    CaseHardship,
    CaseNotice,
    CaseReferral,
    CaseRow,
    ImportRow,
    Reservation,
    SignOnSession,
)
from services.actors import graduate_actor_id

ANONYMOUS_PREFIX = "erased-"
_ID_BYTES = 12
# What the overview counts. Left out on purpose: the hardship type, the risk, the mentor and the reason of the
# closure, which say something sensitive of a person whom a small college would recognise.
_COUNTED = (
    "school_id",
    "department_id",
    "cohort",
    "stage",
    "destination_code",
    "destination_status",
    "settled",
)

_READ = (*_COUNTED, "opened_at", "updated_at", "closed_at", "erased_at")


def scrub(connection: Connection, case_id: str) -> dict[str, int]:
    """Forget a case; how many rows were deleted or emptied, by table. One that was forgotten already answers with
    nothing."""
    anonymous = ANONYMOUS_PREFIX + secrets.token_hex(_ID_BYTES)
    removed = {
        "case_hardship": _delete(connection, CaseHardship, case_id),
        "case_deadline": _delete(connection, CaseDeadline, case_id),
        "case_notice": _delete(connection, CaseNotice, case_id),
        "attachment": _delete(connection, Attachment, case_id),
        "break_glass": _delete(connection, BreakGlass, case_id),
        "reservation": _delete(connection, Reservation, case_id),
        "batch": _delete_own_batches(connection, graduate_actor_id(case_id)),
        "batch_item": _empty_batch_items(connection, case_id),
        "account": _delete_account(connection, graduate_actor_id(case_id)),
        "case_event": _empty_events(connection, case_id),
        "import_row": _empty_import_rows(connection, case_id),
        "case_row": _count_anonymously(connection, case_id, anonymous),
        "case_referral": _strip_referrals(connection, case_id, anonymous),
    }
    return {table: count for table, count in removed.items() if count}


def overwrite_what_goes(connection: Connection) -> None:
    """On SQLite, have what is deleted on this connection overwritten in the file, not only marked as free."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def _delete(connection: Connection, table: Any, case_id: str) -> int:
    return connection.execute(delete(table).where(table.case_id == case_id)).rowcount


def _delete_account(connection: Connection, actor_id: str) -> int:
    """The graduate signs on no more; the sessions end with the account."""
    connection.execute(delete(SignOnSession).where(col(SignOnSession.actor_id) == actor_id))
    connection.execute(delete(ApiToken).where(col(ApiToken.owner_id) == actor_id))
    return connection.execute(delete(Account).where(col(Account.id) == actor_id)).rowcount


def _empty_events(connection: Connection, case_id: str) -> int:
    """An event keeps its place, time and type, which the audit has as well."""
    full = (col(CaseEvent.case_id) == case_id) & (col(CaseEvent.data) != "{}")
    emptied = update(CaseEvent).where(full).values(data="{}", actor_id="", actor_role="")
    return connection.execute(emptied).rowcount


def _empty_import_rows(connection: Connection, case_id: str) -> int:
    emptied = update(ImportRow).where(col(ImportRow.case_id) == case_id)
    return connection.execute(
        emptied.values(cells=None, problems=None, case_id=None, id_number_key=None)
    ).rowcount


def _empty_batch_items(connection: Connection, case_id: str) -> int:
    emptied = update(BatchItem).where(col(BatchItem.case_id) == case_id)
    return connection.execute(emptied.values(case_id=None, refusal=None)).rowcount


def _delete_own_batches(connection: Connection, actor_id: str) -> int:
    """Those that the graduate began; what they asked of the file is in the file."""
    own = select(col(Batch.id)).where(col(Batch.created_by) == actor_id)
    connection.execute(delete(BatchItem).where(col(BatchItem.batch_id).in_(own)))
    return connection.execute(delete(Batch).where(col(Batch.created_by) == actor_id)).rowcount


def _count_anonymously(connection: Connection, case_id: str, anonymous: str) -> int:
    query = select(*(getattr(CaseRow, name) for name in _READ)).where(col(CaseRow.case_id) == case_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return 0
    connection.execute(insert(CaseRow).values(**_anonymous_row(row, anonymous)))
    return _delete(connection, CaseRow, case_id)


def _anonymous_row(row: Any, anonymous: str) -> dict[str, Any]:
    counted = {name: row[name] for name in _COUNTED}
    opened, closed, erased = row["opened_at"], row["closed_at"], row["erased_at"]
    kept = CaseRow(
        case_id=anonymous,
        version=0,
        student_no="",
        student_no_key="",
        name="",
        name_key="",
        opened_at=_month(opened),
        updated_at=_month(opened),
        waiting_since=_month(opened),
        closed_at=_month(closed) if closed else None,
        erased_at=_month(erased or row["updated_at"]),
        policy_ref="",
        policy_digest="",
        state="",
        **counted,
    )
    return kept.model_dump(exclude={"written"})


def _strip_referrals(connection: Connection, case_id: str, anonymous: str) -> int:
    """How long the loop took is counted; to whom, for what and when belongs to the person."""
    query = select(CaseReferral).where(col(CaseReferral.case_id) == case_id)
    rows = connection.execute(query).mappings().all()
    for number, row in enumerate(rows, start=1):
        shift = row["sent_at"] - _month(row["sent_at"])
        moved = {
            name: row[name] - shift if row[name] else None
            for name in ("sent_at", "answered_at", "changed_at", "acknowledged_at")
        }
        kept = dict(row) | moved | {"case_id": anonymous, "referral_id": f"r{number}"}
        connection.execute(
            insert(CaseReferral).values(**kept | {"kind": "", "receiver": "", "sender_id": ""})
        )
    return _delete(connection, CaseReferral, case_id)


def _month(moment: datetime) -> datetime:
    """The first moment of the month: the day would single somebody out."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
