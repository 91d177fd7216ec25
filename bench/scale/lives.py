"""Lives of cases, made by the rules themselves, to be repeated for many people of many schools."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from pydantic import TypeAdapter

from models.case.intake import Hardship, Source
from models.case.kernel import (
    Actor,
    AttachmentsAnswer,
    Context,
    Fact,
    MentorAnswer,
    NeedsFact,
    Refused,
    ReserveMentor,
    Role,
)
from models.case.ladder import next_wake
from models.case.machine import AnyCommand, Opening, Recorded, decide, open_case, pass_time, system
from models.case.pairing import ProposeNextMentor
from models.case.profile import Profile
from models.case.state import CaseState
from models.policy import Policy
from workflows.messages import Projection

# Who stands for the people and places of each case; no id of a person or school looks like them.
SCHOOL, COLLEGE, MENTOR, PARTNER, OTHERS = "@school", "@college", "@mentor", "@partner", "@others"
PLACES = (SCHOOL, COLLEGE, MENTOR, PARTNER, OTHERS)

_COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
_TYPES = ("LIFTED_POVERTY", "DIBAO", "DISABILITY", "ZERO_EMPLOYMENT", "STUDENT_LOAN", "ORPHAN")
_DESTINATIONS = {
    "11": "labor_contract",
    "46": "enlistment_notice",
    "512": "hiring_document",
    "801": "admission_notice",
}


@dataclass(frozen=True)
class Step:
    """What somebody does, so many days after the step before it."""

    after: float
    by: Actor
    type: str
    fields: dict[str, Any] = field(default_factory=dict[str, Any])


def _person(name: str, role: Role, *, college: bool = True) -> Actor:
    return Actor(id=name, role=role, school_id=SCHOOL, department_id=COLLEGE if college else None)


_MENTOR = _person(MENTOR, Role.MENTOR)
_COUNSELOR = _person(OTHERS, Role.COUNSELOR)
_CHIEF = _person(f"{COLLEGE}-chief", Role.DEPARTMENT_SUPERVISOR)
_CENTRE = _person(f"{SCHOOL}-centre", Role.SCHOOL_SUPERVISOR, college=False)
_PARTNER = _person(PARTNER, Role.PARTNER, college=False)


def stories(random: Random) -> list[tuple[int, list[Step]]]:
    """Ways to live, each with its weight among a hundred cases."""
    proofs = [{"type": kind, "proof": "证明"} for kind in random.sample(_TYPES, random.choice((1, 1, 2)))]
    decision = {"decision": "open", "hardship_types": proofs}
    eligible = [Step(2, _COUNSELOR, "confirm_eligibility", decision)]
    proposed = [*eligible, Step(1, _COUNSELOR, "propose_mentor", {"mentor_id": MENTOR})]
    paired = [*proposed, Step(1, _MENTOR, "accept_pairing")]
    talk = {
        "intention": "省内就业",
        "risk_level": random.choice("ABC"),
        "notes": "家庭情况稳定，愿意参加培训。",
    }
    assessed = [*paired, Step(3, _MENTOR, "record_assessment", talk)]
    goal = {"title": "落实去向", "measures": [{"title": "推荐岗位", "due_on": "2099-01-01"}]}
    planned = [*assessed, Step(4, _MENTOR, "set_plan", {"goals": [goal]})]
    approved = [*planned, Step(2, _CHIEF, "approve_plan", {"plan_version": 1})]
    contact = Step(9, _MENTOR, "record_contact", {"method": "phone", "content": "电话联系，了解求职进展。"})
    served = [
        Step(
            6,
            _MENTOR,
            "record_service",
            {"service_type": kind, "method": "face_to_face", "content": "已提供。"},
        )
        for kind in random.sample(
            ("policy_briefing", "career_guidance", "job_recommendation", "skills_training", "traineeship"), 3
        )
    ]
    helped = [*approved, contact, served[0], contact, *served[1:]]
    referral = {"kind": "employer", "to": PARTNER, "purpose": "推荐面试", "disclose": ["name"]}
    referred = [*helped, Step(2, _MENTOR, "send_referral", referral)]
    answered = [*referred, Step(2, _PARTNER, "answer_referral", {"referral_id": "r1", "answer": "accepted"})]
    result = {"referral_id": "r1", "outcome": "completed", "result": "已面试"}
    closed_loop = [
        *answered,
        Step(6, _PARTNER, "report_referral_outcome", result),
        Step(1, _MENTOR, "acknowledge_referral", {"referral_id": "r1"}),
    ]
    code = random.choice(list(_DESTINATIONS))
    destination = {"code": code, "evidence": [{"type": _DESTINATIONS[code]}]}
    registered = [*closed_loop, Step(5, _MENTOR, "register_destination", destination)]
    verified = [
        *registered,
        Step(2, _CHIEF, "verify_destination", {"destination_id": "d1", "level": "department"}),
        Step(2, _CENTRE, "verify_destination", {"destination_id": "d1", "level": "school"}),
    ]
    asked = [
        *verified,
        Step(3, _MENTOR, "request_closure", {"reason": "destination_verified", "outcome": "已就业"}),
    ]
    closed = [*asked, Step(1, _CHIEF, "approve_closure")]
    held = [*approved, Step(3, _CHIEF, "place_hold", {"reason": "应征入伍", "until": "2099-01-01"})]
    refused: dict[str, Any] = {"decision": "not_open", "hardship_types": [], "reason": "不符合条件"}
    unowed = [Step(2, _COUNSELOR, "confirm_eligibility", refused)]
    return [
        (6, []),
        (3, eligible),
        (4, proposed),
        (6, paired),
        (5, assessed),
        (3, planned),
        (14, [*approved, *[contact] * 4]),
        (14, [*helped, *[contact] * 8]),
        (3, referred),
        (3, answered),
        (6, closed_loop),
        (4, registered),
        (6, verified),
        (2, asked),
        (14, closed),
        (2, held),
        (5, unowed),
    ]


def lives(policy: Policy, now: datetime, count: int, seed: int) -> Iterator[Projection]:
    """So many cases as they stand now, with all that happened: of all stories, and opened within the last year."""
    random = Random(seed)  # noqa: S311 - made-up people, no secrets
    for number in range(count):
        told = stories(random)
        steps = random.choices([steps for _, steps in told], weights=[weight for weight, _ in told])[0]
        needed = sum(step.after for step in steps)
        # Most are where they are since a few days; some have been left lying.
        age = needed + random.choice((1, 1, 2, 2, 3, 3, 5, 8, 21))
        yield live(
            policy, f"life-{number:05}", now - timedelta(days=age, hours=random.random() * 8), now, steps
        )


def live(
    policy: Policy, case_id: str, opened_at: datetime, now: datetime, steps: Sequence[Step]
) -> Projection:
    """A case that was opened then, in which these things were done, as it stands now."""
    opening = Opening(
        case_id=case_id,
        school_id=SCHOOL,
        department_id=COLLEGE,
        cohort=now.year + 1 - (opened_at.year < now.year),
        opened_at=opened_at,
        opened_by=_COUNSELOR,
        profile=Profile(
            student_no="20230001", name="测试", id_number="000000200202290015", phone="10012345678"
        ),
        declared=(Hardship(type="LIFTED_POVERTY"),),
        roster_digest="bench",
        source=Source(import_id="bench", row=2),
        policy=policy,
    )
    state, opened = open_case(opening)
    events = [opened]
    moment = opened_at
    for step in steps:
        moment = min(moment + timedelta(days=step.after), now)
        state = _until(state, moment, events)
        try:
            command = _COMMANDS.validate_python({"type": step.type, **step.fields})
            state = _do(state, step.by, moment, command, events)
        except Refused:
            # Time was quicker: a proposal has lapsed, a file was closed.
            break
    state = _until(state, now, events)
    return Projection(state=state, events=events)


def _until(state: CaseState, moment: datetime, events: list[Recorded]) -> CaseState:
    while (wake := next_wake(state)) is not None and wake <= moment:
        state, recorded = pass_time(state, wake)
        events += recorded
        if state.pairing.seeking:
            state = _do(state, system(SCHOOL), wake, ProposeNextMentor(), events)
    return state


def _do(
    state: CaseState, actor: Actor, moment: datetime, command: AnyCommand, events: list[Recorded]
) -> CaseState:
    facts: dict[int, Fact] = {}
    while True:
        try:
            state, recorded = decide(state, [command], Context(actor, moment, None), facts)
        except NeedsFact as question:
            need = question.need
            if isinstance(need, ReserveMentor):
                taken = need.mentor_id or (MENTOR if MENTOR not in need.excluded else None)
                facts[question.index] = MentorAnswer(
                    mentor_id=taken, problem=None if taken else "no_capacity"
                )
            else:
                facts[question.index] = AttachmentsAnswer(problem=None)
        else:
            events += recorded
            return state
