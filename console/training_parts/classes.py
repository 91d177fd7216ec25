"""The list of training classes, and the form that founds one."""

import json
from functools import partial

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from console.choices import staff_options
from console.forms import Choices, Form
from console.frame import card, empty
from console.links import go, link
from console.sheet import open_sheet
from console.texts import _, day, say
from console.visit import ROOT, Visit
from models.views.training import ClassLine, ClassView
from models.views.vocabulary import vocabulary
from services.training import ClassDraft

_STEP = 50
_STATUSES = ("open", "finished", "cancelled")
_TONES = {"open": "good", "cancelled": "late"}


def status_tag(status: str) -> None:
    """Where a class stands."""
    ui.label(say(vocabulary().choice("status", status, "class"))).classes(f"tag {_TONES.get(status, '')}")


class Classes:
    """The classes of the school, those that begin last first."""

    def __init__(self, visit: Visit, status: str) -> None:
        self._visit = visit
        self._status = status if status in _STATUSES else ""
        self._lines: list[ClassLine] = []
        self._wanted = _STEP
        self._more = False

    async def load(self) -> None:
        """Read as many as are to be shown."""
        api = self._visit.api
        lines: list[ClassLine] = []
        cursor: str | None = None
        while len(lines) < self._wanted:
            found = await api.page(
                ClassLine, "/training-classes", status=self._status or None, cursor=cursor, limit=_STEP
            )
            lines += found.items
            cursor = found.next_cursor
            if cursor is None:
                break
        self._lines, self._more = lines, cursor is not None
        await self._visit.learn_names(line.owner_id for line in lines)

    def head(self) -> None:
        """The filter, and the way to a new class."""
        words = vocabulary()
        options = {"": _("All")} | {item: say(words.choice("status", item, "class")) for item in _STATUSES}
        with ui.row().classes("list-head"):
            ui.select(options, label=_("State"), value=self._status, on_change=self._narrow).props(
                "outlined dense options-dense"
            ).classes("control")
            ui.space()
            if self._visit.may("training.manage"):
                ui.button(_("New class"), icon="add", on_click=partial(_found, self._visit)).props(
                    "unelevated no-caps color=primary"
                )

    async def _narrow(self, event: ValueChangeEventArguments[str]) -> None:
        self._status, self._wanted = event.value or "", _STEP
        await self._again()
        address = json.dumps(f"{ROOT}/trainings" + (f"?status={self._status}" if self._status else ""))
        ui.run_javascript(f"history.replaceState(null, '', {address})")

    async def _further(self) -> None:
        self._wanted += _STEP
        await self._again()

    async def _again(self) -> None:
        await self.load()
        self.show.refresh()

    @ui.refreshable_method
    def show(self) -> None:
        """The list."""
        if not self._lines:
            empty(
                _("There are no classes here."), _("A class that is founded takes enrolments."), icon="school"
            )
            return
        with card():
            for line in self._lines:
                self._line(line)
        if self._more:
            ui.button(_("Show more"), on_click=self._further).props("flat no-caps")

    def _line(self, line: ClassLine) -> None:
        with ui.element("div").classes("line"):
            with ui.element("div").classes("grow"):
                link(line.course, f"{ROOT}/trainings/{line.id}").classes("strong")
                ui.label(
                    _(
                        "{from_} to {to} · {owner}",
                        from_=day(line.starts_on),
                        to=day(line.ends_on),
                        owner=self._visit.name(line.owner_id),
                    )
                ).classes("small soft")
            places = _("{enrolled} of {places} places", enrolled=line.enrolled, places=line.places)
            ui.label(places).classes("small")
            if line.waiting:
                ui.label(_("{count} waiting", count=line.waiting)).classes("tag soon")
            status_tag(line.status)


async def _found(visit: Visit) -> None:
    async def send(form: Form) -> None:
        made = await visit.api.post(ClassView, "/training-classes", form.value())
        go(f"{ROOT}/trainings/{made.id}")

    choices = Choices(
        options={"owner_id": await staff_options(visit)}, values={"owner_id": visit.me.actor_id}
    )
    open_sheet(_("New class"), ClassDraft, "class", choices, send)
