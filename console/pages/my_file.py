"""What a graduate opens: my plan, my mentor, what was done for me, and what I can say to it."""

from functools import partial
from typing import Any

from nicegui import ui

from console.acts import act
from console.attachments import attachments
from console.frame import card, empty, frame
from console.live import live
from console.redrawn import Redrawn
from console.texts import _, ago, day, language, moment, say
from console.visit import Visit, page
from models.views.audit import AccessLine
from models.views.case import CaseView, CommandResult, CommandsView
from models.views.vocabulary import vocabulary

# What a graduate comes for, in this order; anything else that is possible follows.
_FIRST = ("register_destination", "correct_profile", "raise_objection", "refuse_mentor")
_ELSEWHERE = frozenset({"confirm_service"})


@page("/my-file", "My file", permission="access_log.read")
async def my_file(visit: Visit) -> None:
    """The page."""
    case_id = visit.me.case_id
    if case_id is None:
        with frame(visit, _("My file"), here="/my-file"):
            empty(_("This page is for graduates."), _("Choose another entry of the menu."))
        return
    with frame(visit, _("My file"), here="/my-file"):

        @Redrawn
        async def content() -> None:
            case = await visit.api.get(CaseView, f"/cases/{case_id}")
            possible = await visit.api.get(CommandsView, f"/cases/{case_id}/commands")
            await visit.learn_names([case.department_id, case.mentor_id])
            await _Mine(
                visit, case, [item.type for item in possible.commands if item.allowed], content.refresh
            ).show()

        await content()
        await attachments(visit, case_id, add=True)
        await _looked(visit, case_id)
        live.watch(lambda change: change.case_id == case_id, content.refresh)


class _Mine:
    """The file as its owner sees it now."""

    def __init__(self, visit: Visit, case: CaseView, allowed: list[str], refresh: Any) -> None:
        self._visit, self._case, self._allowed, self._refresh = visit, case, allowed, refresh

    async def show(self) -> None:
        """All of it."""
        self._mentor()
        self._services()
        self._plan()
        self._destination()
        self._profile()

    async def _done(self, _result: CommandResult) -> None:
        await self._refresh()

    def _button(self, command: str, *, primary: bool = False, **values: Any) -> None:
        look = "unelevated color=primary" if primary else "outline"
        ui.button(
            say(vocabulary().command(command)),
            on_click=partial(act, self._visit, self._case, command, self._done, values),
        ).props(f"{look} no-caps")

    def _mentor(self) -> None:
        case = self._case
        with card(_("My mentor"), icon="person"):
            with ui.element("div").classes("facts"):
                _fact(
                    _("Mentor"), self._visit.name(case.mentor_id) if case.mentor_id else _("Not assigned yet")
                )
                _fact(_("Department"), self._visit.name(case.department_id))
                _fact(_("Where my file stands"), say(vocabulary().stage(case.stage)))
                if case.last_contact_at:
                    _fact(_("Last talk"), ago(case.last_contact_at))
            with ui.element("div").classes("actions"):
                for command in _FIRST:
                    if command in self._allowed:
                        self._button(command, primary=command == _FIRST[0])
                for command in self._allowed:
                    if command not in _FIRST and command not in _ELSEWHERE:
                        self._button(command)

    def _services(self) -> None:
        case = self._case
        with card(_("What was done for me"), icon="handshake"):
            if not case.services:
                empty(
                    _("No service was recorded yet."),
                    _("Your mentor records them, and you confirm."),
                    icon="handshake",
                )
            for service in reversed(case.services):
                with ui.element("div").classes("line"):
                    with ui.element("div").classes("grow"):
                        ui.label(say(vocabulary().service(service.type))).classes("strong")
                        ui.label(moment(service.happened_at)).classes("small soft")
                    if service.agreed is None and "confirm_service" in self._allowed:
                        self._answer(service.id, _("That is right"), agreed=True)
                        self._answer(service.id, _("Not so"), agreed=False)
                    elif service.agreed is not None:
                        said = _("Confirmed") if service.agreed else _("I disagreed")
                        ui.label(said).classes("tag good" if service.agreed else "tag late")

    def _answer(self, service_id: str, text: str, *, agreed: bool) -> None:
        look = "unelevated color=primary" if agreed else "flat"
        values = {"service_id": service_id, "agreed": agreed}
        ui.button(
            text, on_click=partial(act, self._visit, self._case, "confirm_service", self._done, values)
        ).props(f"{look} dense no-caps")

    def _plan(self) -> None:
        with card(_("My plan"), icon="checklist"):
            if self._case.plan is None:
                empty(
                    _("There is no approved plan yet."),
                    _("Your mentor writes it after the first talk."),
                    icon="checklist",
                )
                return
            for goal in self._case.plan.goals:
                ui.label(goal.title).classes("strong")
                for measure in goal.measures:
                    with ui.element("div").classes("line"):
                        ui.icon("check_circle" if measure.done_at else "radio_button_unchecked").props(
                            "aria-hidden=true"
                        )
                        ui.label(measure.title).classes("grow")
                        ui.label(_("Done") if measure.done_at else day(measure.due_on)).classes("small soft")

    def _destination(self) -> None:
        with card(_("My destination"), icon="flag"):
            if not self._case.destinations:
                empty(
                    _("No destination is registered."),
                    _("Register it with its evidence when you know it."),
                    icon="flag",
                )
            for item in self._case.destinations:
                with ui.element("div").classes("line"):
                    ui.label(say(vocabulary().destination(item.code))).classes("grow strong")
                    ui.label(say(vocabulary().choice("status", item.status, "destinations"))).classes("tag")
                    ui.label(ago(item.registered_at)).classes("small soft")

    def _profile(self) -> None:
        words = vocabulary()
        with card(_("My data"), icon="badge"), ui.element("div").classes("facts"):
            for name, value in self._case.profile.model_dump(mode="json", exclude={"other"}).items():
                if value not in (None, ""):
                    text = say(
                        words.choice(name, str(value).lower() if isinstance(value, bool) else str(value))
                    )
                    _fact(say(words.field(name)), text)


async def _looked(visit: Visit, case_id: str) -> None:
    """Who looked at the file."""
    entries = await visit.api.page(AccessLine, f"/cases/{case_id}/access-log", limit=100)
    with card(_("Who looked at my file"), icon="visibility"):
        others = [entry for entry in entries.items if entry.role != visit.me.role]
        if not others:
            empty(
                _("Nobody else has looked yet."),
                _("Each look at your file is recorded here."),
                icon="visibility",
            )
        for entry in others:
            with ui.element("div").classes("line"):
                with ui.element("div").classes("grow"):
                    ui.label(say(vocabulary().role(entry.role)))
                    ui.label(_done_by(entry)).classes("small soft")
                ui.label(ago(entry.at)).classes("small soft").tooltip(moment(entry.at))


def _done_by(entry: AccessLine) -> str:
    chinese = language() == "zh"
    act, purpose = (entry.act_zh, entry.purpose_zh) if chinese else (entry.act_en, entry.purpose_en)
    return act if purpose is None else _("{act}, for: {purpose}", act=act, purpose=purpose)


def _fact(what: str, text: str) -> None:
    with ui.element("div").classes("fact"):
        ui.label(what).classes("what")
        ui.label(text)
