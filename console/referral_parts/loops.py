"""The list of referrals, with what each waits for."""

import json
from functools import partial
from typing import get_args

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from console.acts import act, act_unseen
from console.frame import card, empty
from console.links import link
from console.referral_parts.disclosed import disclosed
from console.texts import _, ago, moment, say
from console.visit import ROOT, Visit
from models.case.kernel import Role
from models.case.referral import ANSWERABLE, RUNNING, TO_BE_SEEN, Status
from models.views.case import CaseLine, CaseView, CommandResult
from models.views.referral import ReferralEntry
from models.views.vocabulary import vocabulary

_STEP = 20
_TONES = {"completed": "good", "failed": "late", "declined": "late", "returned": "soon", "expired": "late"}


class Loops:
    """Referrals as of the last look, newest first."""

    def __init__(self, visit: Visit, status: str) -> None:
        self._visit = visit
        self._status = status if status in get_args(Status) else ""
        self._wanted = _STEP
        self._entries: list[ReferralEntry] = []
        self._lines: dict[str, CaseLine] = {}
        self._more = False

    @property
    def _partner(self) -> bool:
        return self._visit.me.role == Role.PARTNER

    async def load(self) -> None:
        """Read as many as are to be shown."""
        api = self._visit.api
        entries: list[ReferralEntry] = []
        cursor: str | None = None
        while len(entries) < self._wanted:
            page = await api.page(
                ReferralEntry, "/referrals", status=self._status or None, cursor=cursor, limit=_STEP
            )
            entries += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        self._entries, self._more = entries, cursor is not None
        await self._visit.learn_names(id_ for item in entries for id_ in (item.sender_id, item.receiver))
        if not self._partner:
            for case_id in {item.case_id for item in entries} - self._lines.keys():
                found = await api.page(CaseLine, "/cases", q=case_id, limit=1)
                self._lines |= {line.case_id: line for line in found.items}

    async def reload(self) -> None:
        """Read again, and only then replace what is shown."""
        await self.load()
        self.show.refresh()

    def head(self) -> None:
        """What the page is, and the filter."""
        with ui.row().classes("list-head"):
            if self._partner:
                ui.label(
                    _("You see what the school chose to disclose, as long as the referral is open.")
                ).classes("soft")
                return
            words = vocabulary()
            options = {"": _("All")} | {
                item: say(words.choice("status", item, "referral")) for item in get_args(Status)
            }
            ui.select(options, label=_("State"), value=self._status, on_change=self._narrow).props(
                "outlined dense options-dense"
            ).classes("control")

    async def _narrow(self, event: ValueChangeEventArguments[str]) -> None:
        self._status, self._wanted = event.value or "", _STEP
        await self.reload()
        address = json.dumps(f"{ROOT}/referrals" + (f"?status={self._status}" if self._status else ""))
        ui.run_javascript(f"history.replaceState(null, '', {address})")

    @ui.refreshable_method
    def show(self) -> None:
        """The list."""
        if not self._entries:
            todo = (
                _("New referrals of the school appear here by themselves.")
                if self._partner
                else _("A mentor sends one from the graduate's file.")
            )
            empty(_("There are no referrals here."), todo, icon="swap_horiz")
        for entry in self._entries:
            self._entry(entry)
        if self._more:
            ui.button(_("Show more"), on_click=self._further).props("flat no-caps")

    async def _further(self) -> None:
        self._wanted += _STEP
        await self.reload()

    def _entry(self, entry: ReferralEntry) -> None:
        words, visit = vocabulary(), self._visit
        with card():
            with ui.element("div").classes("referral-head"):
                ui.label(say(words.choice("kind", entry.kind, "send_referral"))).classes("strong")
                status = say(words.choice("status", entry.status, "referral"))
                ui.label(status).classes(f"tag {_TONES.get(entry.status, '')}")
                if entry.due_at is not None:
                    ui.label(_("due {when}", when=ago(entry.due_at))).classes(
                        "tag soon" if entry.status in RUNNING else "tag"
                    ).tooltip(moment(entry.due_at))
                ui.space()
                ui.label(ago(entry.sent_at)).classes("small soft").tooltip(moment(entry.sent_at))
            if self._partner:
                ui.label(_("From: {name}", name=visit.name(entry.sender_id))).classes("small soft")
            else:
                with ui.element("div").classes("referral-head"):
                    line = self._lines.get(entry.case_id)
                    link(line.name if line else _("The file"), f"{ROOT}/cases/{entry.case_id}").classes(
                        "strong"
                    )
                    ui.label(
                        _(
                            "{sender} → {receiver}",
                            sender=visit.name(entry.sender_id),
                            receiver=visit.name(entry.receiver),
                        )
                    ).classes("small soft")
            ui.label(entry.purpose)
            self._steps(entry)
            if self._partner:
                disclosed(entry)
            self._acts(entry)

    def _steps(self, entry: ReferralEntry) -> None:
        """How far the loop has come; it closes when the sender has seen the end."""
        ended = entry.status in TO_BE_SEEN
        steps = (
            (_("sent"), True, entry.sent_at),
            (_("answered"), entry.answered_at is not None, entry.answered_at),
            (_("outcome known"), ended, None),
            (_("seen by the sender"), entry.acknowledged_at is not None, entry.acknowledged_at),
        )
        with ui.element("ol").classes("loop"):
            for name, done, at in steps:
                with ui.element("li").classes("loop-step done" if done else "loop-step"):
                    ui.icon("check_circle" if done else "radio_button_unchecked").props(
                        "size=16px aria-hidden=true"
                    )
                    label = ui.label(name)
                    if at is not None:
                        label.tooltip(moment(at))

    def _acts(self, entry: ReferralEntry) -> None:
        command = None
        if self._partner and entry.status in ANSWERABLE:
            command = "answer_referral"
        elif self._partner and entry.status in RUNNING:
            command = "report_referral_outcome"
        elif self._own(entry) and entry.status in TO_BE_SEEN and entry.acknowledged_at is None:
            command = "acknowledge_referral"
        if command is None:
            return
        with ui.element("div").classes("actions"):
            ui.button(say(vocabulary().command(command)), on_click=partial(self._do, entry, command)).props(
                "unelevated no-caps color=primary"
            )

    def _own(self, entry: ReferralEntry) -> bool:
        """Whether the file is in this person's care, who then closes the loop."""
        line = self._lines.get(entry.case_id)
        return line is not None and line.mentor_id == self._visit.me.actor_id

    async def _do(self, entry: ReferralEntry, command: str) -> None:
        async def done(_result: CommandResult) -> None:
            await self.reload()

        given = {"referral_id": entry.referral_id}
        if self._partner:
            await act_unseen(self._visit, entry.case_id, command, done, given)
        else:
            case = await self._visit.api.get(CaseView, f"/cases/{entry.case_id}")
            await act(self._visit, case, command, done, given)
