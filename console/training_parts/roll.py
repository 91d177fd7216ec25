"""One class: who is on its list, who was there, and how it ends."""

from datetime import datetime

from nicegui import ui

from console.forms import Choices, Form
from console.frame import card, empty
from console.links import link
from console.sheet import open_sheet
from console.texts import ZONE, _, day, say
from console.training_parts.classes import status_tag
from console.training_parts.marks import AttendanceForm, ResultsForm
from console.visit import ROOT, Visit
from models.case.kernel import Role
from models.training_class import CancelClass
from models.views.training import ClassView, RollLine
from models.views.vocabulary import vocabulary
from services.office import StaffView

_ROLL_TONES = {"enrolled": "good", "completed": "good", "failed": "late", "waiting": "soon"}


class Roll:
    """The page of a class."""

    def __init__(self, visit: Visit, shown: ClassView) -> None:
        self._visit, self.shown = visit, shown
        self._manages = False

    async def load(self) -> None:
        """Learn who owns the class, and whether this person runs it."""
        visit, owner = self._visit, self.shown.owner_id
        await visit.learn_names([owner])
        self._manages = owner == visit.me.actor_id or visit.me.role == Role.SCHOOL_SUPERVISOR
        if not self._manages and visit.me.role == Role.DEPARTMENT_SUPERVISOR:
            staff = await visit.api.every(StaffView, "/staff", department=visit.me.department_id)
            self._manages = owner in {item.id for item in staff}

    async def follow(self) -> None:
        """Read again, and only then replace what is shown."""
        self.shown = await self._visit.api.get(ClassView, f"/training-classes/{self.shown.id}")
        self.show.refresh()

    def _took(self, view: ClassView) -> None:
        self.shown = view
        self.show.refresh()
        ui.notify(_("Done."), type="positive")

    @ui.refreshable_method
    def show(self) -> None:
        """The content."""
        shown = self.shown
        with card(_("The class"), icon="school"):
            with ui.element("div").classes("facts"):
                self._fact(_("Owner"), self._visit.name(shown.owner_id))
                self._fact(_("From"), day(shown.starts_on))
                self._fact(_("To"), day(shown.ends_on))
                self._fact(_("Places"), f"{shown.enrolled} / {shown.places}")
                self._fact(_("Waiting"), str(shown.waiting))
                least = shown.minimum_attendance
                self._fact(_("Attendance required"), "—" if least is None else f"{least:.0%}")
                self._fact(_("Days held"), str(len(shown.days_held)))
                with ui.element("div").classes("fact"):
                    ui.label(_("State")).classes("what")
                    with ui.element("div"):
                        status_tag(shown.status)
            if self._manages and shown.status == "open":
                self._actions()
        self._list()

    def _fact(self, what: str, value: str) -> None:
        with ui.element("div").classes("fact"):
            ui.label(what).classes("what")
            ui.label(value)

    def _actions(self) -> None:
        enrolled = [line for line in self.shown.roll if line.status == "enrolled"]
        with ui.element("div").classes("actions"):
            if enrolled and self.shown.starts_on <= datetime.now(ZONE).date():
                ui.button(
                    _("Record attendance"),
                    icon="how_to_reg",
                    on_click=lambda: AttendanceForm(self._visit, self.shown, self._took).open(),
                ).props("unelevated no-caps color=primary")
                ui.button(
                    _("Complete the class"),
                    icon="done_all",
                    on_click=lambda: ResultsForm(self._visit, self.shown, self._took).open(),
                ).props("outline no-caps")
            ui.button(_("Cancel the class"), icon="event_busy", on_click=self._cancel).props(
                "outline no-caps color=negative"
            )

    def _cancel(self) -> None:
        async def send(form: Form) -> None:
            path = f"/training-classes/{self.shown.id}/cancel"
            self._took(await self._visit.api.post(ClassView, path, form.value(), key=form.key))

        with ui.context.client.content:
            open_sheet(
                _("Cancel the class"),
                CancelClass,
                "class",
                Choices(),
                send,
                text=_("Each enrolment is withdrawn with the reason."),
            )

    def _list(self) -> None:
        with card(_("Roll"), icon="list_alt"):
            if not self.shown.roll:
                empty(_("Nobody is on the list."), _("Graduates enrol from their files."), icon="person_off")
            for line in self.shown.roll:
                self._line(line)

    def _line(self, line: RollLine) -> None:
        words = vocabulary()
        with ui.element("div").classes("line"):
            with ui.element("div").classes("grow"):
                if self._visit.may("case.read"):
                    link(line.display, f"{ROOT}/cases/{line.case_id}").classes("strong")
                else:
                    ui.label(line.display).classes("strong")
                said = [_("{count} days attended", count=len(line.attended))]
                if line.attendance is not None:
                    said.append(f"{line.attendance:.0%}")
                if line.score_before is not None or line.score_after is not None:
                    before = "—" if line.score_before is None else f"{line.score_before:g}"
                    after = "—" if line.score_after is None else f"{line.score_after:g}"
                    said.append(_("score {before} → {after}", before=before, after=after))
                if line.certificate:
                    said.append(_("certificate {number}", number=line.certificate))
                ui.label(" · ".join(said)).classes("small soft")
            if line.problem:
                ui.label(_("refused by the file")).classes("tag late")
            ui.label(say(words.choice("status", line.status, "roll"))).classes(
                f"tag {_ROLL_TONES.get(line.status, '')}"
            )
