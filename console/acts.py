"""Acts on a case: a form in a sheet, sent to the API, with every answer shown where it belongs."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, get_args

from nicegui import ui

from console.backend import Refusal
from console.choices import choices_for
from console.forms import Choices, Form
from console.texts import _, ago, say
from console.visit import Visit
from models.case.kernel import Command
from models.case.machine import PublicCommand
from models.views.case import CaseView, CommandResult, CommandsView, TimelineEntry
from models.views.vocabulary import vocabulary

COMMANDS: Mapping[str, type[Command]] = {
    kind.model_fields["type"].default: kind for kind in get_args(get_args(PublicCommand)[0])
}
"""The commands by their type."""

Done = Callable[[CommandResult], Awaitable[None]]


async def act(
    visit: Visit,
    case: CaseView,
    command: str,
    done: Done,
    values: Mapping[str, Any] | None = None,
    *,
    begin: Mapping[str, Any] | None = None,
    about: Callable[[], None] | None = None,
) -> None:
    """Open the sheet of one command on a case; `values` are given and not asked for, `begin` is filled in already.
    `about` draws what the act is about in place of `values`. `done` follows what was taken."""
    # The button's own place may be made anew while somebody types.
    with ui.context.client.content:
        choices = await choices_for(visit, case, command, values or {})
        choices = replace(choices, values={**choices.values, **(begin or {})})
        about = about or partial(_say_given, command, choices, values or {})
        _open(_Sheet(visit, case.case_id, case.version, done), command, choices, about)


def act_unseen(visit: Visit, case_id: str, command: str, done: Done, values: Mapping[str, Any]) -> None:
    """The same for those who answer to a case without reading it, as partners do: nothing of it is offered, and
    what else became of it does not matter."""
    with ui.context.client.content:
        choices = Choices(hidden=frozenset(values), values=values)
        _open(_Sheet(visit, case_id, None, done), command, choices, None)


def _say_given(command: str, choices: Choices, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        label = say(vocabulary().field(name, command))
        known = (choices.of(command, name) or {}).get(str(value))
        text = known or say(vocabulary().choice(name, str(value), command))
        ui.label(_("{label}: {text}", label=label, text=text)).classes("strong")


def _open(sheet: "_Sheet", command: str, choices: Choices, about: Callable[[], None] | None) -> None:
    title = say(vocabulary().command(command))
    with ui.dialog().props("persistent") as dialog, ui.card().classes("sheet"):
        sheet.dialog = dialog
        ui.label(title).classes("sheet-title").props("role=heading aria-level=2")
        with ui.column().classes("sheet-body"):
            if help_ := vocabulary().command_help(command):
                ui.label(say(help_)).classes("soft small")
            if about is not None:
                about()
            sheet.told = ui.column().classes("full-width").style("gap:8px")
            sheet.form = Form(COMMANDS[command], command, choices)
        with ui.row().classes("sheet-end"):
            ui.button(_("Cancel"), on_click=dialog.close).props("flat no-caps")
            sheet.button = ui.button(_("Submit"), on_click=sheet.send).props(
                "unelevated no-caps color=primary"
            )
    dialog.on("hide", dialog.delete)
    dialog.open()


class _Sheet:
    """An open form and what was answered to it."""

    dialog: ui.dialog
    told: ui.column
    form: Form
    button: ui.button

    def __init__(self, visit: Visit, case_id: str, version: int | None, done: Done) -> None:
        self._visit, self._case_id, self._version, self._done = visit, case_id, version, done

    async def send(self) -> None:
        """Send what was typed; it stays until it is taken."""
        self.told.clear()
        self.button.disable()
        try:
            result = await self._visit.api.post(
                CommandResult,
                f"/cases/{self._case_id}/commands",
                self.form.value(),
                key=self.form.key,
                version=self._version,
            )
        except Refusal as refusal:
            await self._refused(refusal)
            return
        finally:
            self.button.enable()
        said = _("Done.") if result.projected else _("Recorded for good; the ledger follows in a moment.")
        ui.notify(said, type="positive")
        try:
            # The page behind is brought up to date first: nobody acts on what stood there before.
            await self._done(result)
        finally:
            self.dialog.close()

    async def _refused(self, refusal: Refusal) -> None:
        problem = refusal.problem
        if refusal.signed_off:
            self._trouble(
                _(
                    "Your session has ended. Sign on in another tab, then submit again; what you typed stays here."
                )
            )
            return
        if refusal.may_be_repeated:
            self._trouble(say(problem) + " " + _("Submit again: nothing will be done twice."))
            return
        # What was answered for good is a new request when it is sent again.
        self.form.key = str(uuid.uuid4())
        if problem.status == HTTPStatus.PRECONDITION_FAILED:
            await self._meanwhile()
            return
        left = self.form.show([(item.field, say(item)) for item in problem.errors])
        if left or not problem.errors:
            self._trouble(" ".join(left) if problem.errors else say(problem))

    def _trouble(self, text: str) -> None:
        with self.told:
            ui.label(text).classes("trouble").props("role=alert")

    async def _meanwhile(self) -> None:
        new = await self._visit.api.every(
            TimelineEntry, f"/cases/{self._case_id}/timeline", cursor=str(self._version)
        )
        await self._visit.learn_names(entry.actor_id for entry in new)
        now = await self._visit.api.get(CommandsView, f"/cases/{self._case_id}/commands")
        self._version = now.version
        with self.told, ui.column().classes("meanwhile").props("role=alert").style("gap:2px"):
            ui.label(
                _("The case changed while you were writing. What you typed is kept; look, then submit again.")
            ).classes("strong")
            for entry in new[-5:]:
                what = say(vocabulary().event(entry.type))
                ui.label(f"{what} · {self._visit.name(entry.actor_id)} · {ago(entry.at)}")
