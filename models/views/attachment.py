"""An attachment as people see it in the list of a case."""

from datetime import datetime

from models.base import Model


class AttachmentView(Model):
    """`kind` is what it proves, as an evidence type's id; `named`: something refers to it, so that it cannot be
    deleted; `shown`: browsers show it by themselves."""

    id: str
    case_id: str
    kind: str
    filename: str
    media_type: str
    size_bytes: int
    shown: bool
    named: bool
    uploaded_by: str
    uploaded_at: datetime
