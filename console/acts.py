"""Acts on a case: a form in a sheet, sent to the API, with every answer shown where it belongs."""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, get_args
from urllib.parse import quote

from nicegui import ui

from console.backend import Refusal
from console.choices import choices_for
from console.forms import Choices, Form
from console.links import link
from console.texts import _, ago, say
from console.unsent import Place, Unsent
from console.visit import SIGN_ON, Visit
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
        choices = choices.beginning(begin or {})
        about = about or partial(_say_given, command, choices, values or {})
        sheet = _Sheet(visit, case.case_id, case.version, done, _place(visit, case.case_id, command, values))
        _open(sheet, command, choices, about, await sheet.place.read())


async def act_unseen(visit: Visit, case_id: str, command: str, done: Done, values: Mapping[str, Any]) -> None:
    """The same for those who answer to a case without reading it, as partners do: nothing of it is offered, and
    what else became of it does not matter."""
    with ui.context.client.content:
        choices = Choices(hidden=frozenset(values), values=values)
        sheet = _Sheet(visit, case_id, None, done, _place(visit, case_id, command, values))
        _open(sheet, command, choices, None, await sheet.place.read())


def _place(visit: Visit, case_id: str, command: str, values: Mapping[str, Any] | None) -> Place:
    return Place(visit.me.actor_id, case_id, command, json.dumps(values or {}, sort_keys=True, default=str))


def _say_given(command: str, choices: Choices, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        label = say(vocabulary().field(name, command))
        known = (choices.of(command, name) or {}).get(str(value))
        text = known or say(vocabulary().choice(name, str(value), command))
        ui.label(_("{label}: {text}", label=label, text=text)).classes("strong")


def _open(
    sheet: "_Sheet", command: str, choices: Choices, about: Callable[[], None] | None, left: Unsent | None
) -> None:
    title = say(vocabulary().command(command))
    begin = choices.beginning(left.values) if left else choices
    with ui.dialog().props("persistent") as dialog, ui.card().classes("sheet") as card:
        card.props["data-unsent"] = sheet.place.name
        sheet.dialog, sheet.command = dialog, command
        ui.label(title).classes("sheet-title").props("role=heading aria-level=2")
        with ui.column().classes("sheet-body"):
            if help_ := vocabulary().command_help(command):
                ui.label(say(help_)).classes("soft small")
            if about is not None:
                about()
            sheet.told = ui.column().classes("full-width").style("gap:8px")
            sheet.form = Form(COMMANDS[command], command, begin)
        with ui.row().classes("sheet-end"):
            ui.button(_("Cancel"), on_click=sheet.give_up).props("flat no-caps")
            sheet.button = ui.button(_("Submit"), on_click=sheet.send).props(
                "unelevated no-caps color=primary"
            )
    dialog.on("hide", dialog.delete)
    dialog.open()
    if left:
        sheet.put_back(left)
    sheet.keep(touched=False)
    sheet.form.watch(partial(sheet.keep, touched=True))


class _Sheet:
    """An open form and what was answered to it."""

    dialog: ui.dialog
    told: ui.column
    form: Form
    button: ui.button
    command: str

    def __init__(self, visit: Visit, case_id: str, version: int | None, done: Done, place: Place) -> None:
        self._visit, self._case_id, self._version, self._done = visit, case_id, version, done
        self.place = place

    def keep(self, *, touched: bool) -> None:
        """Have the tab keep the form as it is now; with `touched` it is something to put back."""
        kept = Unsent(key=self.form.key, version=self._version, values=self.form.draft())
        self.place.keep(kept, touched=touched)

    def put_back(self, left: Unsent) -> None:
        """Continue with what was left, as if it were still the same form."""
        self.form.key, self._version = left.key, left.version
        self.form.type_again(left.texts)
        with self.told:
            ui.label(_("What you typed before and had not submitted was put back.")).classes(
                "meanwhile"
            ).props("role=status")

    def give_up(self) -> None:
        """Close without sending anything."""
        self.place.forget()
        self.dialog.close()

    async def send(self) -> None:
        """Send what was typed; it stays until it is taken."""
        self.told.clear()
        self.button.disable()
        # Should the answer be lost, the same is sent again.
        self.keep(touched=True)
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
            self.button.enable()
            return
        except BaseException:
            self.button.enable()
            raise
        self.place.forget()
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
            self._sign_on_again()
            return
        if refusal.may_be_repeated:
            self._trouble(say(problem) + " " + _("Submit again: nothing will be done twice."))
            return
        # What was answered for good is a new request when it is sent again.
        self.form.key = str(uuid.uuid4())
        self.keep(touched=True)
        if problem.status == HTTPStatus.PRECONDITION_FAILED:
            await self._meanwhile()
            return
        left = self.form.show([(item.field, say(item)) for item in problem.errors])
        if left or not problem.errors:
            self._trouble(" ".join(left) if problem.errors else say(problem))

    def _trouble(self, text: str) -> None:
        with self.told:
            ui.label(text).classes("trouble").props("role=alert")

    def _sign_on_again(self) -> None:
        here = ui.context.client.request.url.path
        then = quote(f"{here}?act={self.command}")
        with self.told, ui.column().classes("trouble").props("role=alert").style("gap:2px"):
            ui.label(_("Your session has ended. What you typed is kept in this tab while you sign on again."))
            link(_("Sign on again"), f"{SIGN_ON}?then={then}")

    async def _meanwhile(self) -> None:
        new = await self._visit.api.every(
            TimelineEntry, f"/cases/{self._case_id}/timeline", cursor=str(self._version)
        )
        await self._visit.learn_names(entry.actor_id for entry in new)
        now = await self._visit.api.get(CommandsView, f"/cases/{self._case_id}/commands")
        self._version = now.version
        self.keep(touched=True)
        with self.told, ui.column().classes("meanwhile").props("role=alert").style("gap:2px"):
            ui.label(
                _("The case changed while you were writing. What you typed is kept; look, then submit again.")
            ).classes("strong")
            for entry in new[-5:]:
                what = say(vocabulary().event(entry.type))
                ui.label(f"{what} · {self._visit.name(entry.actor_id)} · {ago(entry.at)}")
