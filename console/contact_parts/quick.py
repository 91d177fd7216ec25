"""The quick contact record: a form that is fresh again after each talk."""

import uuid
from functools import partial
from typing import get_args

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from console.backend import Refusal
from console.frame import card, empty
from console.links import link
from console.texts import _, ago, say
from console.visit import ROOT, Visit
from models.case.service import Method
from models.views.case import CaseLine, CommandResult
from models.views.vocabulary import vocabulary

_COMMAND = "record_contact"
# So many graduates are offered without typing, and so many after it.
_OFFERED = 6
_READ = 200
_ICONS = {
    "face_to_face": "groups",
    "phone": "call",
    "message": "chat",
    "visit": "home",
    "online": "videocam",
}


class QuickContact:
    """The form. The graduates offered are one's own, those of last work first; others are found by typing the full
    name or number."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._own: list[CaseLine] = []
        self._found: list[CaseLine] = []
        self._case: CaseLine | None = None
        self._key = str(uuid.uuid4())
        self._method: str | None = None
        self._text = ""
        self._who_wrong = ""
        self._how_wrong = ""

    async def load(self, case_id: str | None) -> None:
        """Read the graduates to choose from."""
        api, me = self._visit.api, self._visit.me
        own = await api.page(CaseLine, "/cases", mentor=me.actor_id, sort="-updated", limit=_READ)
        if not own.items:
            own = await api.page(CaseLine, "/cases", sort="-updated", limit=_READ)
        self._own = [line for line in own.items if line.stage not in {"closed", "not_open"}]
        self._found = self._own
        if case_id:
            found = await api.page(CaseLine, "/cases", q=case_id, limit=1)
            self._case = next(iter(found.items), None)

    def show(self) -> None:
        """Build the form."""
        if not self._own and self._case is None:
            empty(
                _("There is nobody to record a contact with."),
                _("Graduates appear here when they are paired with you."),
                icon="person_off",
            )
            return
        with card(), ui.column().classes("quick"):
            self._who()
            self._how()
            words = vocabulary()
            self._content = (
                ui.textarea(f"{say(words.field('content', _COMMAND))} *")
                .props("outlined autogrow bottom-slots maxlength=4000 input-style=min-height:84px")
                .without_auto_validation()
            )
            self._next = (
                ui.input(say(words.field("next_step", _COMMAND)))
                .props("outlined bottom-slots maxlength=1000")
                .on("keydown.enter", self._save)
                .without_auto_validation()
            )
            self._told = ui.column().classes("full-width")
            self._button = (
                ui.button(_("Save the record"), icon="check", on_click=self._save)
                .props("unelevated no-caps color=primary size=lg")
                .classes("full-width quick-save")
            )

    @ui.refreshable_method
    def _who(self) -> None:
        with ui.column().classes("quick-who"):
            if self._who_wrong:
                ui.label(self._who_wrong).classes("trouble").props("role=alert")
            if self._case is not None:
                self._chosen(self._case)
            else:
                self._choosing()

    def _chosen(self, line: CaseLine) -> None:
        with ui.row().classes("quick-chosen"):
            ui.icon("person").props("size=22px aria-hidden=true")
            with ui.element("div").classes("grow"):
                link(line.name, f"{ROOT}/cases/{line.case_id}").classes("strong")
                ui.label(line.student_no).classes("small soft")
            ui.button(_("Change"), on_click=partial(self._choose, None)).props("flat no-caps dense")

    def _choosing(self) -> None:
        ui.input(_("Graduate: type to find"), on_change=self._typed).props(
            "outlined clearable type=search maxlength=100"
        ).classes("full-width find").on("keydown.enter", self._first)
        self._offers()

    @ui.refreshable_method
    def _offers(self) -> None:
        with ui.element("div").classes("quick-offers"):
            for line in self._found[:_OFFERED]:
                button = ui.button(on_click=partial(self._choose, line)).props("outline no-caps align=left")
                with button, ui.element("span").classes("grow"):
                    ui.label(line.name).classes("strong")
                    when = _("last changed {ago}", ago=ago(line.updated_at))
                    ui.label(f"{line.student_no} · {when}").classes("small soft")
            if not self._found:
                ui.label(
                    _("Nobody of yours is called so; press Enter to look for the full name or number.")
                ).classes("soft")

    async def _typed(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._text = (event.value or "").strip().casefold()
        self._found = (
            [
                line
                for line in self._own
                if self._text in line.name.casefold() or line.student_no.endswith(self._text)
            ]
            if self._text
            else self._own
        )
        self._offers.refresh()

    async def _first(self) -> None:
        """Enter takes the first that is offered, or looks further."""
        if not self._found and self._text:
            found = await self._visit.api.page(CaseLine, "/cases", q=self._text, limit=_OFFERED)
            self._found = found.items
            self._offers.refresh()
        elif self._found:
            await self._choose(self._found[0])

    async def _choose(self, line: CaseLine | None) -> None:
        self._case, self._found, self._text, self._who_wrong = line, self._own, "", ""
        self._who.refresh()

    @ui.refreshable_method
    def _how(self) -> None:
        words = vocabulary()
        label = say(words.field("method", _COMMAND))
        with ui.element("div").classes("quick-how").props(f'role=radiogroup aria-label="{label}"'):
            for method in get_args(Method):
                on = method == self._method
                ui.button(
                    say(words.choice("method", method, _COMMAND)),
                    icon=_ICONS[method],
                    on_click=partial(self._choose_method, method),
                ).props(
                    f"stack no-caps role=radio aria-checked={'true' if on else 'false'} "
                    + ("unelevated color=primary" if on else "outline color=primary")
                )
        if self._how_wrong:
            ui.label(self._how_wrong).classes("trouble").props("role=alert")

    def _choose_method(self, method: str) -> None:
        self._method, self._how_wrong = method, ""
        self._how.refresh()

    async def _save(self) -> None:
        self._told.clear()
        self._content.error = self._next.error = None
        if self._case is None:
            self._who_wrong = _("Choose the graduate first.")
            self._who.refresh()
            return
        typed = {"method": self._method, "content": self._content.value, "next_step": self._next.value}
        body = {"type": _COMMAND} | {name: value for name, value in typed.items() if (value or "").strip()}
        self._button.disable()
        try:
            path = f"/cases/{self._case.case_id}/commands"
            await self._visit.api.post(CommandResult, path, body, key=self._key)
        except Refusal as refusal:
            self._refused(refusal)
        else:
            ui.notify(_("Saved: {name}", name=self._case.name), type="positive")
            self._afresh()
        finally:
            self._button.enable()

    def _refused(self, refusal: Refusal) -> None:
        problem = refusal.problem
        text = say(problem)
        if refusal.signed_off:
            text = _(
                "Your session has ended. Sign on in another tab, then submit again; what you typed stays here."
            )
        elif refusal.may_be_repeated:
            text += " " + _("Submit again: nothing will be done twice.")
        else:
            self._key = str(uuid.uuid4())
        if problem.errors:
            text = " ".join(
                left for item in problem.errors if (left := self._at_field(item.field, say(item)))
            )
            self._how.refresh()
        if text:
            with self._told:
                ui.label(text).classes("trouble").props("role=alert")

    def _at_field(self, field: str, text: str) -> str:
        """Show what is wrong where it is; answers it back where there is no such field."""
        match field.rpartition(".")[2]:
            case "method":
                self._how_wrong = text
            case "content":
                self._content.error = text
            case "next_step":
                self._next.error = text
            case _:
                return text
        return ""

    def _afresh(self) -> None:
        """The next talk; the way of it is most likely the same."""
        done = self._case
        if done is not None:
            # Whom one has just talked to is not the next.
            self._own = [line for line in self._own if line.case_id != done.case_id] + [
                line for line in self._own if line.case_id == done.case_id
            ]
        self._case, self._found, self._text = None, self._own, ""
        self._key = str(uuid.uuid4())
        self._content.value = self._next.value = ""
        self._who.refresh()
