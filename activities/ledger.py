"""What a case asks of the database: its projection, a mentor with room, attachments that it is going to name."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog
from temporalio import activity

from models.case.kernel import AttachmentsAnswer, MentorAnswer, NameAttachments, ReserveMentor
from models.case.machine import Recorded
from services.attachment_names import AttachmentNames
from services.pairing import MentorPool
from services.past_events import PastEvents
from services.projection import Ledger
from services.projection_watch import ProjectionWatch
from workflows.messages import AnyProjection, EventsWanted

log = structlog.get_logger(__name__)


class LedgerActivities:
    """Synchronous: they run on the worker's threads."""

    def __init__(
        self,
        ledger: Ledger,
        past: PastEvents,
        mentors: MentorPool,
        attachments: AttachmentNames,
        zone: ZoneInfo,
    ) -> None:
        self._ledger = ledger
        self._past = past
        self._mentors = mentors
        self._attachments = attachments
        self._zone = zone
        self._watch = ProjectionWatch()

    @activity.defn(name="project")
    def project(self, given: AnyProjection) -> None:
        try:
            projection = self._ledger.completed(given.root)
            if not activity.info().is_local:
                self._watch.catching_up(projection)
            self._ledger.project([projection])
        except Exception as error:
            self._watch.failed(error)
            raise
        self._watch.written(projection, datetime.now(UTC))
        log.debug("written to the ledger", version=projection.state.version, events=len(projection.events))

    @activity.defn(name="reserve_mentor")
    def reserve_mentor(self, need: ReserveMentor) -> MentorAnswer:
        return self._mentors.reserve(need, datetime.now(UTC).astimezone(self._zone).date())

    @activity.defn(name="read_events")
    def read_events(self, wanted: EventsWanted) -> list[Recorded]:
        return self._past.read(wanted)

    @activity.defn(name="name_attachments")
    def name_attachments(self, need: NameAttachments) -> AttachmentsAnswer:
        return self._attachments.keep(need, datetime.now(UTC))
