"""Attachments that an event of their case is going to name: from then on they stay."""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.case.kernel import AttachmentsAnswer, NameAttachments
from models.tables import Attachment
from services.database import writing


class AttachmentNames:
    """Keeps the attachments of one database that are named."""

    def __init__(self, engine: Engine) -> None:
        self._engine = writing(engine)

    def keep(self, need: NameAttachments, now: datetime) -> AttachmentsAnswer:
        """Keep all of them, or none; asked again, the answer is the same.

        The answer's problem is `attachment_unknown`, also for one of another case, or
        `traineeship_is_not_employment`.
        """
        query = select(Attachment).where(
            Attachment.case_id == need.case_id,
            col(Attachment.id).in_(need.attachment_ids),
            col(Attachment.removed_at).is_(None),
        )
        with Session(self._engine) as session:
            # A deletion of one of them waits for this, or this for the deletion.
            rows = session.exec(query.order_by(col(Attachment.id)).with_for_update()).all()
            if len(rows) != len(need.attachment_ids):
                return AttachmentsAnswer(problem="attachment_unknown")
            if any(row.kind in need.excluded_kinds for row in rows):
                return AttachmentsAnswer(problem="traineeship_is_not_employment")
            for row in rows:
                row.named_at = row.named_at or now
            session.commit()
        return AttachmentsAnswer()
