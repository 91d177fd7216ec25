"""Personal columns of the ledger: each is sealed under the case's key for its own place, and opened here."""

from collections.abc import Iterable

import structlog

from services.data_key import KeyDestroyed, KeyMissing, SealBroken
from services.vault import Vault

log = structlog.get_logger(__name__)

NAME = "case_row.name"
STUDENT_NO = "case_row.student_no"


def state_place(version: int) -> str:
    """The place of a case's state: an older one does not open in it."""
    return f"case_row.state:{version}"


def event_place(seq: int) -> str:
    """The place of an event's data in the timeline."""
    return f"case_event.data:{seq}"


def open_all(vault: Vault, place: str, sealed: Iterable[tuple[str, str | None]]) -> list[str | None]:
    """One column of many cases, given as case id and sealed text; None where there is none, and where it cannot be
    opened: one damaged case must not hide the others."""
    rows = list(sealed)
    vault.warm(case_id for case_id, text in rows if text is not None)
    return [None if text is None else _open(vault, case_id, text, place) for case_id, text in rows]


def _open(vault: Vault, case_id: str, text: str, place: str) -> str | None:
    try:
        return vault.open(case_id, text, place)
    except KeyDestroyed:
        return None
    except (KeyMissing, SealBroken) as broken:
        log.warning("a sealed column does not open", case_id=case_id, column=place, code=broken.code)
        return None
