"""What each person is told once a day: counts, case numbers and a link; no name, nothing of any hardship."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, Engine, Select, and_, case, func, insert, not_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col
from sqlmodel import select as select_rows
from sqlmodel.sql.expression import SelectOfScalar

from models.case.kernel import Role, department, school, staff
from models.tables import CaseDeadline, CaseNotice, Delegation, Delivery, Staff
from models.views.wording import wording
from services.absence import tell_of_uncovered
from services.channels import INBOX, Channels
from services.database import writing
from services.delegations import counts_on
from services.inbox import COUNSELOR_CLOCKS, overdue_by
from services.school_day import date_of

_LISTED = 20
# What somebody's own deadline says is listed with the deadline.
_OWN_RUNGS = ("before_due", "due", "overdue")


@dataclass(frozen=True)
class Item:
    """A deadline to list."""

    case_id: str
    clock: str
    rung: str | None
    due_at: datetime


@dataclass
class Heap:
    """What one audience has: how many due and overdue by clock, the most urgent ones, the notices by kind."""

    due: Counter[str] = field(default_factory=Counter[str])
    overdue: Counter[str] = field(default_factory=Counter[str])
    urgent: list[Item] = field(default_factory=list[Item])
    notices: Counter[str] = field(default_factory=Counter[str])

    def add(self, other: "Heap", clocks: Sequence[str] | None = None) -> None:
        """Take over what another audience has, or only what concerns those clocks."""

        def concerns(clock: str) -> bool:
            return clocks is None or clock in clocks

        def told(kind: str) -> bool:
            return clocks is None or (kind.startswith("rung:") and kind.split(":")[1] in clocks)

        self.due.update({clock: count for clock, count in other.due.items() if concerns(clock)})
        self.overdue.update({clock: count for clock, count in other.overdue.items() if concerns(clock)})
        self.urgent += [item for item in other.urgent if concerns(item.clock)]
        self.notices.update({kind: count for kind, count in other.notices.items() if told(kind)})

    @property
    def empty(self) -> bool:
        return not self.due and not self.notices


class DigestWriter:
    """Writes the digests of one database."""

    def __init__(self, engine: Engine, channels: Channels, public_url: str) -> None:
        self._engine = engine
        self._channels = channels
        self._public_url = public_url

    def collect(self, school_id: str, period: str, until: datetime) -> list[str]:
        """Write one message per person and channel for the period, and answer the ids of those that are still
        to be sent. It tells, as the inbox does, of a person's own work, of that of the office the person holds, and of
        that of everybody for whom the person stands in on the day of `until`. A repeated call writes nothing twice,
        and takes no news from the digest that comes next."""
        tell_of_uncovered(self._engine, school_id, until)
        # Read before writing, so that cases wait for the write lock no longer than they must.
        with self._engine.connect() as connection:
            heaps = _deadlines(connection, school_id, until)
            covering = _covering(connection, school_id, date_of(until))
        # Somebody else may write the same digest in this very moment: one of the two counts, as a whole.
        with suppress(IntegrityError), writing(self._engine).begin() as connection:
            if not _is_written(connection, school_id, period):
                _claim_notices(connection, school_id, period, until)
                for audience, kind, count in connection.execute(_notices(school_id, period)):
                    heaps[audience].notices[kind] = count
                people = Session(connection).exec(_people(school_id)).all()
                told = ((person, _heap_of(person, heaps, covering[person.id])) for person in people)
                if rows := list(self._messages(told, period, until)):
                    connection.execute(insert(Delivery), rows)
        waiting = select_rows(Delivery.id).where(
            Delivery.school_id == school_id,
            Delivery.period == period,
            col(Delivery.status).not_in(("sent", "given_up")),
        )
        with Session(self._engine) as session:
            return sorted(session.exec(waiting).all())

    def _messages(
        self, told: Iterable[tuple[Staff, Heap]], period: str, now: datetime
    ) -> Iterator[dict[str, Any]]:
        for person, heap in told:
            if not heap.empty:
                yield from (row.model_dump() for row in self._deliveries(person, heap, period, now))

    def _deliveries(self, person: Staff, heap: Heap, period: str, now: datetime) -> Iterator[Delivery]:
        subject, body = message(heap, self._public_url, now)
        for channel in (INBOX, *self._channels.of(person)):
            # In the product the digest has arrived once it is written.
            arrived = channel == INBOX
            yield Delivery(
                id=str(uuid5(NAMESPACE_URL, f"zhuhang:{person.id}:{period}:{channel}")),
                school_id=person.school_id,
                staff_id=person.id,
                period=period,
                channel=channel,
                status="sent" if arrived else "queued",
                subject=subject,
                body=body,
                attempts=1 if arrived else 0,
                created_at=now,
                updated_at=now,
                sent_at=now if arrived else None,
            )


def _people(school_id: str) -> SelectOfScalar[Staff]:
    here = select_rows(Staff).where(Staff.school_id == school_id, col(Staff.departed_on).is_(None))
    return here.order_by(col(Staff.id))


def _covering(connection: Connection, school_id: str, day: date) -> defaultdict[str, set[str]]:
    """For whom each person stands in on a day."""
    query = select(col(Delegation.to_id), col(Delegation.from_id)).where(
        col(Delegation.school_id) == school_id, counts_on(day)
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for stand_in, absent in connection.execute(query):
        found[stand_in].add(absent)
    return found


def _heap_of(person: Staff, heaps: dict[str, Heap], covering: Iterable[str]) -> Heap:
    heap = Heap()
    for who in (person.id, *covering):
        heap.add(heaps[staff(who)])
    if person.role == Role.SCHOOL_SUPERVISOR:
        heap.add(heaps[school(person.school_id)])
    elif person.role == Role.DEPARTMENT_SUPERVISOR and person.department_id is not None:
        heap.add(heaps[department(person.department_id)])
    elif person.role == Role.COUNSELOR and person.department_id is not None:
        heap.add(heaps[department(person.department_id)], COUNSELOR_CLOCKS)
    return heap


def _deadlines(connection: Connection, school_id: str, until: datetime) -> defaultdict[str, Heap]:
    """What is due, by audience, counted in SQL."""
    heaps: defaultdict[str, Heap] = defaultdict(Heap)
    owner, clock, due_at = col(CaseDeadline.owner), col(CaseDeadline.clock), col(CaseDeadline.due_at)
    concerned = and_(
        col(CaseDeadline.school_id) == school_id,
        col(CaseDeadline.paused).is_(False),
        or_(due_at <= until, col(CaseDeadline.rung).is_not(None)),
    )
    late = func.sum(case((overdue_by(until), 1), else_=0))
    counted = select(owner, clock, func.count(), late).where(concerned).group_by(owner, clock)
    for audience, name, count, overdue in connection.execute(counted):
        heaps[audience].due[name] = count
        if overdue:
            heaps[audience].overdue[name] = overdue
    place = func.row_number().over(partition_by=(owner, clock), order_by=(due_at, col(CaseDeadline.case_id)))
    fields = (owner, col(CaseDeadline.case_id), clock, col(CaseDeadline.rung), due_at)
    ranked = select(*fields, place.label("place")).where(concerned).subquery()
    for row in connection.execute(select(ranked).where(ranked.c.place <= _LISTED)):
        heaps[row[0]].urgent.append(Item(*row[1:5]))
    return heaps


def _is_written(connection: Connection, school_id: str, period: str) -> bool:
    query = select(col(Delivery.id)).where(
        col(Delivery.school_id) == school_id, col(Delivery.period) == period
    )
    return connection.execute(query.limit(1)).first() is not None


def _claim_notices(connection: Connection, school_id: str, period: str, until: datetime) -> None:
    """Let the digest of this period be the one that tells what none has told yet, however late it came into the
    ledger."""
    untold = (
        col(CaseNotice.school_id) == school_id,
        col(CaseNotice.period).is_(None),
        col(CaseNotice.at) <= until,
    )
    connection.execute(update(CaseNotice).where(*untold).values(period=period))


def _notices(school_id: str, period: str) -> Select[str, str, int]:
    audience, kind = col(CaseNotice.audience), col(CaseNotice.kind)
    own = or_(*(kind.like(f"rung:%:{rung}") for rung in _OWN_RUNGS))
    query = select(audience, kind, func.count()).where(
        col(CaseNotice.school_id) == school_id, col(CaseNotice.period) == period, not_(own)
    )
    return query.group_by(audience, kind)


def message(heap: Heap, link: str, now: datetime) -> tuple[str, str]:
    """Subject and text of a digest: Chinese first, English below."""
    due, overdue, news = heap.due.total(), heap.overdue.total(), heap.notices.total()
    subject = f"【助航】待办 {due} 项，逾期 {overdue} 项，通知 {news} 条 · {due} due, {overdue} overdue"
    listed = sorted(heap.urgent, key=lambda item: (item.due_at, item.case_id))[:_LISTED]
    zh = [f"您有 {due} 项待办，其中 {overdue} 项已逾期；新通知 {news} 条。"]
    en = [f"You have {due} things to do, {overdue} of them overdue, and {news} new notices."]
    for item in listed:
        text = wording().deadline(item.clock, item.rung, overdue=item.due_at <= now)
        zh.append(f"- {item.case_id} {text.zh}")
        en.append(f"- {item.case_id} {text.en}")
    if due > len(listed):
        zh.append(f"- 另有 {due - len(listed)} 项")
        en.append(f"- and {due - len(listed)} more")
    for kind, count in sorted(heap.notices.items()):
        text = wording().notice(kind)
        zh.append(f"* {text.zh} ×{count}")
        en.append(f"* {text.en} ×{count}")
    return subject, "\n".join([*zh, "", *en, "", link])
