"""Approvals (审批): what waits for this supervisor's decision, by whom and since when, decided in place."""

from collections.abc import Sequence
from functools import partial
from typing import get_args

from nicegui import ui

from console.frame import aria, card, empty, frame
from console.live import live
from console.redrawn import Redrawn
from console.supervision.deciding import decide
from console.supervision.several import TOGETHER, decide_together
from console.texts import _, ago, moment, say
from console.visit import Visit, page
from models.case.approvals import ApprovalClock
from models.views.approvals import Approval
from models.views.vocabulary import vocabulary

_Key = tuple[str, str, str]

_MOST = 400
_ICONS = {
    "approve_plan": "event_note",
    "approve_closure": "task",
    "verify_destination": "flag",
    "approve_erasure": "delete_forever",
    "answer_objection": "gavel",
    "answer_transfer": "swap_horiz",
}


@page("/approvals", "Approvals", permission="supervision.read")
async def approvals_page(visit: Visit) -> None:
    """The page: one card for each kind of decision."""
    with frame(visit, _("Approvals"), here="/approvals"):
        desk = _Desk(visit)
        await desk.content()
        live.watch(lambda change: change.school_id == visit.me.school_id, desk.content.refresh)


class _Desk:
    """The decisions of one person; `_ticked` are those chosen to be made together."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._ticked: set[_Key] = set()
        self.content = Redrawn(self._content)

    async def _content(self) -> None:
        lines = await self._visit.api.every(Approval, "/approvals", _MOST)
        await self._visit.learn_names(line.department_id for line in lines)
        self._ticked.intersection_update(map(_key, lines))
        _figures(lines)
        if not lines:
            with card():
                empty(
                    _("Nothing waits for your decision."),
                    _("What others hand in appears here by itself."),
                    icon="approval",
                )
        for clock in get_args(ApprovalClock):
            of_kind = [line for line in lines if line.clock == clock]
            if of_kind:
                self._kind(clock, of_kind)

    def _kind(self, clock: ApprovalClock, lines: Sequence[Approval]) -> None:
        several = clock in TOGETHER and sum(not line.own for line in lines) > 1
        with card(say(vocabulary().choice("clock", clock)), icon=_ICONS[clock]):
            if several:
                ui.button(
                    _("Decide on several at once"),
                    icon="playlist_add_check",
                    on_click=partial(self._together, clock, [line for line in lines if not line.own]),
                ).props("flat dense no-caps").tooltip(_("Those that are ticked; all of them where none is."))
            for line in lines:
                self._line(line, several=several)

    async def _together(self, clock: ApprovalClock, lines: Sequence[Approval]) -> None:
        wanted = [line for line in lines if _key(line) in self._ticked]
        await decide_together(self._visit, clock, wanted or lines, self.content.refresh)

    def _line(self, line: Approval, *, several: bool) -> None:
        with ui.element("div").classes("line"):
            if several and not line.own:
                ui.checkbox(
                    value=_key(line) in self._ticked, on_change=lambda _event, line=line: self._tick(line)
                ).props("dense " + aria(_("Choose {name}", name=line.display)))
            with ui.element("div").classes("grow"):
                ui.label(line.display).classes("strong")
                ui.label(_what(self._visit, line)).classes("small soft")
            if line.own:
                ui.label(_("your own work")).classes("tag").tooltip(_("Another person has to decide."))
            tone = "late" if line.overdue else ""
            ui.label(_("due {ago}", ago=ago(line.due_at))).classes(f"tag {tone}").tooltip(moment(line.due_at))
            ui.button(_("Look"), on_click=partial(decide, self._visit, line, self.content.refresh)).props(
                'outline dense no-caps padding="3px 10px" ' + aria(_("Look at {name}", name=line.display))
            )

    def _tick(self, line: Approval) -> None:
        self._ticked.symmetric_difference_update({_key(line)})


def _key(line: Approval) -> _Key:
    return line.case_id, line.clock, line.subject


def _figures(lines: Sequence[Approval]) -> None:
    late = sum(line.overdue for line in lines)
    with ui.element("div").classes("figures"):
        for what, number, tone in (
            (_("Waiting for your decision"), len(lines), ""),
            (_("Overdue"), late, "late" if late else ""),
            (_("For another person to decide"), sum(line.own for line in lines), ""),
        ):
            with ui.element("div").classes("figure"):
                ui.label(str(number)).classes(f"number {tone}")
                ui.label(what).classes("what")


def _what(visit: Visit, line: Approval) -> str:
    department, since = visit.name(line.department_id), ago(line.since)
    if line.by_name is not None:
        return _("{department} · by {who} · {since}", department=department, who=line.by_name, since=since)
    return _("{department} · {since}", department=department, since=since)
