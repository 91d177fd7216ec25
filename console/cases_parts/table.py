"""The lines of the ledger: a table on a desk, cards on a phone."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from nicegui import ui
from nicegui.events import TableSelectionEventArguments

from console.frame import aria
from console.texts import _, ago, moment, say
from console.visit import ROOT, Visit
from models.views.case import CaseLine
from models.views.vocabulary import vocabulary

_ALL = """
<q-checkbox v-model="props.selected" dense aria-label=ALL />
"""
_SELECTION = r"""
<q-checkbox v-model="props.selected" dense :aria-label="props.row.select" />
"""
_NAME = r"""
<q-td :props="props">
  <a :href="props.row.href" class="strong">{{ props.row.name }}</a>
  <div class="small soft">{{ props.row.student_no }}</div>
</q-td>
"""
_STAGE = r"""
<q-td :props="props">
  <span class="tag">{{ props.row.stage }}</span>
  <span v-if="props.row.held" class="tag soon">{{ props.row.held }}</span>
</q-td>
"""
_RISK = r"""
<q-td :props="props">
  <span v-if="props.row.risk" :class="'tag ' + props.row.risk_tone">{{ props.row.risk }}</span>
</q-td>
"""
_DUE = r"""
<q-td :props="props">
  <div v-if="props.row.due" class="small">{{ props.row.due }}</div>
  <span v-if="props.row.due_in" :class="'tag ' + props.row.due_tone" :title="props.row.due_at">
    {{ props.row.due_in }}
  </span>
</q-td>
"""
_CARD = r"""
<div class="case-card part">
  <div class="case-card-top">
    <q-checkbox v-if="props.row.selectable" v-model="props.selected" dense :aria-label="props.row.select" />
    <a :href="props.row.href" class="strong grow">
      {{ props.row.name }} <span class="small soft">{{ props.row.student_no }}</span>
    </a>
    <span v-if="props.row.risk" :class="'tag ' + props.row.risk_tone">{{ props.row.risk }}</span>
  </div>
  <div class="case-card-tags">
    <span class="tag">{{ props.row.stage }}</span>
    <span v-if="props.row.held" class="tag soon">{{ props.row.held }}</span>
    <span v-if="props.row.due_in" :class="'tag ' + props.row.due_tone">{{ props.row.due }} {{ props.row.due_in }}</span>
  </div>
  <div class="small soft">{{ props.row.summary }}</div>
</div>
"""


class CaseTable:
    """The table, and which of its lines are chosen."""

    def __init__(self, visit: Visit, *, selectable: bool, chosen: Callable[[], None]) -> None:
        self._visit, self._selectable, self._chosen = visit, selectable, chosen
        self.table: ui.table

    @property
    def selected(self) -> list[str]:
        """The cases that are ticked."""
        rows = cast("list[dict[str, str]]", self.table.selected)
        return [row["id"] for row in rows]

    def show(self, lines: Sequence[CaseLine]) -> None:
        """Build the table."""
        self.table = ui.table(
            columns=self._columns(),
            rows=self._rows(lines),
            row_key="id",
            selection="multiple" if self._selectable else None,
            on_select=self._selecting,
        ).classes("cases full-width")
        self.table.props('flat hide-pagination :rows-per-page-options="[0]" :grid="window.innerWidth < 1024"')
        every = aria(_("Choose all that are shown")).replace("aria-label=", "")
        self.table.add_slot("header-selection", _ALL.replace("ALL", every))
        self.table.add_slot("body-selection", _SELECTION)
        self.table.add_slot("body-cell-name", _NAME)
        self.table.add_slot("body-cell-stage", _STAGE)
        self.table.add_slot("body-cell-risk", _RISK)
        self.table.add_slot("body-cell-due", _DUE)
        self.table.add_slot("item", _CARD)

    def update(self, lines: Sequence[CaseLine]) -> None:
        """Show other lines; what is ticked among them stays so."""
        kept = set(self.selected)
        rows = self._rows(lines)
        self.table.rows = rows
        self.table.selected = [row for row in rows if row["id"] in kept]
        self._chosen()

    def _selecting(self, _event: TableSelectionEventArguments) -> None:
        self._chosen()

    def _columns(self) -> list[dict[str, Any]]:
        titles = {
            "name": _("Graduate"),
            "stage": _("Stage"),
            "hardship": _("Hardship type"),
            "risk": _("Risk"),
            "mentor": _("Mentor"),
            "department": _("Department"),
            "cohort": _("Cohort"),
            "package": _("Services"),
            "due": _("Next due"),
            "destination": _("Destination"),
        }
        if self._visit.me.role in {"mentor", "counselor", "department_supervisor"}:
            titles.pop("department")
        return [
            {"name": name, "label": title, "field": name, "align": "left"} for name, title in titles.items()
        ]

    def _rows(self, lines: Sequence[CaseLine]) -> list[dict[str, Any]]:
        return [self._row(line) for line in lines]

    def _row(self, line: CaseLine) -> dict[str, Any]:
        words, visit = vocabulary(), self._visit
        mentor = visit.name(line.mentor_id) if line.mentor_id else ""
        if not mentor and line.proposed_mentor_id:
            mentor = _("{name} (asked)", name=visit.name(line.proposed_mentor_id))
        package = f"{line.services_done}/{line.services_due}" if line.services_due else ""
        hardship = "" if line.primary_type is None else say(words.hardship(line.primary_type))
        destination = "" if line.destination_code is None else say(words.destination(line.destination_code))
        department = visit.name(line.department_id)
        due = line.next_due_at
        summary = " · ".join(
            part
            for part in (
                hardship,
                mentor or _("no mentor yet"),
                department,
                package and _("services {count}", count=package),
                destination,
            )
            if part
        )
        return {
            "id": line.case_id,
            "href": f"{ROOT}/cases/{line.case_id}",
            "select": _("Choose {name}", name=line.name),
            "selectable": self._selectable,
            "name": line.name,
            "student_no": line.student_no,
            "stage": say(words.stage(line.stage)),
            "held": _("on hold") if line.held_until is not None else "",
            "hardship": hardship,
            "risk": line.risk_level or "",
            "risk_tone": {"A": "late", "B": "soon"}.get(line.risk_level or "", ""),
            "mentor": mentor,
            "department": department,
            "cohort": line.cohort,
            "package": package,
            "due": say(words.choice("clock", line.next_due_clock)) if line.next_due_clock else "",
            "due_in": "" if due is None else ago(due),
            "due_at": "" if due is None else moment(due),
            "due_tone": "late" if line.overdue else "",
            "destination": destination,
            "summary": summary,
        }
