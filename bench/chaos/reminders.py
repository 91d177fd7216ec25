"""Reminders: which rungs the rules say must have been reached, against those that were, and what people were told."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from bench.chaos.evidence import CaseFound, Evidence, PersonFound
from bench.chaos.record import Mailed
from models.base import Model
from models.case.kernel import Role, department, school, staff
from models.case.ladder import RungReached, deadlines, rungs, tick
from models.case.lived import begins, first_state, next_state
from models.case.machine import Recorded
from models.case.notices import notices
from models.case.state import CaseState
from services.inbox import COUNSELOR_CLOCKS

# What a person's own deadline says is listed with it, not counted among the news.
_OWN_RUNGS = ("before_due", "due", "overdue")


class Told(Model):
    """What became of the notices on their way to people. `in_vain`: so many were told of what never happened."""

    missed: tuple[str, ...]
    doubled: tuple[str, ...]
    repeated: int
    in_vain: int


def judge_reminders(evidence: Evidence) -> tuple[list[str], list[str], float]:
    """Rungs missed and doubled, and the greatest lateness of one in seconds."""
    missed: list[str] = []
    doubled: list[str] = []
    latest = 0.0
    for case in evidence.cases.values():
        if case.state is None or not case.events:
            continue
        if not begins(case.events):
            missed.append(f"{case.case_id}: cannot be lived again without its first event")
            continue
        walk = _Walk(case)
        walk.to_the_end(case.state, evidence.at)
        missed += walk.missed
        doubled += walk.doubled
        latest = max(latest, walk.latest)
    return missed, doubled, round(latest, 1)


class _Walk:
    """Lives a case once more, event by event, and asks the rules at each what time should have brought before."""

    def __init__(self, case: CaseFound) -> None:
        self._case = case
        self._reached: set[tuple[str, int]] = set()
        self._notices = Counter((row.seq, row.audience, row.kind) for row in case.notices)
        self.missed: list[str] = []
        self.doubled: list[str] = []
        self.latest = 0.0

    def to_the_end(self, ending: CaseState, at: datetime) -> None:
        before = self._case.events[0]
        state = first_state(before, ending)
        self._told(state, before)
        for item in self._case.events[1:]:
            # What one act says is said at once: its first part may start a clock whose time was over before.
            same_act = (item.at, item.actor_id) == (before.at, before.actor_id)
            before = item
            if isinstance(item.event, RungReached):
                self._rung(state, item, item.event)
            elif item.actor_role != Role.SYSTEM and not same_act:
                # Whoever acts finds what time has brought by then.
                self._overdue(state, item.at, f"before event {item.seq}")
            after = next_state(state, item)
            if after is None:
                self.missed.append(f"{self._case.case_id}: cannot be lived again at event {item.seq}")
                return
            state = after
            self._told(state, item)
        self._overdue(state, at, "at the end")
        self.doubled += [f"{self._case.case_id}: notice {row} of no event" for row in +self._notices]

    def _overdue(self, state: CaseState, at: datetime, where: str) -> None:
        for event in tick(state, at):
            if isinstance(event, RungReached):
                place = f"{event.key} rung {event.number}"
                self.missed.append(f"{self._case.case_id}: {place}, due {event.due_at}, not reached {where}")
            else:
                self.missed.append(f"{self._case.case_id}: {event.type} not come {where}")  # pyright: ignore[reportAttributeAccessIssue]

    def _rung(self, state: CaseState, item: Recorded, event: RungReached) -> None:
        place = (event.key, event.number)
        if place in self._reached:
            self.doubled.append(f"{self._case.case_id}: {event.key} rung {event.number} reached twice")
        self._reached.add(place)
        for deadline in deadlines(state):
            for timed in rungs(state, deadline):
                if (deadline.key, timed.number) == place:
                    self.latest = max(self.latest, (item.at - timed.at).total_seconds())

    def _told(self, state: CaseState, item: Recorded) -> None:
        for notice in notices(state, item):
            row = (notice.seq, notice.audience, notice.kind)
            if self._notices[row]:
                self._notices[row] -= 1
            else:
                self.missed.append(f"{self._case.case_id}: nobody was told of event {item.seq} ({row})")


def judge_messages(evidence: Evidence, mails: Sequence[Mailed]) -> Told:
    """Each notice is told once, in one digest of each person whom it concerns; each digest arrives by mail. What was
    told in vain is remembered with the case, until it happens after all."""
    missed: list[str] = []
    doubled: list[str] = []
    concerned = [
        (row.audience, row.kind)
        for case in evidence.cases.values()
        for row in case.notices
        if _news(row.kind)
    ]
    vain = [news for case in evidence.cases.values() for news in case.in_vain if _news(news[1])]
    received = Counter(mail.delivery for mail in mails)
    for person in evidence.people:
        owed = sum(_concerns(person, evidence.school_id, *notice) for notice in concerned)
        own = [row for row in evidence.deliveries if row.staff_id == person.id]
        told = sum(row.news for row in own if row.channel == "inbox")
        if told < owed:
            missed.append(f"{person.id} was told of {told} notices, {owed} were owed")
        too_early = sum(_concerns(person, evidence.school_id, *news) for news in vain)
        if told > owed + too_early:
            doubled.append(
                f"{person.id} was told of {told} notices, {owed} were owed, {too_early} told in vain"
            )
        mailed = {row.period: row for row in own if row.channel != "inbox"}
        for row in own:
            if row.channel == "inbox" and person.email and row.period not in mailed:
                missed.append(f"{person.id}: no mail for the digest of {row.period}")
        for row in mailed.values():
            if not received[row.id]:
                missed.append(f"{person.id}: the mail of {row.period} ({row.status}) never arrived")
    known = {row.id for row in evidence.deliveries}
    doubled += [f"a mail of no delivery: {delivery}" for delivery in received if delivery not in known]
    return Told(
        missed=tuple(missed),
        doubled=tuple(doubled),
        repeated=sum(count - 1 for count in received.values()),
        in_vain=len(vain),
    )


def _news(kind: str) -> bool:
    return not (kind.startswith("rung:") and kind.endswith(tuple(f":{rung}" for rung in _OWN_RUNGS)))


def _concerns(person: PersonFound, school_id: str, audience: str, kind: str) -> bool:
    if audience == staff(person.id):
        return True
    if person.role == Role.SCHOOL_SUPERVISOR:
        return audience == school(school_id)
    if person.department_id is None or audience != department(person.department_id):
        return False
    if person.role == Role.COUNSELOR:
        return kind.startswith("rung:") and kind.split(":")[1] in COUNSELOR_CLOCKS
    return person.role == Role.DEPARTMENT_SUPERVISOR
