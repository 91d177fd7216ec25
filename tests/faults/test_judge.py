"""The judge of the fault drill finds each kind of loss in a doctored record, and none in a true one."""

from datetime import timedelta
from typing import Any

import pytest

from bench.chaos.evidence import CaseFound, DeliveryFound, Evidence, NoticeFound, PersonFound
from bench.chaos.judge import judge
from bench.chaos.record import Answered, Asked, Fault, Kind, Line
from bench.chaos.verdict import Verdict
from models.case.ladder import RungReached
from models.case.machine import evolve
from models.case.notices import notices
from tests.core.given import PROOF, Case, a_command
from tests.core.people import COLLEGE, COUNSELOR, M1, SCHOOL, SUPERVISOR

LATER = {"title": "Polish the CV", "due_on": "2099-01-01"}


def lived() -> Case:
    """A case with a mentor, an acknowledged note, and some reminders."""
    case = Case()
    case.when(COUNSELOR, "confirm_eligibility", decision="open", hardship_types=[PROOF])
    case.when(SUPERVISOR, "assign_mentor", mentor_id="m1", reason="fits")
    case.when(M1, "annotate", text="#note#")
    case.wait(days=40)
    return case


def found(case: Case, **changes: Any) -> CaseFound:
    told = [
        NoticeFound(seq=notice.seq, audience=notice.audience, kind=notice.kind)
        for item in case.events
        for notice in notices(case.state, item)
    ]
    values: dict[str, Any] = {
        "case_id": "case-1",
        "state": case.state,
        "events": tuple(case.events),
        "timeline": tuple((item.seq, item.event.type) for item in case.events),
        "notices": tuple(told),
        "audited": frozenset({"note"}),
    }
    return CaseFound.model_construct(**(values | changes))


def evidence(case: Case, *, of: CaseFound | None = None, **changes: Any) -> Evidence:
    """What is found of one case, whose college is told by a digest of everything."""
    whole = of or found(case)
    values: dict[str, Any] = {
        "at": case.now,
        "school_id": SCHOOL,
        "cases": {"case-1": whole},
        "case_ids": {},
        "imports": {},
        "deliveries": (),
        "people": (),
        "verified": (),
        "audit_problems": 0,
    }
    return Evidence.model_construct(**(values | changes))


def record(case: Case, **changes: Any) -> list[Line]:
    """The note: asked, and acknowledged with its event."""
    item = next(item for item in case.events if item.event.type == "annotated")
    asked = Asked(
        at=item.at.timestamp() - 1, attempt=1, key="note", kind="command", subject="case-1", marks=("#note#",)
    )
    answer = Answered(
        at=item.at.timestamp() + 1,
        attempt=1,
        key="note",
        status=200,
        case_id="case-1",
        version=item.seq,
        events=((item.seq, item.event.type),),
    )
    return [asked, answer.model_copy(update=changes)]


def sent(key: str, kind: Kind, subject: str, *answers: tuple[int, str | None]) -> list[Line]:
    """A request sent so often, each time after its last answer."""
    lines: list[Line] = []
    for attempt, (status, code) in enumerate(answers, 1):
        lines.append(Asked(at=2 * attempt, attempt=attempt, key=key, kind=kind, subject=subject))
        lines.append(
            Answered(at=2 * attempt + 1, attempt=attempt, key=key, status=status, code=code, case_id="case-1")
        )
    return lines


def losses(verdict: Verdict) -> dict[str, int]:
    return {name: len(lines) for name, lines in verdict.losses.items() if lines}


def test_a_true_record_is_without_loss() -> None:
    case = lived()
    verdict = judge(record(case), evidence(case))
    assert losses(verdict) == {}
    assert (verdict.sent, verdict.acknowledged) == (1, 1)
    assert any(isinstance(item.event, RungReached) for item in case.events)


def test_an_acknowledged_event_that_is_not_there_is_lost() -> None:
    case = lived()
    lines = record(case, events=((len(case.events) + 1, "annotated"),))
    assert losses(judge(lines, evidence(case))) == {"lost": 1}


def test_an_acknowledged_event_in_whose_place_another_stands_is_lost() -> None:
    case = lived()
    asked, answer = record(case)
    of_another = asked.model_copy(update={"marks": ("#other#",)})
    assert losses(judge([of_another, answer], evidence(case))) == {"lost": 1}


def test_a_mark_in_two_events_is_doubled() -> None:
    case = lived()
    case.when(M1, "annotate", text="#note#")
    assert losses(judge(record(case), evidence(case))) == {"doubled": 1}


def test_two_acknowledgements_of_different_acts_are_doubled() -> None:
    case = lived()
    lines = record(case)
    again = [
        lines[0].model_copy(update={"attempt": 2}),
        record(case, attempt=2, events=((1, "case_opened"),))[1],
    ]
    # What the second answer names is not the note either.
    assert losses(judge([*lines, *again], evidence(case))) == {"doubled": 1, "lost": 1}


def test_a_refusal_after_the_act_is_contradicted() -> None:
    case = lived()
    lines = record(case)
    later = case.now.timestamp()
    lines.append(lines[0].model_copy(update={"attempt": 2, "at": later}))
    lines.append(Answered(at=later + 1, attempt=2, key="note", status=409, code="not_yours"))
    assert losses(judge(lines, evidence(case))) == {"contradicted": 1}


