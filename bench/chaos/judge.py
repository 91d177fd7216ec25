"""The verdict: the record of what was asked and answered against what is left. Pure, so that it can be tried."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from bench.chaos.evidence import CaseFound, Evidence
from bench.chaos.record import Answered, Asked, Fault, Line, Mailed, Silent
from bench.chaos.reminders import judge_messages, judge_reminders
from bench.chaos.verdict import Verdict
from models.case.lived import lived
from models.case.machine import Recorded


@dataclass
class _Request:
    """All that is known of one key."""

    asked: Asked
    answers: list[Answered] = field(default_factory=list[Answered])
    asked_at: dict[int, float] = field(default_factory=dict[int, float])

    @property
    def acknowledged(self) -> list[Answered]:
        return [answer for answer in self.answers if answer.acknowledged]

    def had_acted_by(self, marked_at: Mapping[str, float]) -> float:
        """The first moment of which something proves the act: an event with its mark, or an acknowledgement."""
        told = [answer.at for answer in self.acknowledged]
        return min((*told, *(marked_at[mark] for mark in self.asked.marks if mark in marked_at)), default=inf)


def judge(lines: Iterable[Line], evidence: Evidence) -> Verdict:
    """Judge one run."""
    requests: dict[str, _Request] = {}
    faults: list[Fault] = []
    mails: list[Mailed] = []
    for line in lines:
        match line:
            case Asked():
                requests.setdefault(line.key, _Request(line)).asked_at[line.attempt] = line.at
            case Answered():
                requests[line.key].answers.append(line)
            case Fault():
                faults.append(line)
            case Mailed():
                mails.append(line)
            case Silent():
                pass
    wanted = [request for request in requests.values() if request.asked.subject]
    answers = [answer for request in wanted for answer in request.answers]
    missed, doubled, latest = judge_reminders(evidence)
    told = judge_messages(evidence, mails)
    return Verdict(
        sent=len(wanted),
        attempts=sum(len(request.asked_at) for request in wanted),
        acknowledged=sum(bool(request.acknowledged) for request in wanted),
        refused=sum(bool(request.answers) and not request.acknowledged for request in wanted),
        unanswered=sum(not request.answers for request in wanted),
        lost=tuple(_lost(wanted, evidence)),
        doubled=tuple(_doubled(wanted, evidence)),
        contradicted=tuple(_contradicted(wanted, evidence)),
        differing=tuple(_differing(wanted, evidence)),
        reminders_missed=(*missed, *told.missed),
        reminders_doubled=(*doubled, *told.doubled),
        mails_repeated=told.repeated,
        told_in_vain=told.in_vain,
        latest_reminder_s=latest,
        longest_recovery_s=_longest_recovery(faults, answers, evidence.at.timestamp()),
        cases=len(evidence.cases),
    )


def _lost(requests: Sequence[_Request], evidence: Evidence) -> Iterator[str]:
    """What was acknowledged and is not there."""
    for request in requests:
        asked = request.asked
        for answer in request.acknowledged:
            match asked.kind:
                case "command":
                    if missing := _missing_events(asked, answer, evidence.cases.get(asked.subject)):
                        yield f"{asked.key}: {missing}"
                        break
                case "open":
                    if answer.case_id not in evidence.cases:
                        yield f"{asked.key}: no case {answer.case_id}"
                        break
                case "import":
                    people = [evidence.case_ids[number] for number in asked.people]
                    lost = [case_id for case_id in people if case_id not in evidence.cases]
                    yield from (f"{asked.key}: no case {case_id}" for case_id in lost)
                    if not evidence.imports.get(asked.subject):
                        yield f"{asked.key}: no import of {asked.subject}"
                    break


def _missing_events(asked: Asked, answer: Answered, case: CaseFound | None) -> str | None:
    """What an acknowledgement names and the case lacks; another request's event in its place is none of its own."""
    if case is None:
        return "no such case"
    there = {(item.seq, item.event.type): _marks_of(item) for item in case.events}
    missing = [event for event in answer.events if event not in there]
    if missing:
        return f"no event {missing[0]} in {case.case_id}"
    if not set(asked.marks) <= set().union(*(there[event] for event in answer.events)):
        return f"another's events {answer.events} in {case.case_id}"
    return None


