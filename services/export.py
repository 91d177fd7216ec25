"""The ledger as a workbook in the roster's own columns, which imports back unchanged."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from models.case.kernel import Actor
from models.case.state import CaseState
from models.hardship import HardshipClaim, HardshipType, hardship_types
from models.roster.columns import roster_columns
from models.roster.guard import guard_cell
from models.roster.rows import RosterRow
from models.tables import CaseRow, Department, Staff
from services.access import readable
from services.states import States
from services.vault import Vault

_BATCH = 500
# What the ledger adds to the roster. An import does not know these headers and leaves them alone.
_LEDGER_COLUMNS = (
    "档案编号",
    "办理阶段",
    "认定困难类型",
    "风险等级",
    "现责任人",
    "服务完成",
    "服务应完成",
    "下一期限",
)
_LISTS = ("other_phones", "intention_places", "intention_jobs", "service_needs")


class LedgerExport:
    """Writes the cases that an actor may read."""

    def __init__(self, engine: Engine, states: States, vault: Vault) -> None:
        self._engine = engine
        self._states = states
        self._vault = vault

    def write(self, actor: Actor, target: BinaryIO) -> int:
        """Write the workbook, row by row; the number of cases."""
        columns = roster_columns().columns
        book = Workbook(write_only=True)
        sheet = book.create_sheet("帮扶台账")
        sheet.freeze_panes = "D2"
        sheet.append([*(column.zh for column in columns), *_LEDGER_COLUMNS])
        count = 0
        for cells in self._lines(actor):
            sheet.append(cells)
            count += 1
        book.save(target)
        return count

    def _lines(self, actor: Actor) -> Iterator[list[str]]:
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
                cells = row_of(state, colleges.get(state.department_id)).cells()
                told = [cells.get(column.field, "") for column in roster_columns().columns]
                told += [guard_cell(text) for text in _ledger_cells(row, state, names)]
                yield [ILLEGAL_CHARACTERS_RE.sub("", text) for text in told]


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


def _ledger_cells(row: CaseRow, state: CaseState, names: dict[str, str]) -> list[str]:
    confirmed = state.eligibility.hardship if state.eligibility is not None else ()
    return [
        row.case_id,
        row.stage,
        "、".join(_named(item.type) for item in confirmed),
        row.risk_level or "",
        names.get(row.mentor_id, row.mentor_id) if row.mentor_id else "",
        str(row.services_done),
        str(row.services_due),
        row.next_due_at.date().isoformat() if row.next_due_at else "",
    ]


def _named(hardship: str) -> str:
    """The Chinese name of a hardship type; a school's own type as it is."""
    return hardship_types().entry(HardshipType(hardship)).zh if hardship in set(HardshipType) else hardship
