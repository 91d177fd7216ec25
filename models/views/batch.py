"""One command for many cases: what is asked, how far it is, and what became of it in each."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.base import Model
from models.case.machine import PublicCommand

BatchStatus = Literal["running", "done"]
BatchOutcome = Literal["done", "refused", "pending"]
# Nothing else gets into a column that is not sealed.
CaseId = Annotated[str, StringConstraints(pattern=r"^case-[a-z2-7]{24}$")]
MOST_CASES = 500


class BatchDraft(Model):
    """The command, and the cases that it is for; a case that is named twice counts once."""

    command: PublicCommand
    case_ids: list[CaseId] = Field(min_length=1, max_length=MOST_CASES)


class BatchAccepted(Model):
    """A batch that is under way."""

    id: str
    total: int


class BatchView(Model):
    """A batch: `done`, `refused` and `pending` add up to `total`."""

    id: str
    type: str
    status: BatchStatus
    total: int
    done: int
    refused: int
    pending: int
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class BatchRow(Model):
    """What became of the command in one case. `display` is the graduate's name, masked as in lists, else the case's id;
    both are None where the file has been erased. `version` is that of the case after it; `code`, `zh` and `en` say why
    it was refused."""

    number: int
    case_id: str | None
    display: str | None
    outcome: BatchOutcome
    version: int | None = None
    code: str | None = None
    zh: str | None = None
    en: str | None = None
