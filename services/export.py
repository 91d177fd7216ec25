"""The ledger as a workbook in the roster's own columns. It says who took it away, when and what for; unmasked, it
imports back unchanged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.access import Standing, access_policy
from models.calendar import Calendar
from models.case.kernel import Actor
from models.case.state import CaseState
from models.hardship import HardshipClaim, HardshipType, hardship_types, legacy_hardship_code
from models.masks import masked
from models.purposes import purpose_texts
from models.roster.columns import roster_columns
from models.roster.guard import guard_cell
from models.roster.rows import RosterRow
from models.tables import CaseRow, Department, Staff
from services.access import readable, standings
from services.states import States
from services.vault import Vault

_BATCH = 500
# What the ledger adds to the roster. An import does not know these headers and leaves them alone.
_LEDGER_COLUMNS = (
    "档案编号",
    "办理阶段",
    "认定困难类型",
    # Not 困难生类别 alone, which an import reads as the hardship types themselves.
    "困难生类别代码",
    "风险等级",
    "现责任人",
    "服务完成",
    "服务应完成",
    "下一期限",
)
_LISTS = ("other_phones", "intention_places", "intention_jobs", "service_needs")


# Whoever answers for these files hands them on, unmasked where a duty asks for it.
_ANSWERABLE: frozenset[Standing] = frozenset({"department_supervisor", "school_supervisor"})
_NOTES = "导出说明"


@dataclass(frozen=True)
class Taking:
    """Who takes the ledger away, when and what for; `plain`: unmasked, as far as the person answers for it."""

    actor: Actor
    at: datetime
    purpose: str
    plain: bool = False

    def sentence(self, name: str) -> str:
        """What stands on every page."""
        local = self.at.astimezone(ZoneInfo(Calendar().timezone))
        purpose = purpose_texts()[self.purpose].zh
        return f"{name}（{self.actor.id}）于 {local:%Y-%m-%d %H:%M} 导出，用途：{purpose}；不得转作他用，用毕销毁"


def _taker(taking: Taking) -> Actor:
    # What is open in an emergency is for reading, not for taking away.
    return taking.actor.model_copy(update={"reading": ()})


class LedgerExport:
    """Writes the cases that an actor may read."""

    def __init__(self, engine: Engine, states: States, vault: Vault) -> None:
        self._engine = engine
        self._states = states
        self._vault = vault

    def case_ids(self, taking: Taking) -> list[str]:
        """The cases that `write` would write."""
        with Session(self._engine) as session:
            return list(session.exec(select(CaseRow.case_id).where(readable(_taker(taking)))).all())

    def write(self, taking: Taking, target: BinaryIO) -> int:
        """Write the workbook, row by row; the number of cases."""
        actor = _taker(taking)
        book = Workbook(write_only=True)
        sheet = book.create_sheet("帮扶台账")
        sheet.freeze_panes = "D2"
        said = self._marked(book, sheet, taking)
        sheet.append(_titles(plain=taking.plain))
        count = 0
        for cells in self._lines(actor, plain=taking.plain):
            sheet.append(cells)
            count += 1
        notes = book.create_sheet(_NOTES)
        for line in ((said,), ("档案数", str(count)), ("未脱敏" if taking.plain else "已按岗位脱敏",)):
            notes.append([guard_cell(text) for text in line])
        book.save(target)
        return count

    def _marked(self, book: Workbook, sheet: Worksheet, taking: Taking) -> str:
        """Put who and when into the properties and on every printed page; the sentence."""
        with Session(self._engine) as session:
            person = session.get(Staff, taking.actor.id)
        said = ILLEGAL_CHARACTERS_RE.sub("", taking.sentence(person.name if person else taking.actor.id))
        book.properties.creator = taking.actor.id
        book.properties.title = "帮扶台账"
        book.properties.description = said
        # An ampersand begins a code there.
        for part in (sheet.oddHeader, sheet.oddFooter):
            if part is not None:
                part.center.text = said.replace("&", "&&")
        return said

    def _lines(self, actor: Actor, *, plain: bool) -> Iterator[list[str]]:
        last = ""
        with Session(self._engine) as session:
            colleges = dict(
                session.exec(
                    select(Department.id, Department.name).where(Department.school_id == actor.school_id)
                ).all()
            )
            people = select(Staff.id, Staff.name).where(Staff.school_id == actor.school_id)
            names = dict(session.exec(people).all())
        while True:
            query = select(CaseRow).where(readable(actor), CaseRow.case_id > last)
            with Session(self._engine) as session:
                rows = session.exec(query.order_by(col(CaseRow.case_id)).limit(_BATCH)).all()
                self._vault.warm(row.case_id for row in rows)
                states = [self._states.of(session, row) for row in rows]
            if not rows:
                return
            last = rows[-1].case_id
            for row, state in zip(rows, states, strict=True):
                groups = _groups(actor, row, plain=plain)
                cells, _ = masked(row_of(state, colleges.get(state.department_id)).cells(), groups)
                told = [cells.get(column.field) or "" for column in roster_columns().columns]
                told += [guard_cell(text) for text in _ledger_cells(row, state, names, groups)]
                yield [ILLEGAL_CHARACTERS_RE.sub("", text) for text in told]


def _titles(*, plain: bool) -> list[str]:
    columns = roster_columns().columns
    # Without this column no import takes the file, or the masks would become the data.
    masked_title = {} if plain else {"student_no": "脱敏件不可导入·" + roster_columns().zh("student_no")}
    return [*(masked_title.get(column.field, column.zh) for column in columns), *_LEDGER_COLUMNS]


def _groups(actor: Actor, row: CaseRow, *, plain: bool) -> frozenset[str]:
    """The groups of fields that go out plain."""
    held = standings(actor, row)
    if plain and held & _ANSWERABLE:
        return frozenset(access_policy().fields)
    return access_policy().plain(held)


def row_of(state: CaseState, college: str | None) -> RosterRow:
    """The roster row that a case's profile amounts to: the reverse of `services.cases.profile_of`."""
    profile = state.profile
    values: dict[str, Any] = profile.model_dump(exclude={"other"}, exclude_none=True)
    other = dict(profile.other)
    for name in RosterRow.model_fields:
        # A yes-or-no column may hold neither and is then carried as text.
        if name in other and name not in values and name != "subsidy_claimed":
            values[name] = other.pop(name)
    for name in _LISTS:
        if name in values:
            values[name] = tuple(values[name].split("、"))
    claims = tuple(HardshipClaim(type=HardshipType(item.type), text=item.text) for item in state.declared)
    stated = {"department": college, "cohort": state.cohort, "hardship": claims, "other": other}
    return RosterRow.model_validate(values | stated)


def _ledger_cells(row: CaseRow, state: CaseState, names: dict[str, str], groups: frozenset[str]) -> list[str]:
    shown = state.eligibility is not None and "hardship" in groups
    confirmed = state.eligibility.hardship if state.eligibility is not None and shown else ()
    return [
        row.case_id,
        row.stage,
        "、".join(_named(item.type) for item in confirmed),
        str(legacy_hardship_code(_known(item.type) for item in confirmed)) if shown else "",
        row.risk_level or "",
        names.get(row.mentor_id, row.mentor_id) if row.mentor_id else "",
        str(row.services_done),
        str(row.services_due),
        row.next_due_at.date().isoformat() if row.next_due_at else "",
    ]


def _known(hardship: str) -> HardshipType:
    """A hardship type of the table, which a school's own type is not."""
    return HardshipType(hardship) if hardship in set(HardshipType) else HardshipType.OTHER


def _named(hardship: str) -> str:
    """The Chinese name of a hardship type; a school's own type as it is."""
    return hardship_types().entry(HardshipType(hardship)).zh if hardship in set(HardshipType) else hardship
