"""A case under test: given what has happened, when somebody acts or time passes, then events or a refusal."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

import pytest
from pydantic import TypeAdapter

from models.case.admission import admit
from models.case.intake import Hardship, Source
from models.case.kernel import (
    Actor,
    AttachmentProblem,
    AttachmentsAnswer,
    Context,
    Fact,
    MentorAnswer,
    MentorProblem,
    NameAttachments,
    Need,
    NeedsFact,
    PlaceAnswer,
    Refused,
    ReserveMentor,
)
from models.case.ladder import RungReached, next_wake, tick
from models.case.machine import AnyCommand, Opening, Recorded, decide, evolve, open_case, pass_time
from models.case.pairing import ProposeNextMentor
from models.case.profile import Profile
from models.case.state import CaseState
from models.policy import Policy

from .people import CENTRE, COLLEGE, COUNSELOR, M1, SAMPLE, SCHOOL, START, SUPERVISOR, SYSTEM, days

COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
PROOF = {"type": "LIFTED_POVERTY", "proof": "certificate 17", "issuer": "rural revitalisation office"}
GOALS = [{"title": "Find work", "measures": [{"title": "Polish the CV", "due_on": "2026-10-16"}]}]


def a_command(name: str, /, **fields: Any) -> AnyCommand:
    """A command as it reaches the rules: sent as JSON, and once more through JSON on its way."""
    sent = COMMANDS.validate_python({"type": name, **fields})
    return COMMANDS.validate_json(COMMANDS.dump_json(sent))


class Case:
    """A case with a clock that the test sets. `candidates` are the mentors that the rules of pairing would find,
    `mentor_problems` and `places` what the world answers instead of a plain yes."""

    def __init__(self, policy: Policy | None = None, **profile: Any) -> None:
        about = {
            "student_no": SAMPLE.student_no,
            "name": SAMPLE.name,
            "id_number": SAMPLE.id_number,
            "phone": SAMPLE.phone,
        }
        self.opening = Opening(
            case_id="case-1",
            school_id=SCHOOL,
            department_id=COLLEGE,
            cohort=2027,
            opened_at=START,
            opened_by=COUNSELOR,
            profile=Profile.model_validate(about | profile),
            declared=(Hardship(type="LIFTED_POVERTY"), Hardship(type="DISABILITY")),
            roster_digest="first",
            source=Source(import_id="i1", row=2),
            policy=policy or days(),
        )
        self.state, opened = open_case(self.opening)
        self.events: list[Recorded] = [opened]
        self.now = START
        self.candidates = ["m1", "m2", "m3"]
        self.mentor_problems: dict[str, MentorProblem] = {}
        self.places: dict[str, PlaceAnswer] = {}
        self.attachment_problem: AttachmentProblem | None = None
        self.needs: list[Need] = []

    # when

    def when(self, actor: Actor, name: str, /, **fields: Any) -> list[Recorded]:
        """What happens when that actor gives that command now; it must be taken."""
        return self.when_all(actor, [a_command(name, **fields)])

    def when_all(
        self, actor: Actor, commands: list[AnyCommand], version: int | None = None
    ) -> list[Recorded]:
        facts: dict[int, Fact] = {}
        context = Context(actor=actor, now=self.now, expected_version=version)
        with suppress(NeedsFact):
            admit(self.state, commands, context)
        while True:
            try:
                self.state, recorded = decide(self.state, commands, context, facts)
            except NeedsFact as question:
                self.needs.append(question.need)
                facts[question.index] = self.answer(question.need)
            else:
                self.events += recorded
                return recorded

    def answer(self, need: Need) -> Fact:
        """What the world answers to a question of the rules."""
        if isinstance(need, NameAttachments):
            return AttachmentsAnswer(problem=self.attachment_problem)
        if not isinstance(need, ReserveMentor):
            return self.places.get(need.class_id, PlaceAnswer(place="enrolled", course="Office skills"))
        if need.mentor_id is not None:
            problem: MentorProblem | None = self.mentor_problems.get(need.mentor_id)
            if problem is None and need.mentor_id in need.excluded:
                problem = "mentor_excluded"
            return MentorAnswer(mentor_id=None if problem else need.mentor_id, problem=problem)
        free = [mentor for mentor in self.candidates if mentor not in need.excluded]
        return MentorAnswer(mentor_id=free[0] if free else None, problem=None if free else "no_capacity")

    def wait_until(self, moment: datetime) -> list[Recorded]:
        """What time brings until then, woken at each of its moments: nothing is ever due before one."""
        recorded: list[Recorded] = []
        while (wake := next_wake(self.state)) is not None and wake <= moment:
            just_before = wake - timedelta(microseconds=1)
            assert tick(self.state, just_before) == [], "something was due before the case woke"
            assert tick(self.state, wake), "the case woke for nothing"
            self.now = max(self.now, wake)
            recorded += self.settle()
        self.now = max(self.now, moment)
        return recorded

    def wait(self, **span: float) -> list[Recorded]:
        return self.wait_until(self.now + timedelta(**span))

    def after_outage(self, **span: float) -> list[Recorded]:
        """What time brings when nothing ran for that long."""
        self.now += timedelta(**span)
        return self.settle()

    def settle(self) -> list[Recorded]:
        """What the case does by itself now: time's effects, and asking the next mentor."""
        self.state, recorded = pass_time(self.state, self.now)
        self.events += recorded
        while self.state.pairing.seeking:
            recorded += self.when_all(SYSTEM, [ProposeNextMentor()])
        return recorded

    # then

    def refused(self, actor: Actor, name: str, /, **fields: Any) -> str:
        """The code with which the command is refused; the case must stay as it was."""
        return self.refused_all(actor, [a_command(name, **fields)])

    def refused_all(self, actor: Actor, commands: list[AnyCommand], version: int | None = None) -> str:
        before = self.state
        with pytest.raises(Refused) as caught:
            self.when_all(actor, commands, version)
        assert self.state is before
        assert caught.value.zh
        assert caught.value.en
        return caught.value.code

    def at(self, local: str) -> Self:
        """Set the clock to a local time of the school, such as `2026-09-10 09:00`; nothing runs meanwhile."""
        self.now = datetime.fromisoformat(local).replace(tzinfo=self.policy.calendar.zone).astimezone(UTC)
        return self

    @property
    def policy(self) -> Policy:
        return self.state.policy

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.policy.calendar.zone)

    @property
    def today(self) -> date:
        return self.policy.calendar.date_of(self.now)

    # given

    def eligible(self) -> Self:
        self.when(SUPERVISOR, "confirm_eligibility", hardship_types=[PROOF], decision="open")
        return self

    def proposed(self) -> Self:
        self.eligible().when(COUNSELOR, "propose_mentor", mentor_id="m1")
        return self

    def paired(self) -> Self:
        self.proposed().when(M1, "accept_pairing")
        return self

    def assessed(self, risk_level: str = "A", **fields: Any) -> Self:
        self.paired().when(M1, "record_assessment", intention="a job", risk_level=risk_level, **fields)
        return self

    def planned(self) -> Self:
        self.assessed().when(M1, "set_plan", goals=GOALS)
        return self

    def delivering(self, risk_level: str = "A") -> Self:
        self.assessed(risk_level).when(M1, "set_plan", goals=GOALS)
        self.when(SUPERVISOR, "approve_plan", plan_version=1)
        return self

    def left(self) -> Self:
        self.delivering().when(COUNSELOR, "mark_left_school")
        return self

    def verified(self) -> Self:
        """Placed by a labour contract that both levels have verified."""
        self.delivering().when(M1, "register_destination", code="11", evidence=[{"type": "labor_contract"}])
        self.when(SUPERVISOR, "verify_destination", destination_id="d1", level="department")
        self.when(CENTRE, "verify_destination", destination_id="d1", level="school")
        return self

    def closed(self) -> Self:
        self.verified().when(M1, "request_closure", reason="destination_verified", outcome="employed")
        self.when(SUPERVISOR, "approve_closure")
        return self

    def unowed(self) -> Self:
        """Screened, and owed no help."""
        self.when(
            SUPERVISOR, "confirm_eligibility", hardship_types=[], decision="not_open", reason="well off"
        )
        return self


def types(recorded: list[Recorded]) -> list[str]:
    """The types of events, in order."""
    return [item.event.type for item in recorded]


def rungs_of(recorded: list[Recorded]) -> list[tuple[str, str, str]]:
    """The rungs reached: clock, rung and who is told."""
    return [
        (item.event.clock, item.event.rung, item.event.audience)
        for item in recorded
        if isinstance(item.event, RungReached)
    ]


def replayed(case: Case) -> CaseState:
    """The state that the events alone lead to."""
    state, opened = open_case(case.opening)
    assert opened == case.events[0]
    for item in case.events[1:]:
        state = evolve(state, item)
    return state
