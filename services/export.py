"""The ledger as a workbook in the roster's own columns. It says who took it away, when and what for; unmasked, it
imports back unchanged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import ColumnElement, Engine
from sqlmodel import Session, col, select

from models.access import Standing, access_policy
from models.calendar import Calendar
from models.case.kernel import Actor
from models.case.state import CaseState
from models.codes import destination
from models.hardship import HardshipClaim, HardshipType, hardship_types, legacy_hardship_code
from models.ledger_columns import LedgerColumn, ledger_columns, unknown_columns
from models.masks import masked
from models.purposes import purpose_texts
from models.roster.guard import guard_cell
from models.roster.rows import RosterRow
from models.roster.text import UNSTORABLE
from models.tables import CaseRow, Department, Staff
from models.views.paper import word
from services.access import readable, standings
from services.errors import Unprocessable
from services.states import States
from services.vault import Vault

_BATCH = 500
_LISTS = ("other_phones", "intention_places", "intention_jobs", "service_needs")


# Whoever answers for these files hands them on, unmasked where a duty asks for it.
_ANSWERABLE: frozenset[Standing] = frozenset({"department_supervisor", "school_supervisor"})
_NOTES = "导出说明"
_BOLD = Font(bold=True)
_TEXT = "@"
# The name stays in sight where it is among so many first columns: more would leave no room on a small screen.
_FROZEN_WITHIN = 4


@dataclass(frozen=True)
class Taking:
    """Who takes files away, when and what for; `plain`: unmasked, as far as the person answers for it. Of one college
    and one cohort only where they are given."""

    actor: Actor
    at: datetime
    purpose: str
    plain: bool = False
    department: str | None = None
    cohort: int | None = None

    def narrowed(self) -> list[ColumnElement[bool]]:
        """The conditions of college and cohort."""
        wanted = {CaseRow.department_id: self.department, CaseRow.cohort: self.cohort}
        return [col(column) == value for column, value in wanted.items() if value is not None]

    @property
    def reader(self) -> Actor:
        """The person as far as files may be taken away: what is open in an emergency is for reading only."""
        return self.actor.model_copy(update={"reading": ()})

    def groups(self, case: CaseRow) -> frozenset[str]:
        """The groups of fields of this file that go out plain."""
        held = standings(self.reader, case)
        if self.plain and held & _ANSWERABLE:
            return frozenset(access_policy().fields)
        return access_policy().plain(held)

    def sentence(self, name: str) -> str:
        """What stands on every page."""
        purpose = purpose_texts()[self.purpose].zh
        return f"{name}（{self.actor.id}）于 {self._local} 导出，用途：{purpose}；不得转作他用，用毕销毁"

    def mark(self, name: str) -> str:
        """The watermark: who and when."""
        return f"{name} {self.actor.id}\n{self._local}"

    @property
    def _local(self) -> str:
        return f"{self.at.astimezone(Calendar().zone):%Y-%m-%d %H:%M}"


class LedgerExport:
    """Writes the cases that an actor may read. `columns`: the school's own order of columns, all where it is empty."""

    def __init__(self, engine: Engine, states: States, vault: Vault, columns: Sequence[str] = ()) -> None:
        self._engine = engine
        self._states = states
        self._vault = vault
        self._columns = tuple(columns) or tuple(ledger_columns())

    def columns(self, ids: Sequence[str]) -> list[LedgerColumn]:
        """The columns of these ids, each once; the school's own where none is named.

        Raises Unprocessable (`column_unknown`).
        """
        unknown = unknown_columns(ids)
        if unknown:
            raise Unprocessable(
                "column_unknown",
                f"没有这些台账列：{'、'.join(unknown)}。",
                f"The ledger has no such columns: {', '.join(unknown)}.",
                unknown=unknown,
                known=list(ledger_columns()),
            )
        return [ledger_columns()[item] for item in dict.fromkeys(ids or self._columns)]

    def case_ids(self, taking: Taking) -> list[str]:
        """The cases that `write` would write."""
        with Session(self._engine) as session:
            return list(
                session.exec(select(CaseRow.case_id).where(readable(taking.reader), *taking.narrowed())).all()
            )

    def write(self, taking: Taking, target: BinaryIO, columns: Sequence[LedgerColumn]) -> int:
        """Write the workbook, row by row, with these columns in this order; the number of cases."""
        book = Workbook(write_only=True)
        sheet = book.create_sheet("帮扶台账")
        sheet.freeze_panes = f"{get_column_letter(_frozen(columns) + 1)}2"
        for index, column in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(index)].width = column.width
        said = self._marked(book, sheet, taking)
        sheet.append([_heading(sheet, _title(column, plain=taking.plain)) for column in columns])
        count = 0
        for cells in self._lines(taking):
            sheet.append([_cell(sheet, column, cells.get(column.id) or "") for column in columns])
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
        said = UNSTORABLE.sub("", taking.sentence(person.name if person else taking.actor.id))
        book.properties.creator = taking.actor.id
        book.properties.title = "帮扶台账"
        book.properties.description = said
        # An ampersand begins a code there.
        for part in (sheet.oddHeader, sheet.oddFooter):
            if part is not None:
                part.center.text = said.replace("&", "&&")
        return said

    def _lines(self, taking: Taking) -> Iterator[dict[str, str]]:
        actor, last = taking.reader, ""
        with Session(self._engine) as session:
            colleges = dict(
                session.exec(
                    select(Department.id, Department.name).where(Department.school_id == actor.school_id)
                ).all()
            )
            people = select(Staff.id, Staff.name).where(Staff.school_id == actor.school_id)
            names = dict(session.exec(people).all())
        while True:
            query = select(CaseRow).where(readable(actor), CaseRow.case_id > last, *taking.narrowed())
            with Session(self._engine) as session:
                rows = session.exec(query.order_by(col(CaseRow.case_id)).limit(_BATCH)).all()
                self._vault.warm(row.case_id for row in rows)
                states = [self._states.of(session, row) for row in rows]
            if not rows:
                return
            last = rows[-1].case_id
            for row, state in zip(rows, states, strict=True):
                groups = taking.groups(row)
                cells, _ = masked(row_of(state, colleges.get(state.department_id)).cells(), groups)
                added = {
                    name: guard_cell(text) for name, text in _ledger_cells(row, state, names, groups).items()
                }
                yield {name: UNSTORABLE.sub("", text or "") for name, text in (cells | added).items()}


