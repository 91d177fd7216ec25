"""A new batch: what is to be done, and for whom."""

import uuid
from collections.abc import Sequence

from nicegui import ui

from console.acts import COMMANDS
from console.backend import Refusal
from console.batch_parts.chosen import chosen, forget_chosen
from console.choices import choices_for_many
from console.forms import Form
from console.frame import card, empty
from console.links import go, link
from console.sheet import said_of
from console.texts import _, say
from console.unsent import Place, Unsent
from console.visit import ROOT, Visit
from models.access import access_policy
from models.batch_commands import batch_commands
from models.case.machine import RULES
from models.views.batch import MOST_CASES, BatchAccepted
from models.views.case import CaseLine
from models.views.vocabulary import vocabulary

# So many ids are asked for at once.
_PART = 100


class NewBatch:
    """The form of one command, and the cases chosen for it; both stay until the batch is taken in."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._lines: list[CaseLine] = []
        self._left_out: set[str] = set()
        self._command = ""
        self._form: Form
        self._place: Place

    async def load(self) -> None:
        """Learn what was chosen; cases that one may not read are not among it."""
        ids = (await chosen(self._visit.me.actor_id))[:MOST_CASES]
        for start in range(0, len(ids), _PART):
            part = ids[start : start + _PART]
            self._lines += await self._visit.api.every(CaseLine, "/cases", case_id=part)
        order = {id_: number for number, id_ in enumerate(ids)}
        self._lines.sort(key=lambda line: order[line.case_id])

    async def show(self) -> None:
        """Build it where the page stands."""
        if not self._lines:
            with card():
                empty(
                    _("Nobody is chosen yet."),
                    _("Tick files in the list of cases, then press the button for the batch."),
                    icon="playlist_add_check",
                )
                with ui.element("div").classes("actions centred"):
                    link(_("Choose from the cases"), f"{ROOT}/cases?open=true")
            return
        with ui.element("div").classes("columns two"):
            with ui.element("div"), card(_("What is to be done"), icon="edit_note"):
                await self._what()
            with ui.element("div"), card(_("For whom"), icon="groups"):
                self._whom()

    async def _what(self) -> None:
        ui.label(
            _(
                "Each file judges it by itself, as if it were done there alone; what one refuses stops no other."
            )
        ).classes("soft small")
        select = ui.select(
            self._commands(), label=_("Act"), on_change=lambda event: self._choose(event.value)
        )
        select.props("outlined dense").classes("full-width")
        self._fields = ui.column().classes("full-width")
        self._told = ui.column().classes("full-width").style("gap:8px")
        with ui.row().classes("actions"):
            self._button = ui.button(on_click=self._send).props("unelevated no-caps color=primary")
            ui.button(_("Choose others"), on_click=self._give_up).props("flat no-caps")
        self._count()

    def _commands(self) -> dict[str, str]:
        stands = access_policy().stands(self._visit.me.role)
        return {
            name: say(vocabulary().command(name))
            for name in batch_commands()
            if any(party in stands for party in RULES[COMMANDS[name]].who)
        }

    async def _choose(self, command: str) -> None:
        visit = self._visit
        self._command, self._place = command, Place(visit.me.actor_id, "batch", command)
        choices = await choices_for_many(visit, command)
        left = await self._place.read()
        self._fields.clear()
        self._told.clear()
        self._fields.props["data-unsent"] = self._place.name
        with self._fields:
            if help_ := vocabulary().command_help(command):
                ui.label(say(help_)).classes("soft small")
            self._form = Form(COMMANDS[command], command, choices.beginning(left.values if left else {}))
        if left:
            self._form.key = left.key
            self._form.type_again(left.texts)
        self._keep(touched=False)
        self._form.watch(lambda: self._keep(touched=True))
        self._count()

    def _whom(self) -> None:
        with ui.column().classes("chosen"):
            for line in self._lines:
                ui.checkbox(
                    f"{line.name} {line.student_no}",
                    value=True,
                    on_change=lambda event, id_=line.case_id: self._tick(id_, on=bool(event.value)),
                ).props("dense")

    def _tick(self, case_id: str, *, on: bool) -> None:
        self._left_out.discard(case_id) if on else self._left_out.add(case_id)
        self._count()

    def _ids(self) -> Sequence[str]:
        return [line.case_id for line in self._lines if line.case_id not in self._left_out]

    def _count(self) -> None:
        count = len(self._ids())
        self._button.text = _("Do it for {count}", count=count)
        self._button.set_enabled(bool(count and self._command))

    def _keep(self, *, touched: bool) -> None:
        kept = Unsent(key=self._form.key, version=None, values=self._form.draft())
        self._place.keep(kept, touched=touched)

    def _give_up(self) -> None:
        forget_chosen(self._visit.me.actor_id)
        go(f"{ROOT}/cases?open=true")

    async def _send(self) -> None:
        self._told.clear()
        self._button.disable()
        self._keep(touched=True)
        draft = {"command": self._form.value(), "case_ids": self._ids()}
        try:
            accepted = await self._visit.api.post(BatchAccepted, "/batches", draft, key=self._form.key)
        except Refusal as refusal:
            if refusal.problem.code == "idempotency_key_reused":
                # Other cases were ticked since the try whose answer was lost: that one is another batch.
                self._form.key = str(uuid.uuid4())
            with self._told:
                for text in said_of(refusal, self._form, "command."):
                    ui.label(text).classes("trouble").props("role=alert")
            self._keep(touched=True)
        else:
            self._place.forget()
            forget_chosen(self._visit.me.actor_id)
            go(f"{ROOT}/batch/{accepted.id}")
        finally:
            self._count()
