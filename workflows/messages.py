"""What goes into workflows and activities and comes out of them, and the names under which they are known."""

import hashlib
from datetime import datetime
from typing import Annotated, Any

from pydantic import Discriminator, Field, RootModel, Tag

from models.base import Model
from models.case.intake import CaseOpened
from models.case.kernel import Actor
from models.case.machine import AnyCommand, Opening, Recorded
from models.case.standards import PolicyChanged
from models.case.state import CaseFacts, CaseState

CASE_WORKFLOW = "case"
CASE_COMMAND = "command"
CASE_STATUS = "status"
CASE_STATE = "state"
CASE_EVENTS = "events"
IMPORT_WORKFLOW = "import"
TRAINING_WORKFLOW = "training_class"
OFFBOARDING_WORKFLOW = "offboarding"
DIGEST_WORKFLOW = "digest"


class CommandRequest(Model):
    """A list of commands, decided in order, all or nothing. Its Update id is a hash of its key."""

    actor: Actor
    commands: list[AnyCommand] = Field(min_length=1, max_length=20)
    expected_version: int | None = None

    @property
    def digest(self) -> str:
        """What is asked, by whom, as a fingerprint: one key stands for one request."""
        # For whom somebody stands in may change before the request is repeated.
        asked = self.model_dump_json(exclude={"actor": {"covering"}})
        return hashlib.sha256(asked.encode()).hexdigest()[:16]


class CommandAnswer(Model):
    """`projected` is False when the events are durable but not in the ledger yet. `request_digest` tells a
    repeated request from another one under the same key."""

    request_digest: str

    version: int
    events: list[Recorded]
    projected: bool


class EarlierAnswer(Model):
    """An answer of long ago: its events are those in the ledger up to `version`, so many of them."""

    request_digest: str
    version: int
    events: int

    @classmethod
    def of(cls, answer: CommandAnswer) -> "EarlierAnswer":
        """What is kept of an answer."""
        return cls(request_digest=answer.request_digest, version=answer.version, events=len(answer.events))


class EventsWanted(Model):
    """Events of a case, the last of them at the place `last`, so many of them."""

    case_id: str
    last: int
    count: int


class LeaveClass(Model):
    """Tell a training class that one of its people has withdrawn."""

    class_id: str
    case_id: str
    enrolment_id: str
    reason: str


class Carried(Model):
    """What one run of a case hands to the next. `answers` are the last answers by Update id, `earlier` those before
    by the beginning of theirs."""

    state: CaseState
    pending: list[Recorded]
    effects: list[LeaveClass]
    answers: dict[str, CommandAnswer]
    earlier: dict[str, EarlierAnswer] = Field(default_factory=dict[str, EarlierAnswer])


class CaseInput(Model):
    """Either the opening of a case, or what an earlier run carries over.

    `projected`: whoever opens the case writes its first row into the ledger.
    """

    opening: Opening | None = None
    projected: bool = False
    carried: Carried | None = None


class Projection(Model):
    """Events to add to the ledger, and the state after them. `choosing`: a mentor's place may just have been reserved
    of which the state knows nothing yet. Without events it gives back what was reserved for nothing."""

    state: CaseState
    events: list[Recorded]
    choosing: bool = False


class BriefProjection(Model):
    """The same without the policy, which the ledger has under its `digest_of_content`: the policy is many times the
    rest."""

    state: CaseFacts
    policy_digest: str
    events: list[Recorded]
    choosing: bool = False


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "brief" if "policy_digest" in value else "whole"
    return "brief" if isinstance(value, BriefProjection) else "whole"


class AnyProjection(
    RootModel[
        Annotated[
            Annotated[Projection, Tag("whole")] | Annotated[BriefProjection, Tag("brief")],
            Discriminator(_kind),
        ]
    ]
):
    """Either of the two, told apart by its shape."""

    @classmethod
    def of(cls, whole: Projection) -> "AnyProjection":
        """A projection as brief as may be: with the policy only where it is new to the ledger too."""
        if any(isinstance(item.event, CaseOpened | PolicyChanged) for item in whole.events):
            return cls(whole)
        return cls(
            BriefProjection(
                state=whole.state,
                policy_digest=whole.state.policy.digest_of_content,
                events=whole.events,
                choosing=whole.choosing,
            )
        )


class CaseStatus(Model):
    """The live status of a case's workflow."""

    version: int
    stage: str
    next_wake: datetime | None
    no_deadline_reason: str | None
    commands_in_run: int
    projection_behind: bool
    pending_events: int
    pending_effects: int
    seeking_mentor: bool


class ImportInput(Model):
    """An import by its id. `next_row` is set when a long import continues as a new run."""

    import_id: str
    next_row: int = 0


class ChunkInput(Model):
    """The next rows of an import to judge: those above `after_row`, at most `size`."""

    import_id: str
    after_row: int
    size: int


class ChunkResult(Model):
    """`last_row` is the last row judged, None when none was left."""

    last_row: int | None