def test_a_refusal_after_the_acknowledgement_is_contradicted() -> None:
    case = lived()
    lines = sent("open-1", "open", "K1", (201, None), (409, "case_exists"))
    of = found(case, audited=frozenset({"open-1"}))
    assert losses(judge(lines, evidence(case, of=of))) == {"contradicted": 1}


def test_one_key_that_made_two_imports_is_doubled() -> None:
    case = lived()
    lines = sent("import-0", "import", "roster-0.csv", (202, None), (202, None))
    for imports, expected in (
        ({"roster-0.csv": ("done",)}, {}),
        ({"roster-0.csv": ("done", "done")}, {"doubled": 1}),
        ({"roster-1.csv": ("done",)}, {"lost": 1}),
    ):
        assert losses(judge(lines, evidence(case, imports=imports))) == expected


@pytest.mark.parametrize(
    "doctored",
    [
        {"events": tuple(lived().events[:-1])},
        {"state": lived().state.but(contacts=7)},
        {"state": None},
        {"timeline": ()},
        {"audited": frozenset[str]()},
    ],
    ids=["an event less", "another state", "no workflow", "another timeline", "not audited"],
)
def test_a_case_that_is_not_told_alike_differs(doctored: dict[str, Any]) -> None:
    case = lived()
    verdict = judge(record(case), evidence(case, of=found(case, **doctored)))
    assert len(verdict.differing) == 1


def test_what_verify_and_audit_find_counts_as_differing() -> None:
    case = lived()
    verdict = judge(record(case), evidence(case, verified=("case-1",), audit_problems=2))
    assert len(verdict.differing) == 2


def test_a_case_without_its_beginning_differs() -> None:
    case = lived()
    of = found(case, events=tuple(case.events[1:]), timeline=())
    assert "differing" in losses(judge(record(case), evidence(case, of=of)))


def test_a_rung_that_was_not_reached_is_missed() -> None:
    case = lived()
    case.when(M1, "record_assessment", intention="work", risk_level="A")
    late = evidence(case, at=case.now + timedelta(days=40))
    assert set(losses(judge(record(case), late))) == {"reminders_missed"}


def test_a_rung_of_which_nobody_was_told_is_missed() -> None:
    case = lived()
    verdict = judge(record(case), evidence(case, of=found(case, notices=())))
    assert set(losses(verdict)) == {"reminders_missed"}


def test_a_rung_that_is_reached_twice_is_doubled() -> None:
    case = lived()
    rung = next(item for item in case.events if isinstance(item.event, RungReached))
    again = rung.model_copy(update={"seq": case.state.version + 1, "at": case.now})
    case.events.append(again)
    case.state = evolve(case.state, again)
    assert losses(judge(record(case), evidence(case)))["reminders_doubled"] == 1


def test_a_rung_that_somebody_overtook_is_missed() -> None:
    case = lived()
    case.when(M1, "record_assessment", intention="work", risk_level="A")
    case.now += timedelta(days=40)
    case.when(M1, "annotate", text="long after")
    assert "reminders_missed" in losses(judge(record(case), evidence(case)))


def test_a_clock_that_an_act_itself_began_and_ended_is_not_missed() -> None:
    case = lived()
    case.now += timedelta(days=40)
    case.when_all(
        M1,
        [
            a_command("record_assessment", intention="work", risk_level="A"),
            a_command("set_plan", goals=[{"title": "Find work", "measures": [LATER]}]),
        ],
    )
    assert losses(judge(record(case), evidence(case))) == {}


def test_a_notice_that_no_digest_told_is_missed() -> None:
    case = lived()
    college = PersonFound(id="head", role="department_supervisor", department_id=COLLEGE, email=None)
    verdict = judge(record(case), evidence(case, people=(college,)))
    assert losses(verdict) == {"reminders_missed": 1}


def test_a_notice_that_is_told_twice_is_doubled_unless_it_was_told_in_vain() -> None:
    case = lived()
    college = PersonFound(id="head", role="department_supervisor", department_id=COLLEGE, email=None)
    news = [row for row in found(case).notices if row.audience == f"department:{COLLEGE}"]
    digest = DeliveryFound(
        id="d1", staff_id="head", period="p1", channel="inbox", status="sent", news=len(news) + 1
    )
    told: dict[str, Any] = {"people": (college,), "deliveries": (digest,)}
    assert losses(judge(record(case), evidence(case, **told))) == {"reminders_doubled": 1}
    whole = found(case, in_vain=((news[0].audience, news[0].kind),))
    verdict = judge(record(case), evidence(case, of=whole, **told))
    assert (losses(verdict), verdict.told_in_vain) == ({}, 1)


def test_recovery_is_the_longest_wait_for_an_acknowledgement() -> None:
    case = lived()
    asked, answer = record(case)
    fault = Fault(at=answer.at - 9, fault="kill", part="worker-1", phase="end")
    assert judge([asked, fault, answer], evidence(case)).longest_recovery_s == 9


def test_what_never_recovers_lasts_to_the_end() -> None:
    case = lived()
    fault = Fault(at=case.now.timestamp() - 60, fault="kill", part="postgres", phase="end")
    assert judge([fault], evidence(case)).longest_recovery_s == 60


def test_an_acknowledged_command_without_a_mark_is_in_the_audit() -> None:
    case = lived()
    asked, answer = record(case)
    unmarked = asked.model_copy(update={"marks": ()})
    verdict = judge([unmarked, answer], evidence(case, of=found(case, audited=frozenset())))
    assert losses(verdict) == {"differing": 1}