def _title(column: LedgerColumn, *, plain: bool) -> str:
    # Without this column no import takes the file, or the masks would become the data.
    return f"脱敏件不可导入·{column.zh}" if column.id == "student_no" and not plain else column.zh


def _frozen(columns: Sequence[LedgerColumn]) -> int:
    """How many columns stay in sight: up to the name, where that is among the first."""
    first = [column.id for column in columns[:_FROZEN_WITHIN]]
    return first.index("name") + 1 if "name" in first else 0


def _heading(sheet: Worksheet, title: str) -> Cell:
    cell = WriteOnlyCell(sheet, title)
    cell.font = _BOLD
    return cell


def _cell(sheet: Worksheet, column: LedgerColumn, text: str) -> Cell | str:
    if not column.as_text:
        return text
    # Also what is typed over it later stays text: 01 is not 1.
    cell = WriteOnlyCell(sheet, text)
    cell.number_format = _TEXT
    return cell


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


def _ledger_cells(
    row: CaseRow, state: CaseState, names: dict[str, str], groups: frozenset[str]
) -> dict[str, str]:
    shown = state.eligibility is not None and "hardship" in groups
    confirmed = state.eligibility.hardship if state.eligibility is not None and shown else ()
    last, due = state.last_contact_at, row.next_due_at
    zone = Calendar().zone
    place = destination(row.destination_code) if row.destination_code else None
    return {
        "case_id": row.case_id,
        "stage": word("stages", row.stage),
        "confirmed_hardship": "、".join(_named(item.type) for item in confirmed),
        "legacy_hardship": str(legacy_hardship_code(_known(item.type) for item in confirmed))
        if shown
        else "",
        "risk_level": row.risk_level or "",
        "mentor": names.get(row.mentor_id, row.mentor_id) if row.mentor_id else "",
        "services_done": str(row.services_done),
        "services_due": str(row.services_due),
        "next_due_on": f"{due.astimezone(zone):%Y-%m-%d}" if due else "",
        "contacts": str(state.contacts),
        "last_contact_on": f"{last.astimezone(zone):%Y-%m-%d}" if last else "",
        "registered_destination": f"{place.code} {place.zh}" if place else row.destination_code or "",
        "destination_status": word("destinations", row.destination_status) if row.destination_status else "",
    }


def _known(hardship: str) -> HardshipType:
    """A hardship type of the table, which a school's own type is not."""
    return HardshipType(hardship) if hardship in set(HardshipType) else HardshipType.OTHER


def _named(hardship: str) -> str:
    """The Chinese name of a hardship type; a school's own type as it is."""
    return hardship_types().entry(HardshipType(hardship)).zh if hardship in set(HardshipType) else hardship
