"""The forms over a whole class: who was there, and how everybody did."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from nicegui import ui

from console.backend import Refusal
from console.texts import ZONE, _, say
from console.visit import Visit
from models.views.training import ClassView, RollLine

Took = Callable[[ClassView], None]


class _ClassForm:
    """A sheet over the graduates who have a place."""

    def __init__(self, visit: Visit, shown: ClassView, took: Took) -> None:
        self._visit, self._shown, self._took = visit, shown, took
        self._enrolled = [line for line in shown.roll if line.status == "enrolled"]
        self._key = str(uuid.uuid4())

    def _dialog(
        self, title: str, help_: str, build: Callable[[], None], send: Callable[[], Awaitable[None]]
    ) -> None:
        with (
            ui.context.client.content,
            ui.dialog().props("persistent") as self._sheet,
            ui.card().classes("sheet"),
        ):
            ui.label(title).classes("sheet-title").props("role=heading aria-level=2")
            with ui.column().classes("sheet-body"):
                ui.label(help_).classes("soft small")
                self._told = ui.column().classes("full-width")
                build()
            with ui.row().classes("sheet-end"):
                ui.button(_("Cancel"), on_click=self._sheet.close).props("flat no-caps")
                self._button = ui.button(_("Submit"), on_click=send).props("unelevated no-caps color=primary")
        self._sheet.on("hide", self._sheet.delete)
        self._sheet.open()

    async def _post(self, act: str, body: Any) -> None:
        self._told.clear()
        self._button.disable()
        try:
            path = f"/training-classes/{self._shown.id}/{act}"
            view = await self._visit.api.post(ClassView, path, body, key=self._key)
        except Refusal as refusal:
            problem = refusal.problem
            if not refusal.may_be_repeated and not refusal.signed_off:
                self._key = str(uuid.uuid4())
            with self._told:
                for item in problem.errors or [problem]:
                    ui.label(say(item)).classes("trouble").props("role=alert")
        else:
            self._sheet.close()
            self._took(view)
        finally:
            self._button.enable()


class AttendanceForm(_ClassForm):
    """Who was there on a day."""

    def open(self) -> None:
        """Show the form, for today or the last day of the class."""
        today = datetime.now(ZONE).date()
        self._day = min(today, self._shown.ends_on)
        self._dialog(
            _("Record attendance"),
            _("A second record of the same day replaces the first."),
            self._build,
            self._send,
        )

    def _build(self) -> None:
        self._on = ui.input(_("Day"), value=str(self._day), on_change=self._tick).props(
            f"outlined dense type=date stack-label min={self._shown.starts_on} max={self._shown.ends_on}"
        )
        ui.checkbox(_("Everybody"), value=True, on_change=lambda event: self._all(on=bool(event.value)))
        self._boxes = {line.case_id: ui.checkbox(line.display, value=True) for line in self._enrolled}
        self._tick()

    def _all(self, *, on: bool) -> None:
        for box in self._boxes.values():
            box.value = on

    def _tick(self) -> None:
        """A day that is recorded begins with what was."""
        try:
            on = date.fromisoformat(self._on.value or "")
        except ValueError:
            return
        if on in self._shown.days_held:
            for line in self._enrolled:
                self._boxes[line.case_id].value = on in line.attended

    async def _send(self) -> None:
        present = [case_id for case_id, box in self._boxes.items() if box.value]
        await self._post("attendance", {"date": self._on.value, "present": present})


@dataclass
class _Marks:
    before: ui.number
    after: ui.number
    certificate: ui.input


class ResultsForm(_ClassForm):
    """How everybody did."""

    def open(self) -> None:
        """Show the form."""
        self._dialog(
            _("Complete the class"),
            _(
                "Whoever attended too little fails; all others complete. Scores and certificates may be left out."
            ),
            self._build,
            self._send,
        )

    def _build(self) -> None:
        self._marks = {line.case_id: self._row(line) for line in self._enrolled}

    def _row(self, line: RollLine) -> _Marks:
        with ui.column().classes("group"):
            ui.label(line.display).classes("strong")
            with ui.element("div").classes("marks-row"):
                return _Marks(
                    ui.number(_("Score before"), min=0, max=100).props("outlined dense"),
                    ui.number(_("Score after"), min=0, max=100).props("outlined dense"),
                    ui.input(_("Certificate")).props("outlined dense maxlength=200"),
                )

    async def _send(self) -> None:
        results = [
            {
                "case_id": case_id,
                "score_before": marks.before.value,
                "score_after": marks.after.value,
                "certificate": (marks.certificate.value or "").strip() or None,
            }
            for case_id, marks in self._marks.items()
        ]
        await self._post("complete", {"results": results})
