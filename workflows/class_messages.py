"""What a training class is given and answers, and under which names."""

from models.base import Model
from models.case.kernel import PlaceAnswer
from models.training_class import ClassCommand, Tell, TrainingClassState

RESERVE = "reserve"
LEAVE = "leave"
FORGET = "forget"
CLASS_COMMAND = "command"

__all__ = [
    "CLASS_COMMAND",
    "FORGET",
    "LEAVE",
    "RESERVE",
    "ClassRequest",
    "PlaceAnswer",
    "TellAnswer",
    "TellInput",
    "TrainingClassState",
    "class_workflow_id",
]


class ClassRequest(Model):
    """A command of the class's owner; its Update id is a hash of that person's Idempotency-Key."""

    command: ClassCommand


class TellInput(Model):
    """Something to tell a case, on behalf of a class of that school."""

    school_id: str
    tell: Tell


class TellAnswer(Model):
    """`problem` is the code with which the case refused."""

    problem: str | None = None


def class_workflow_id(class_id: str) -> str:
    """The workflow of a class."""
    return f"class-{class_id}"
