"""A referral as the other party sees it: the purpose, and only what was disclosed to them."""

from datetime import datetime

from models.base import Model
from models.case.disclosure import Ground


class ReferralEntry(Model):
    """A referral. `disclosed` holds the fields that the sender chose and had ground to disclose, with their
    values, `grounds` the ground of each; a field whose consent was withdrawn keeps its ground and has no value.
    `due_at` is when its next step is due: the answer, then the outcome."""

    case_id: str
    referral_id: str
    kind: str
    receiver: str
    sender_id: str
    purpose: str
    status: str
    sent_at: datetime
    answered_at: datetime | None
    acknowledged_at: datetime | None
    due_at: datetime | None
    grounds: tuple[Ground, ...]
    disclosed: dict[str, str | bool | list[str] | None]
