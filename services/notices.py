"""Notices of what is no event of a case, and yet about it."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from models.tables import CaseNotice, CaseRow

_NUMBERS = 2**31 - 1


def beside_events(
    case: CaseRow, kind: str, subject: str, audiences: Iterable[str], at: datetime
) -> list[CaseNotice]:
    """What these audiences find in their inboxes. Such notices have numbers of their own, below zero."""
    seq = -1 - secrets.randbelow(_NUMBERS)
    return [
        CaseNotice(
            case_id=case.case_id,
            seq=seq,
            audience=audience,
            school_id=case.school_id,
            kind=kind,
            subject=subject,
            at=at,
        )
        for audience in audiences
    ]