def _doubled(requests: Sequence[_Request], evidence: Evidence) -> Iterator[str]:
    """What acted twice: its mark stands in two events, its file has two imports, or two answers name different acts."""
    marks = _marks(evidence)
    for request in requests:
        asked = request.asked
        if any(marks[mark] > 1 for mark in asked.marks):
            yield f"{asked.key}: acted {max(marks[mark] for mark in asked.marks)} times in {asked.subject}"
        elif asked.kind == "import" and len(evidence.imports.get(asked.subject, ())) > 1:
            yield f"{asked.key}: {len(evidence.imports[asked.subject])} imports of {asked.subject}"
        elif len({(answer.case_id, answer.events) for answer in request.acknowledged}) > 1:
            yield f"{asked.key}: acknowledged with different events in {asked.subject}"


def _contradicted(requests: Sequence[_Request], evidence: Evidence) -> Iterator[str]:
    """What was asked again after it had taken effect, and then refused."""
    marked_at = _marked_at(evidence)
    for request in requests:
        acted_at = request.had_acted_by(marked_at)
        for answer in request.answers:
            if not answer.acknowledged and request.asked_at[answer.attempt] > acted_at:
                yield f"{request.asked.key}: refused ({answer.code}) after it had acted"
                break


def _marks(evidence: Evidence) -> Counter[str]:
    return Counter(
        mark for case in evidence.cases.values() for item in case.events for mark in _marks_of(item)
    )


def _marked_at(evidence: Evidence) -> dict[str, float]:
    """When each mark was first set down."""
    found: dict[str, float] = {}
    for case in evidence.cases.values():
        for item in case.events:
            for mark in _marks_of(item):
                found[mark] = min(found.get(mark, inf), item.at.timestamp())
    return found


def _marks_of(item: Recorded) -> set[str]:
    parts = item.event.model_dump_json().split("#")
    return {f"#{part}#" for part in parts[1::2]}


def _differing(requests: Sequence[_Request], evidence: Evidence) -> Iterator[str]:
    """Cases that workflow, ledger, timeline and audit do not tell alike."""
    if evidence.audit_problems:
        yield f"the audit has {evidence.audit_problems} problems"
    acted = _acting_requests(requests, evidence)
    for case_id, case in evidence.cases.items():
        problem = next(_problems(case, acted[case_id]), None)
        if case_id in evidence.verified:
            problem = "zhuhang verify finds it differing"
        if problem is not None:
            yield f"{case_id}: {problem}"
    for case_id in evidence.verified:
        if case_id not in evidence.cases:
            yield f"{case_id}: zhuhang verify finds it differing"
    for name, statuses in evidence.imports.items():
        yield from (f"import {name}: {status}" for status in statuses if status != "done")


def _acting_requests(requests: Sequence[_Request], evidence: Evidence) -> dict[str, set[str]]:
    """The keys that have had an effect, by case."""
    marks = _marks(evidence)
    acted: defaultdict[str, set[str]] = defaultdict(set)
    for request in requests:
        asked = request.asked
        if asked.kind == "command" and (request.acknowledged or any(marks[mark] for mark in asked.marks)):
            acted[asked.subject].add(asked.key)
        for answer in request.acknowledged:
            if asked.kind == "open" and answer.case_id is not None:
                acted[answer.case_id].add(asked.key)
    return acted


def _problems(case: CaseFound, acted: set[str]) -> Iterator[str]:
    if case.state is None:
        yield "the workflow does not answer"
        return
    if [item.seq for item in case.events] != list(range(1, case.state.version + 1)):
        yield f"the ledger has {len(case.events)} events, the workflow {case.state.version}"
        return
    if lived(case.events, case.state) != case.state:
        yield "the events do not lead to the workflow's state"
    if case.timeline != tuple((item.seq, item.event.type) for item in case.events):
        yield "the timeline shows other events"
    if missing := acted - case.audited:
        yield f"the audit does not know {sorted(missing)[0]}"


def _longest_recovery(faults: Sequence[Fault], answers: Sequence[Answered], ended_at: float) -> float:
    """Seconds from the end of a fault until the next acknowledgement, or the end of the run, the longest of all."""
    times = sorted(answer.at for answer in answers if answer.acknowledged)
    ends = [fault.at for fault in faults if fault.phase == "end" and fault.fault != "slow_mail"]
    waits = [next((at for at in times if at > end), ended_at) - end for end in ends]
    return round(max(waits, default=0.0), 2)
