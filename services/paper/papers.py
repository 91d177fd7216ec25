"""The printed files of the people whom somebody answers for."""

import json
import re
from collections.abc import Sequence

from pydantic import JsonValue
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.tables import CaseEvent, CaseRow, Department, School, Staff
from models.views.case import TimelineEntry, case_view
from models.views.paper import Paper, Row
from services.access import readable
from services.actors import graduate_actor_id
from services.erasures import unreadable
from services.errors import NotFound, Unprocessable
from services.export import Taking
from services.masking import entry_for, view_for
from services.paper.naming import Names
from services.paper.press import Press
from services.paper.words import paper_of
from services.sealed import event_place
from services.states import States
from services.vault import Vault

# What a page cannot show, or what would turn the text about it round.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


# A printing in so many parts lasts an hour.
_MOST_PARTS = 20


class Papers:
    """Finds, words and prints the files of one database. `limit`: the most people in one PDF."""

    def __init__(self, engine: Engine, states: States, vault: Vault, press: Press, limit: int) -> None:
        self._engine = engine
        self._states = states
        self._vault = vault
        self._press = press
        self._limit = limit

    def one(self, taking: Taking, case_id: str) -> list[str]:
        """The case, if this person may take it away. Raises NotFound (`case_unknown`), CaseErased."""
        reader = taking.reader
        with Session(self._engine) as session:
            query = select(CaseRow.case_id).where(CaseRow.case_id == case_id, readable(reader))
            if session.exec(query).first() is None:
                raise unreadable(session, reader, case_id)
        return [case_id]

    def many(self, taking: Taking, part: int | None = None) -> list[str]:
        """All cases that this person may take away, of the college and the cohort that are asked for; with `part` (from
        1) that part of them, of as many as fit into one PDF, by class and student number.

        Raises NotFound (`nothing_to_print`), Unprocessable (`too_many_papers`, which says how many parts there are).
        """
        query = select(CaseRow.case_id).where(readable(taking.reader), *taking.narrowed())
        with Session(self._engine) as session:
            found = list(session.exec(query.limit(self._limit * _MOST_PARTS + 1)).all())
            parts = -(-len(found) // self._limit)
            if parts > _MOST_PARTS or (parts > 1 and part is None):
                raise self._too_many(parts)
            if part is not None:
                found = self._in_order(session, taking, found)[(part - 1) * self._limit : part * self._limit]
        if not found:
            raise NotFound(
                "nothing_to_print",
                "在您的权限范围内没有符合条件的档案。",
                "There is no such file among those that you may read.",
            )
        return found

    def _too_many(self, parts: int) -> Unprocessable:
        if parts > _MOST_PARTS:
            return Unprocessable(
                "too_many_papers",
                f"一次最多打印 {self._limit * _MOST_PARTS} 份档案，请按院系、届分批打印。",
                f"At most {self._limit * _MOST_PARTS} files are printed at once: ask by department and cohort.",
                limit=self._limit,
            )
        return Unprocessable(
            "too_many_papers",
            f"一个 PDF 最多 {self._limit} 份档案：请用 part=1 至 part={parts} 分 {parts} 个文件打印。",
            f"At most {self._limit} files go into one PDF: ask for part=1 to part={parts}.",
            limit=self._limit,
            parts=parts,
        )

    def _in_order(self, session: Session, taking: Taking, case_ids: Sequence[str]) -> list[str]:
        """The cases as their papers follow each other."""
        self._vault.warm(case_ids)
        colleges = self._names(session, taking).colleges
        query = select(CaseRow).where(readable(taking.reader), col(CaseRow.case_id).in_(case_ids))

        def place(row: CaseRow) -> tuple[str, str, str]:
            profile = self._states.of(session, row).profile
            college = colleges.get(row.department_id, row.department_id)
            return college, profile.class_name or "", profile.student_no

        return [row.case_id for row in sorted(session.exec(query).all(), key=place)]

    def pdf(self, taking: Taking, case_ids: Sequence[str]) -> bytes:
        """The files as one PDF, by class and student number, each person's pages counted by themselves.

        Raises Unavailable (`press_busy`, `press_failed`).
        """
        self._vault.warm(case_ids)
        with Session(self._engine) as session:
            names = self._names(session, taking)
            query = select(CaseRow).where(readable(taking.reader), col(CaseRow.case_id).in_(case_ids))
            papers = [self._paper(session, taking, row, names) for row in session.exec(query).all()]
        papers.sort(key=_place)
        taker = names.of(taking.actor.id)
        return self._press.pdf(
            {
                "taker": taking.actor.id,
                "said": _printable(taking.sentence(taker)),
                "mark": _printable(taking.mark(taker)),
                "papers": [_shown(paper) for paper in papers],
            }
        )

    def _names(self, session: Session, taking: Taking) -> Names:
        school_id = taking.actor.school_id
        school = session.get(School, school_id)
        colleges = select(Department.id, Department.name).where(Department.school_id == school_id)
        people = select(Staff.id, Staff.name).where(Staff.school_id == school_id)
        return Names(
            school.name if school else school_id,
            dict(session.exec(colleges).all()),
            dict(session.exec(people).all()),
        )

    def _paper(self, session: Session, taking: Taking, row: CaseRow, names: Names) -> Paper:
        plain = taking.groups(row)
        state = self._states.of(session, row)
        view = view_for(plain, case_view(state, taking.at, graduate_actor_id(row.case_id)))
        query = select(CaseEvent).where(
            CaseEvent.case_id == row.case_id,
            col(CaseEvent.case_id).in_(select(CaseRow.case_id).where(readable(taking.reader))),
            # What happened since belongs to the next printing.
            CaseEvent.seq <= row.version,
        )
        events = session.exec(query.order_by(col(CaseEvent.seq))).all()
        return paper_of(view, [entry_for(plain, self._entry(event)) for event in events], names)

    def _entry(self, row: CaseEvent) -> TimelineEntry:
        data = json.loads(self._vault.open(row.case_id, row.data, event_place(row.seq)))
        return TimelineEntry(
            seq=row.seq, at=row.at, type=row.type, actor_id=row.actor_id, actor_role=row.actor_role, data=data
        )


def _place(paper: Paper) -> tuple[str, str, str]:
    facts = paper.facts
    return facts["department"], facts["class_name"], facts["student_no"]


def _shown(paper: Paper) -> dict[str, JsonValue]:
    return {
        "facts": _row(paper.facts),
        "tables": {name: [_row(row) for row in rows] for name, rows in paper.tables.items()},
        "covered": list(paper.covered),
    }


def _row(row: Row) -> JsonValue:
    return {field: _printable(text) for field, text in row.items()}


def _printable(text: str) -> str:
    return _UNSEEN.sub("", text)
