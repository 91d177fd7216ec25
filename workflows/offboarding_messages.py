"""What an offboarding is given and answers."""

from pydantic import Field

from models.base import Model
from models.case.kernel import Actor


class LeftOver(Model):
    """A case that nobody could take, with the code of the refusal."""

    case_id: str
    code: str


class OffboardingInput(Model):
    """Who leaves, who asked, and who takes over (None: the best by the rules of pairing, case by case).

    With `with_acceptance` the successor is asked and the case stays until the answer. `depart_anyway` ends the
    leaver's account even where something is left over. The last three carry a long run on."""

    staff_id: str
    school_id: str
    asked_by: Actor
    reason: str
    successor_id: str | None = None
    with_acceptance: bool = False
    depart_anyway: bool = False
    after: str = ""
    moved: int = 0
    left_over: list[LeftOver] = Field(default_factory=list[LeftOver])


class CasesAfter(Model):
    """The next open cases of a leaver, above the case id `after`."""

    staff_id: str
    after: str
    size: int


class MoveInput(Model):
    """Move one case. `run` names the offboarding, so that each case is moved once."""

    offboarding: OffboardingInput
    case_id: str
    run: str


class MoveAnswer(Model):
    """`problem` is the code with which the case refused; None when it went over, or its successor was asked."""

    case_id: str
    problem: str | None = None


class Progress(Model):
    """How far an offboarding is."""

    offboarding: OffboardingInput
    finished: bool
