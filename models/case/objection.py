"""Objection (异议): the graduate objects to data in the file or to what is done with them, and is answered.

PIPL art. 44–46 and 50: the right to refuse processing, to have data corrected, and to be told the reason of a
refusal. What is objected to is not stopped by itself: whoever upholds the objection carries it out.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from models.base import Model
from models.case.kernel import (
    SUPERVISORS,
    Command,
    Context,
    Deadline,
    Event,
    Party,
    Ref,
    Refused,
    Rule,
    Stamp,
    department,
)

if TYPE_CHECKING:
    from models.case.state import CaseState

About = Literal["data", "processing", "disclosure"]
Verdict = Literal["upheld", "rejected"]


class Objection(Model):
    """One objection; open until it is answered. `fields` names the data it is about."""

    id: str
    about: About
    fields: tuple[str, ...]
    raised_at: datetime
    verdict: Verdict | None = None
    answered_at: datetime | None = None


class RaiseObjection(Command):
    """Object to data in one's own file, to their processing or to their disclosure."""

    type: Literal["raise_objection"] = "raise_objection"
    about: About
    fields: list[Ref] = Field(default_factory=list[Ref], max_length=40)
    text: str = Field(min_length=1, max_length=2000)


class AnswerObjection(Command):
    """Uphold or reject an objection, with the reason."""

    type: Literal["answer_objection"] = "answer_objection"
    objection_id: Ref
    verdict: Verdict
    reason: str = Field(min_length=1, max_length=2000)


class ObjectionRaised(Event):
    """`text` is the graduate's own wording."""

    type: Literal["objection_raised"] = "objection_raised"
    objection_id: str
    about: About
    fields: tuple[str, ...]
    text: str


class ObjectionAnswered(Event):
    type: Literal["objection_answered"] = "objection_answered"
    objection_id: str
    verdict: Verdict
    reason: str


ObjectionEvent = ObjectionRaised | ObjectionAnswered


def evolve(state: CaseState, event: ObjectionEvent, stamp: Stamp) -> CaseState:
    match event:
        case ObjectionRaised():
            raised = Objection(
                id=event.objection_id,
                about=event.about,
                fields=event.fields,
                raised_at=stamp.at,
            )
            return state.but(objections={**state.objections, raised.id: raised})
        case ObjectionAnswered():
            changes = {"verdict": event.verdict, "answered_at": stamp.at}
            answered = state.objections[event.objection_id].model_copy(update=changes)
            return state.but(objections={**state.objections, answered.id: answered})


def deadlines(state: CaseState) -> list[Deadline]:
    owner = department(state.department_id)
    return [
        state.clock("answer_objection", item.id, item.raised_at, owner)
        for item in state.objections.values()
        if item.verdict is None
    ]


def _raise(state: CaseState, command: RaiseObjection, _context: Context) -> list[Event]:
    text = command.text.strip()
    if not text:
        raise Refused("empty_text")
    number = f"o{len(state.objections) + 1}"
    fields = tuple(dict.fromkeys(command.fields))
    return [ObjectionRaised(objection_id=number, about=command.about, fields=fields, text=text)]


def _open(state: CaseState, _context: Context) -> None:
    if all(item.verdict is not None for item in state.objections.values()):
        raise Refused("no_objection_open")


def _answer(state: CaseState, command: AnswerObjection, _context: Context) -> list[Event]:
    item = state.objections.get(command.objection_id)
    if item is None or item.verdict is not None:
        raise Refused("no_objection_open")
    return [ObjectionAnswered(objection_id=item.id, verdict=command.verdict, reason=command.reason.strip())]


RULES: tuple[Rule[Any], ...] = (
    Rule(RaiseObjection, frozenset({Party.GRADUATE}), _raise, on_closed=True),
    Rule(AnswerObjection, SUPERVISORS, _answer, _open, on_closed=True),
)
